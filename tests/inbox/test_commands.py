"""`flask smartpush inbox` and `flask smartpush erase`."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.inbox.models import Delivery
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shops import install
from smartpush_shopline.shops.models import Shop
from tests.support import ADA, CAST, NOW, webhook

DOOR = "/smartpush/webhooks/shopline"


@pytest.fixture
def run(host):
    def invoke(*words, **more):
        return host.app.test_cli_runner().invoke(args=["smartpush", *words], **more)

    return invoke


@pytest.fixture
def parked(client, alder, handled, clock):
    handled.failures = [UnexpectedPayload("id is missing") for _ in range(2)]
    for number in range(2):
        client.post(DOOR, **webhook("test/topic", {"id": number}, ref=f"m{number}"))
        clock.forward(hours=1)
    client.post(DOOR, **webhook("products/update", {"id": 9}, ref="order"))


def test_the_list_says_what_became_of_each(run, parked):
    out = run("inbox", "list").output
    assert "SHOPLINE sent a message without an id." in out
    assert out.index("products/update") < out.index("test/topic")
    [only] = json.loads(run("inbox", "list", "--state", "ignored", "--json").output)
    assert (only["subject_ref"], only["state"], only["has_body"]) == ("9", "ignored", False)
    assert len(json.loads(run("inbox", "list", "--limit", "1", "--json").output)) == 1


def test_a_message_about_a_segment_names_it(run, alder):
    alder.segment("9001", version=False)
    with alder.begin() as session:
        session.scalars(select(Segment)).one().name = "回訪貴賓"
        session.add(
            Delivery(
                shop_id=alder.shop_id, delivery_ref="m", topic="customer_groups/update",
                subject_ref="9001", state="done", received_at=NOW, next_try_at=NOW,
            )
        )
    assert "回訪貴賓 (9001)" in run("inbox", "list").output
    [only] = json.loads(run("inbox", "list", "--json").output)
    assert (only["subject_ref"], only["subject"]) == ("9001", "回訪貴賓")
    assert "回訪貴賓" in run("inbox", "show", str(only["id"])).output


def test_times_are_those_of_the_store_and_say_so(run, parked, alder):
    heading, *rows = run("inbox", "list").output.splitlines()
    assert "Received (Asia/Taipei)" in heading and "24 Nov 2026, 12:00:00" in rows[-1]
    with alder.begin() as session:
        other = install.find_or_add(session, "another_app", "birch", NOW)
        session.flush()
        session.get_one(Delivery, 3).shop_id = other.id
    heading, *rows = run("inbox", "list").output.splitlines()
    assert "Received  " in heading
    assert "UTC" in rows[0] and "12:00:00 Asia/Taipei" in rows[-1]


def test_nothing_found_says_what_was_asked_for(run, alder):
    assert run("inbox", "list", "--state", "parked").output == "No parked messages.\n"
    assert run("inbox", "list", "--topic", "x").output == "No messages like that.\n"
    said = run("inbox", "replay", "--topic", "x")
    assert said.exit_code == 0 and "nothing was replayed" in said.output


def test_a_tick_says_what_it_worked(run, client, alder, handled, clock, host, monkeypatch):
    monkeypatch.setattr(host.state, "ring", lambda *_args, **_more: None)
    client.post(DOOR, **webhook("test/topic", {"id": 1}, ref="m1"))
    clock.forward(seconds=1)
    assert "Messages worked: 1." in run("tick").output
    clock.forward(seconds=1)
    assert "Messages worked: 0." in run("tick").output


def test_one_is_shown_and_its_body_only_when_asked(run, parked):
    assert '"id": 0' not in run("inbox", "show", "1").output
    assert json.loads(run("inbox", "show", "1", "--body", "--json").output)["body"] == (
        '{\n  "id": 0\n}'
    )
    assert run("inbox", "show", "99").exit_code == 1


def test_replay_by_number_by_topic_and_by_time(run, parked, handled):
    assert run("inbox", "replay", "1").output == "1: done\n"
    none = run("inbox", "replay", "--until", "2026-11-24T04:00Z", "--json")
    assert json.loads(none.output) == {"replayed": {}, "refused": {}}
    found = run("inbox", "replay", "--topic", "test/topic", "--since", "2026-11-24", "--json")
    assert json.loads(found.output)["replayed"] == {"2": "done"}
    assert handled == [{"id": 0}, {"id": 1}]


def test_what_cannot_be_replayed_says_why_and_fails(run, parked):
    found = run("inbox", "replay", "1", "3", "99")
    assert found.exit_code == 1
    assert "nothing here handles it" in found.output
    assert "There is no such delivery." in found.output


def test_a_replay_of_everything_has_to_be_meant(run, parked, handled):
    assert run("inbox", "replay").exit_code == 2
    assert run("inbox", "replay", "--since", "yesterday").exit_code == 2
    assert run("inbox", "list", "--store", "nobody").exit_code == 1


def test_erasing_asks_first(run, alder):
    alder.take(*CAST)
    asked = run("erase", "alder", "--customer-ref", "1", input="n\n")
    assert asked.exit_code == 1 and "Erase 1 contact of alder?" in asked.output
    assert alder.find("1").email == ADA.email
    done = run("erase", "alder", "--customer-ref", "1", input="y\n")
    assert "done. Emptied: 1 contact" in done.output
    assert alder.all()[0].email is None


def test_erasing_by_address_without_a_question(run, alder):
    alder.take(*CAST)
    done = run("erase", "alder", "--email", "BEA@example.com", "--yes", "--json")
    assert json.loads(done.output)["erased"] == {"contacts": 1, "deliveries": 0}
    assert run("erase", "alder", "--phone", "+886900000003", "--yes").exit_code == 0
    assert [c.email is None for c in alder.all()] == [False, True, True, False]


def test_erasing_nobody_leaves_a_receipt_and_says_so(run, alder):
    asked = run("erase", "alder", "--email", "who@example.com", input="y\n")
    assert asked.exit_code == 0 and "Erase 0 contacts of alder?" in asked.output
    assert "Nobody was found. Messages and kept opt-outs were looked through, too" in asked.output


@pytest.mark.parametrize(
    ("words", "code"),
    [(["alder"], 2), (["alder", "--phone", "x"], 2), (["nobody", "--email", "a@b.example"], 1)],
)
def test_erasing_needs_a_store_and_a_person(run, alder, words, code):
    assert run("erase", *words, "--yes").exit_code == code


def test_two_apps_in_one_store_are_told_apart(run, alder):
    alder.take(*CAST)
    with alder.begin() as session:
        install.find_or_add(session, "another_app", "alder", NOW)
    who = ("erase", "alder", "--customer-ref", "1", "--yes")
    unclear = run(*who)
    assert unclear.exit_code == 1 and "another_app" in unclear.output
    assert run("inbox", "list", "--store", "alder").exit_code == 1
    assert "by the app third_app" in run(*who, "--app-key", "third_app").output
    with alder.begin() as session:
        mine = session.get_one(Shop, alder.shop_id).app_key
    assert run("inbox", "list", "--store", "alder", "--app-key", mine).exit_code == 0
    assert "done. Emptied: 1 contact" in run(*who, "--app-key", mine).output
