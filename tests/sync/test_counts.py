"""What the Admin counts and what was read: rows that move, and a difference that stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smartpush_shopline.sandbox import graph_fields, groups
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.settings import Settings
from smartpush_shopline.sync import rereading
from tests.pages.reading import adds_up, equations_of, text_of
from tests.support import NOW
from tests.sync.test_fresh_lists import rereads
from tests.sync.test_nights import night_of
from tests.sync.test_real_time import named


@pytest.fixture
def crowd(live, sandbox, store, clock):
    """Birch with a segment of two pages, connected, and the usual times of rereading."""
    store = sandbox.fresh("birch", 260, clock)
    groups.create(store, "Everybody", "orders_count:>=0")
    live.state.settings = replace(live.state.settings, reread=Settings().reread)
    sandbox.connect(live.browser())
    sandbox.arrived()
    sandbox.calls.clear()
    return store


def check(host, name):
    return host.browser().post(f"/smartpush/segments/{host.segments()[name].id}/check")


def read(sandbox, segment):
    return sandbox.counted(f"{segment.segment_ref}/customers.json")


def everybody(store):
    return {each.id for each in store.customers.all()}


def test_rows_that_moved_once_are_read_again_at_once(crowd, live, sandbox, members):
    """The store is still as soon as two pages were read."""
    crowd.moods.members = "shifting"
    now = live.state.now

    def and_then_stand_still():
        if sandbox.counted("page_info"):
            crowd.moods.members = "still"
        return now()

    live.state.now = and_then_stand_still
    check(live, "Everybody")
    segment = live.segments()["Everybody"]
    assert read(sandbox, segment) == 4, "two pages, twice"
    assert members("Everybody") == everybody(crowd)
    assert segment.differs_since is None


def test_rows_that_always_move_are_read_three_times_and_then_shown_with_the_rest(
    crowd, live, sandbox, members, clock
):
    crowd.moods.members = "shifting"
    check(live, "Everybody")
    segment = live.segments()["Everybody"]
    assert read(sandbox, segment) == 6
    assert sandbox.counted("graphql") == 1
    assert members("Everybody") < everybody(crowd)
    assert (segment.admin_count, segment.differs_since) == (260, clock())
    assert segment.reread_at == clock() + timedelta(minutes=2)
    crowd.moods.members = "still"
    clock.forward(minutes=2)
    live.tick()
    segment = live.segments()["Everybody"]
    assert members("Everybody") == everybody(crowd)
    assert (segment.differs_since, segment.stale_reason) == (None, None)


def test_where_the_store_does_not_count_the_rows_are_the_count(crowd, live, members):
    crowd.moods.answer(400, -1, "graphql")
    crowd.moods.members = "shifting"
    check(live, "Everybody")
    segment = live.segments()["Everybody"]
    assert (segment.admin_count, len(members("Everybody"))) == (260, 259)


@pytest.fixture
def wrong_by_two(store, monkeypatch):
    """The Admin's own count is an estimate."""
    told = graph_fields.FIELDS["customerSegmentMembers"]

    def more(arguments):
        answer = told(arguments)
        return answer | {"totalCount": answer["totalCount"] + 2}

    monkeypatch.setitem(graph_fields.FIELDS, "customerSegmentMembers", more)


def test_a_difference_that_stays_is_read_again_ever_later_and_then_at_night_only(
    connected, sandbox, store, clock, wrong_by_two
):
    connected.state.settings = replace(connected.state.settings, reread=Settings().reread)
    night_of(connected, clock)
    big = connected.segments()["Big spenders"]
    assert big.admin_count == 2 + len(store.members(named(store, "Big spenders")))
    assert big.differs_since is not None
    page = connected.browser().get(f"/smartpush/segments/{big.id}")
    assert all(adds_up(each) for each in equations_of(page))
    words = text_of(page)
    assert "2 unexplained" in words and "They differ since 24 Nov, 00:01." in words
    assert "It is read again by itself at 00:03." in words
    assert rereads(connected, clock, sandbox, [1, 2, 3, 9, 10, 11, 60, 61, 120, 600]) == [2, 10, 60]
    assert "It is read again by itself tonight." in text_of(
        connected.browser().get(f"/smartpush/segments/{big.id}")
    )
    assert connected.segments()["Big spenders"].differs_since == big.differs_since


def test_a_very_long_list_is_not_read_again_at_once(crowd, live, sandbox, clock, monkeypatch):
    monkeypatch.setattr("smartpush_shopline.sync.reading.LONGEST_AGAIN", 250)
    crowd.moods.members = "shifting"
    check(live, "Everybody")
    segment = live.segments()["Everybody"]
    assert read(sandbox, segment) == 2
    assert segment.reread_at == clock() + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("people", "minutes"), [(0, 2), (29_750, 2), (30_000, 10), (150_000, 60), (1_000_000, None)]
)
def test_the_longer_a_list_is_the_later_it_is_read_again(people, minutes):
    segment = Segment(admin_count=people, differs_since=NOW, reread_at=None)
    rereading.begin_again(segment, Settings().reread, NOW)
    assert segment.reread_at == (minutes and NOW + timedelta(minutes=minutes))
