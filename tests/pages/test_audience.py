"""The recipients of a campaign: as saved, as of now, newer versions, and as a file."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from smartpush_shopline.audiences import saving
from smartpush_shopline.audiences.choice import Choice
from smartpush_shopline.audiences.models import Audience
from tests.pages.conftest import Rights
from tests.pages.reading import HTMX, adds_up, equations_of, text_of
from tests.support import ADA, BEA, NOW, YESTERDAY, People, says


@pytest.fixture
def saved(cast: People) -> int:
    """A campaign to VIP, of whom Ada and Bea are written to."""
    cast.take(
        replace(BEA, email_consent=says("subscribed", YESTERDAY), updated_at=YESTERDAY)
    )
    segment = cast.segment("VIP", "1", "2", "3")
    with cast.begin() as session:
        choice = Choice(cast.shop_id, "email").toggle(
            "include", segment.id, segment.current_version_id
        )
        return saving.save(session, choice, "campaign-7", NOW).id


def test_the_page_says_who_gets_it_and_why_the_others_do_not(
    client: FlaskClient, saved: int
) -> None:
    answer = client.get(f"/smartpush/audiences/{saved}")
    words = text_of(answer)
    assert "2 people get this email" in words
    assert "2 as saved on 24 Nov 2026, 12:00." in words
    assert "VIP v1 · 24 Nov, 12:00 · 3 people" in words
    assert equations_of(answer) == ["3 chosen = 2 + 1 unsubscribed"]


def test_who_withdrew_since_is_counted_and_it_still_adds_up(
    client: FlaskClient, saved: int, cast: People
) -> None:
    cast.clock.forward(hours=1)
    left = cast.clock()
    cast.take(replace(ADA, email_consent=says("unsubscribed", left), updated_at=left))
    answer = client.get(f"/smartpush/audiences/{saved}")
    words = text_of(answer)
    assert "1 person gets this email" in words
    assert "2 as saved" in words
    assert "1 may not be written to any more since." in words
    assert all(adds_up(each) for each in equations_of(answer))


def test_a_newer_version_is_offered_with_what_it_would_change(
    client: FlaskClient, saved: int, cast: People
) -> None:
    newer = cast.segment("VIP", "2", "3", "4")
    answer = client.get(f"/smartpush/audiences/{saved}")
    assert "Only if you say so VIP Version 2 exists: +1 −1 Keep v1 Use v2" in text_of(answer)
    path = f"/smartpush/audiences/{saved}/take"
    answer = client.post(path, data={"segment_id": newer.id}, headers=HTMX)
    assert answer.text.strip().startswith(
        f'<section class="smartpush smartpush-panel-card" id="audience-panel-{saved}"'
    )
    words = text_of(answer)
    assert "VIP v2" in words
    assert "exists" not in words
    assert "1 person gets this email" in words


@pytest.mark.parametrize(
    ("back", "target"),
    [
        ("/campaigns/7?tab=who", "/campaigns/7?tab=who"),
        ("https://evil.example/", None),
        ("//evil.example/", None),
        ("/\\evil.example/", None),
        ("", None),
    ],
)
def test_without_javascript_it_leads_back_to_a_path_of_this_site(
    client: FlaskClient, saved: int, cast: People, back: str, target: str | None
) -> None:
    newer = cast.segment("VIP", "2")
    answer = client.post(
        f"/smartpush/audiences/{saved}/take", data={"segment_id": newer.id, "back": back}
    )
    assert answer.status_code == 303
    assert answer.location == (target or f"/smartpush/audiences/{saved}")


def test_a_segment_the_campaign_did_not_choose_cannot_be_taken(
    client: FlaskClient, saved: int
) -> None:
    answer = client.post(f"/smartpush/audiences/{saved}/take", data={"segment_id": "999"})
    assert answer.status_code == 404


def test_the_file_has_a_line_per_person_and_no_formulas(
    client: FlaskClient, saved: int, cast: People
) -> None:
    cast.take(replace(ADA, first_name="=cmd()", last_name='O"Hara, 陳'))
    answer = client.get(f"/smartpush/audiences/{saved}/recipients.csv")
    assert answer.mimetype == "text/csv" and answer.text.startswith("\ufeff"), "for Excel"
    name = "recipients-campaign-7-email.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [line["address"] for line in lines] == ["ada@example.com", "bea@example.com"]
    assert lines[0]["first_name"] == "'=cmd()"
    assert lines[0]["last_name"] == 'O"Hara, 陳'


def test_who_may_not_export_sees_no_file(
    client: FlaskClient, saved: int, rights: Rights
) -> None:
    rights.actions.remove("export")
    path = f"/smartpush/audiences/{saved}"
    assert "CSV" not in client.get(path).text
    assert client.get(f"{path}/recipients.csv").status_code == 403


def test_who_may_only_look_cannot_take(
    client: FlaskClient, saved: int, cast: People, rights: Rights
) -> None:
    newer = cast.segment("VIP", "2")
    rights.actions = {"view"}
    path = f"/smartpush/audiences/{saved}"
    assert "Use v2" not in client.get(path).text
    assert client.post(f"{path}/take", data={"segment_id": newer.id}).status_code == 403
    with cast.database.read() as session:
        assert session.get_one(Audience, saved).revision == 1


def test_unknown_recipients_are_a_friendly_page(client: FlaskClient, saved: int) -> None:
    answer = client.get("/smartpush/audiences/999")
    assert answer.status_code == 404
    assert "These recipients are not here" in text_of(answer)
