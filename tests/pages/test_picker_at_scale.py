"""The picker in a store with 500 segments: what it says of each, how big it is, what it asks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from smartpush_shopline.audiences import saving
from smartpush_shopline.audiences.choice import Choice
from smartpush_shopline.audiences.picking.offers import PAGE
from smartpush_shopline.contracts import SegmentCard
from smartpush_shopline.segments.models import (
    READY,
    SHOPLINE,
    SMARTPUSH,
    SYNCING,
    Segment,
    SegmentVersion,
)
from smartpush_shopline.shops.models import Shop
from tests.pages.reading import text_of, value_of
from tests.pages.test_picker import Hand
from tests.support import NOW, People


@pytest.fixture
def many(cast: People) -> list[int]:
    """500 segments with a list each, named so that the order is plain."""
    every = cast.numbers("1", "2", "3")
    with cast.begin() as session:
        rows = [
            {
                "id": at, "shop_id": cast.shop_id, "source": SHOPLINE, "segment_ref": str(at),
                "name": f"Customers of the spring campaign {at:03}", "definition": "",
                "state": READY, "current_version_id": at, "admin_count": 3, "attempts": 0,
                "created_at": NOW,
            }
            for at in range(1, 501)
        ]
        session.execute(insert(Segment), rows)
        session.execute(
            insert(SegmentVersion),
            [
                {
                    "id": at, "segment_id": at, "version": 1, "members": every, "count": 3,
                    "joined": 3, "left": 0, "cause": "import", "name": "x", "definition": "",
                    "digest": "x", "published_at": NOW,
                }
                for at in range(1, 501)
            ],
        )
    return [row["id"] for row in rows]


@pytest.fixture
def hand(host: Flask, many: list[int]) -> Hand:
    return Hand(host)


def test_five_hundred_segments_answer_in_little(hand: Hand, many: list[int], queries: Any) -> None:
    hand.press(f"include:segment:{many[0]}").press(f"exclude:segment:{many[1]}")
    few = 0
    for command in (f"include:segment:{many[2]}", "combine:all", f"policy:newest:{many[1]}"):
        with queries() as asked:
            hand.press(command)
        few = max(few, len(asked))
        assert few < 20
        assert len(hand.page.data) < 150_000
    for segment_id in many[3:9]:
        hand.press(f"include:segment:{segment_id}")
    with queries() as asked:
        hand.press(f"include:segment:{many[20]}")
    assert len(asked) <= few, "no query per chosen segment"
    assert len(hand.page.data) < 150_000


def test_those_used_last_come_first(
    hand: Hand, many: list[int], host: Flask, cast: People
) -> None:
    with cast.begin() as session:
        choice = Choice(cast.shop_id, "email").toggle("include", 400, 400)
        saving.save(session, choice, "campaign-1", cast.clock())
    cast.clock.forward(days=1)
    with cast.begin() as session:
        choice = Choice(cast.shop_id, "email").toggle("include", 300, 300)
        saving.save(session, choice, "campaign-2", cast.clock())
    words = hand.press("search:include").words
    places = [words.index(f"campaign {at:03}") for at in (300, 400, 1, 2)]
    assert places == sorted(places)
    assert "· used" in words


def test_so_do_the_dashboards_own(cast: People, host: Flask) -> None:
    names = [f"Readers {letter}" for letter in "ABCD"]
    cards = [SegmentCard(ref=name, name=name, count=1) for name in names]
    host.extensions["smartpush"].native.list = lambda _shop: cards
    assert order_of(Hand(host), names) == names, "as the dashboard has them"
    for at, name in enumerate(("Readers C", "Readers B")):
        hand = Hand(host).press(f"include:native:{name}")
        with cast.begin() as session:
            saving.save(session, hand.choice(), f"campaign-{at}", cast.clock())
        cast.clock.forward(days=1)
    hand = Hand(host).press("search:include")
    assert order_of(hand, names) == ["Readers B", "Readers C", "Readers A", "Readers D"]
    assert "Readers B used" in hand.words


def order_of(hand: Hand, names: list[str]) -> list[str]:
    return sorted(names, key=hand.words.index)


def test_a_row_says_how_its_segment_stands(cast: People, host: Flask) -> None:
    cast.segment("Empty")
    cast.segment("New", version=False)
    reading, trouble = cast.segment("Reading", "1"), cast.segment("Trouble", "1")
    with cast.begin() as session:
        session.get_one(Segment, reading.id).stale_reason = "webhook"
        session.get_one(Segment, reading.id).state = SYNCING
        session.get_one(Segment, trouble.id).error = {"code": "unreachable"}
    words = Hand(host).words
    assert "Empty empty; first read" in words
    assert "New waiting for its first list" in words
    assert "Reading being read; first read" in words
    assert "Trouble may be out of date; first read" in words


def test_a_first_list_was_read_and_only_a_later_one_changed(cast: People, host: Flask) -> None:
    cast.segment("One", "1")
    for people in (("1",), ("1", "2")):
        cast.segment("Two", *people)
    cast.segment("Three", "1")
    cast.segment("Three", "1")
    words = Hand(host).words
    assert "One first read" in words and "Two changed" in words and "Three first read" in words


def test_a_group_that_nobody_can_fill_is_not_shown(cast: People, host: Flask) -> None:
    words = Hand(host).words
    assert "SHOPLINE Customer Segments None yet: those of the Admin are being brought in" in words
    with cast.begin() as session:
        session.get_one(Shop, cast.shop_id).customers_read_at = NOW
    words = Hand(host).words
    assert "SHOPLINE Customer Segments None yet. Those you make in the Admin" in words
    assert "SmartPush segments" not in words
    cast.segment("Mine", "1", source=SMARTPUSH)
    assert "SmartPush segments Mine" in Hand(host).words


def test_any_and_all_are_a_switch_once_there_are_two(cast: People, host: Flask) -> None:
    one, two = cast.segment("One", "1", "2"), cast.segment("Two", "2", "3")
    hand = Hand(host).press(f"include:segment:{one.id}")
    assert "in ALL of these" not in hand.words
    hand.press(f"include:segment:{two.id}")
    assert "in ANY of these in ALL of these" in hand.words
    assert "of 3 chosen" in hand.words
    hand.press("combine:all")
    assert "of 1 chosen" in hand.words
    assert hand.choice().combine == "all"
    assert hand.press("combine:nonsense").choice().combine == "all"


def test_a_list_may_be_heeded_at_sending(cast: People, host: Flask) -> None:
    one, out = cast.segment("One", "1", "2"), cast.segment("Out", "2")
    hand = Hand(host).press(f"include:segment:{one.id}").press(f"exclude:segment:{out.id}")
    assert "Recommended for an exclusion that changes daily" in hand.words
    assert "people who leave this segment before sending still get the message" in hand.words
    described = 'aria-describedby="smartpush-picker-email-{side}-policies"'
    for side in ("include", "exclude"):
        assert described.format(side=side) in hand.page.text
    assert "Lists of this dashboard" not in hand.words
    hand.press(f"policy:newest:{out.id}")
    assert [pick.policy for pick in hand.choice().picks] == ["pinned", "newest"]
    assert "Recommended for" not in hand.words
    assert described.format(side="exclude") not in hand.page.text
    hand.press(f"policy:pinned:{out.id}")
    assert {pick.policy for pick in hand.choice().picks} == {"pinned"}


def test_a_list_of_the_dashboard_says_why_it_is_not_heeded(cast: People, host: Flask) -> None:
    hand = Hand(host).press("exclude:native:blog:1")
    assert "Lists of this dashboard have no “newest at sending”" in hand.words
    assert "Recommended for" not in hand.words
    assert "policy:" not in hand.page.text


def test_a_newer_list_that_is_taken_keeps_the_policy(cast: People, host: Flask) -> None:
    out = cast.segment("Out", "2")
    hand = Hand(host).press(f"exclude:segment:{out.id}").press(f"policy:newest:{out.id}")
    cast.segment("Out", "1")
    [pick] = hand.press(f"newest:{out.id}").choice().picks
    assert pick.policy == "newest"


def test_what_is_probably_a_mistake_is_said_at_once(cast: People, host: Flask) -> None:
    one, two = cast.segment("One", "1", "2"), cast.segment("Two", "2")
    three, out = cast.segment("Three", "3"), cast.segment("Out", "4")
    hand = Hand(host).press(f"include:segment:{one.id}").press(f"include:segment:{two.id}")
    assert "“Two” adds nobody" in hand.words
    hand.press(f"exclude:segment:{out.id}")
    assert "Excluding “Out” removes nobody" in hand.words
    hand.press(f"include:segment:{two.id}").press(f"exclude:segment:{one.id}")
    hand.press(f"include:segment:{two.id}")
    assert "The exclusions remove everybody" in hand.words
    hand.press(f"include:segment:{three.id}").press("combine:all")
    assert "Nobody is in all of the segments" in hand.words


def test_a_search_answers_with_its_rows_only(hand: Hand, many: list[int]) -> None:
    answer = hand.client.post(
        "/smartpush/picker?field=email",
        data={
            "email": value_of(hand.page, "email"),
            "email-do": "search:include", "email-open": "include", "email-q-include": "499",
        },
        headers={"HX-Request": "true"},
    )
    assert "campaign 499" in text_of(answer) and "campaign 498" not in text_of(answer)
    assert len(answer.data) < 5_000


def test_a_picker_with_all_it_needs_is_small(hand: Hand, many: list[int]) -> None:
    """Uncompressed; gzip brings the three files from 103 to 27 KB."""
    hand.press(f"include:segment:{many[0]}").press(f"exclude:segment:{many[1]}")
    static = "/smartpush/static/"
    files = ("smartpush.css", "smartpush.js", "vendor/htmx-2.0.11/htmx.min.js")
    total = len(hand.page.data)
    for file in files:
        with hand.client.get(static + file) as brought:
            total += len(brought.data)
    assert 100_000 < total < 150_000


def test_more_is_shown_a_page_at_a_time_and_stays_shown(hand: Hand, many: list[int]) -> None:
    rows = len(re.findall("include-row-segment", hand.page.text.partition("sms")[0]))
    assert rows == PAGE and "480 more: keep typing" in hand.words
    answer = hand.press("more:include").page.text
    assert answer.count("include-row-segment") == 2 * PAGE and "exclude-row" not in answer
    hand.page = hand.client.get("/form")
    opened = {"email-open": "include", "email-rows-include": "40"}
    hand.press(f"include:segment:{many[30]}", **opened)
    assert hand.page.text.count("include-row-segment") == 2 * PAGE, "it was shown, it stays"
    hand.press("search:include", **opened | {"email-q-include": "campaign"})
    assert hand.page.text.count("include-row-segment") == PAGE, "a new search begins anew"


@pytest.mark.parametrize("rows", ["", "-3", "nonsense", "99999999999", "10000000"])
def test_how_many_are_shown_comes_back_from_a_browser(
    hand: Hand, many: list[int], rows: str
) -> None:
    answer = hand.press("more:include", **{"email-rows-include": rows}).page
    assert answer.status_code == 200
    assert PAGE <= answer.text.count("include-row-segment") <= 500


def test_without_javascript_more_is_shown_in_the_dashboards_form(
    hand: Hand, many: list[int]
) -> None:
    form = {"email": value_of(hand.page, "email"), "email-do": "more:include"}
    page = hand.client.post("/form", data=form | {"email-rows-include": "40"}).text
    assert page.partition("smartpush-picker-sms")[0].count("include-row-segment") == 3 * PAGE
    assert 'name="email-rows-include" value="60"' in page
