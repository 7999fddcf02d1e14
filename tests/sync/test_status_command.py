"""`flask smartpush status` and `segments`: for people in columns, for scripts as facts."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len

from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shops.models import Shop
from tests.support import CAST, NOW, make_shop


@pytest.fixture
def run(host):
    return lambda *words: host.app.test_cli_runner().invoke(args=["smartpush", *words]).output


@pytest.fixture
def alder(host):
    make_shop(host.database, timezone="Asia/Taipei", name="赤楊茶行")
    people = host.people("alder")
    people.take(*CAST)
    people.segment("VIP", "1", "2")
    people.segment("這是一個名稱非常非常長的顧客分群", "1")
    people.segment("Waiting", version=False)
    return people


def spoil(people, name, **facts):
    segment = people.segment(name, version=False)
    with people.begin() as session:
        for key, value in facts.items():
            setattr(session.get_one(Segment, segment.id), key, value)


def test_the_status_says_how_each_store_is(run, alder):
    spoil(alder, "VIP", admin_count=3)
    said = " ".join(run("status").split())
    for words in (
        "赤楊茶行 (alder) State connected, idle",
        "Segments 3: 1 as in the Admin, 1 being read, 1 needing a person",
        "Next night 25 Nov 2026, 00:00 Asia/Taipei",
        "Inbox 0 waiting, 0 being worked on, 0 parked",
        "Channel Contacts May get it Unsubscribed Not subscribed Email 4 1 1 2 SMS 4 2 0 2",
        "VIP The Admin counts 3, our list has 2.",
    ):
        assert words in said


def test_its_facts_are_those_of_the_page(run, alder, host):
    [facts] = json.loads(run("status", "--json"))
    [page] = host.browser().get("/smartpush/status.json").get_json()["shops"]
    assert facts == {"shop": "alder", **page}
    assert facts["reach"]["email"] == {"sendable": 1, "unsubscribed": 1, "not_subscribed": 2}


def test_a_store_that_nobody_connected_says_so(run, alder):
    with alder.begin() as session:
        session.get_one(Shop, alder.shop_id).status = "pending"
    assert run("status") == (
        "赤楊茶行 (alder)\n  State  waits for somebody who may connect it\n"
    )


def test_without_a_store_it_says_what_to_do(run):
    assert "No store is installed." in run("status")
    assert json.loads(run("status", "--json")) == json.loads(run("segments", "--json")) == []


def test_the_segments_stand_in_columns_under_their_headings(run, alder):
    spoil(alder, "VIP", error={"code": "refused"})
    store, heading, *rows = run("segments").splitlines()
    assert store == "赤楊茶行 (alder), times in Asia/Taipei"
    assert heading.split() == [
        "Segment", "Admin", "Here", "Email", "SMS", "List", "Since", "Checked", "State"
    ]
    starts = {cell_len(row[: row.rindex("  ")]) for row in rows}
    assert len(rows) == 3 and starts == {cell_len(heading[: heading.rindex("  ")])}
    said = [" ".join(row.split()) for row in rows]
    assert said[0] == (
        "VIP 2 2 1 2 v1 24 Nov, 12:00 24 Nov, 12:00 "
        "needs a person: SHOPLINE refused the call."
    )
    assert said[1] == "Waiting - - - - - - - being read"
    assert said[2].endswith("1 1 1 1 v1 24 Nov, 12:00 24 Nov, 12:00 matches")


def test_a_segment_that_differs_says_since_when_and_a_deleted_one_does_not(run, alder):
    spoil(alder, "VIP", admin_count=3, differs_since=NOW)
    assert "differs since 24 Nov, 12:00" in run("segments")
    spoil(alder, "VIP", state="deleted")
    assert "deleted in the Admin" in run("segments") and "differs" not in run("segments")
