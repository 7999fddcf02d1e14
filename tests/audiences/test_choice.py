"""The choice as it travels through a form: signed, and never wider than it was made."""

from __future__ import annotations

import base64

import pytest

from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.audiences.why.export import escaped, file_name
from smartpush_shopline.errors import ConfigurationError


@pytest.fixture
def choice():
    return Choice(1, "email").toggle("include", 5, 50).toggle("exclude", 6, 60)


@pytest.fixture(autouse=True)
def _in_the_dashboard(host):
    with host.app.app_context():
        yield


def test_a_choice_comes_back_as_it_went(choice):
    assert Choice.load(choice.dump()) == choice


def test_a_choice_that_was_changed_outside_the_form_is_refused(choice, host):
    text = choice.dump()
    payload, _, signature = text.rpartition(".")
    for forged in (
        "",
        "nonsense",
        payload,
        text[:-1],
        text[1:],
        f"{payload}.{signature[::-1]}",
        f"{payload}x.{signature}",
        base64.urlsafe_b64encode(b'{"shop_id":2}').decode() + "." + signature,
    ):
        with pytest.raises(ValueError, match="outside the form"):
            Choice.load(forged)


def test_a_choice_signed_for_something_else_is_refused(choice, host):
    from dataclasses import asdict

    from itsdangerous import URLSafeSerializer

    other = URLSafeSerializer("test", salt="another").dumps(asdict(choice))
    with pytest.raises(ValueError, match="outside the form"):
        Choice.load(other)


def test_without_a_key_of_the_dashboard_nothing_is_signed(choice, host):
    host.app.secret_key = None
    with host.app.test_request_context(), pytest.raises(ConfigurationError, match="SECRET_KEY"):
        choice.dump()


def test_pressing_the_same_button_again_takes_it_back(choice):
    assert choice.toggle("include", 5, 50).of("include") == ()


def test_a_segment_is_never_on_both_sides(choice):
    moved = choice.toggle("exclude", 5, 50)
    assert moved.of("include") == ()
    assert moved.of("exclude") == (Pick("exclude", 6, 60), Pick("exclude", 5, 50))
    assert not moved


def test_everyone_instead_of_segments_keeps_the_exclusions(choice):
    everyone = choice.everyone(True)
    assert (bool(everyone), everyone.of("include")) == (True, ())
    assert everyone.of("exclude") == choice.of("exclude")
    assert not everyone.everyone(False), "never mind means nobody, not everybody"


def test_choosing_a_segment_is_not_everyone_any_more(choice):
    chosen = choice.everyone(True).toggle("include", 5, 50)
    assert chosen.scope == "segments"
    assert choice.everyone(True).toggle("exclude", 7, 70).scope == "everyone"


@pytest.mark.parametrize("cell", ["=1+1", "+886", "-1", "@x", "\tx", "\rx"])
def test_cells_that_a_spreadsheet_would_run_are_escaped(cell):
    assert escaped(cell) == f"'{cell}"


def test_other_cells_are_left_alone():
    assert escaped("+886912345678") == "+886912345678", "a sender reads it back"
    assert [escaped(cell) for cell in (None, 7, "ada@example.com", "王")] == [
        "", "7", "ada@example.com", "王",
    ]


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("summer-2026", "people-union-summer-2026-sms.csv"),
        ('../a "b"\r\nX: 1', "people-union-a-b-X-1-sms.csv"),
        ("夏季", "people-union-7-sms.csv"),
        (None, "people-union-7-sms.csv"),
    ],
)
def test_a_file_is_called_after_its_campaign_in_harmless_characters(ref, name):
    audience = Audience(id=7, campaign_ref=ref, channel="sms")
    assert file_name(audience, "people-union") == name
