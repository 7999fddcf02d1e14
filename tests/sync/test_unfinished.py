"""A long list whose reading was interrupted: the pages that were read are not read again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from smartpush_shopline.sandbox import groups, paging
from smartpush_shopline.segments.models import Segment, SegmentVersion
from smartpush_shopline.sync import staleness, unfinished
from smartpush_shopline.sync.models import UnfinishedReading
from tests.support import versions
from tests.sync.test_nights import night_of

NAME = "Newsletter readers"


@pytest.fixture
def long(connected, store, monkeypatch):
    """Two people on a page, each of which is kept, and a message from nobody."""
    monkeypatch.setattr(unfinished, "PAGES", 1)
    monkeypatch.setattr(paging, "_limit", lambda _usual, _highest: 2)
    store.moods.deliver = "never"
    made = Long(connected, store)
    made.was_of("total_spent:>0")
    return made


class Long:
    def __init__(self, host, store):
        self.host, self.store = host, store
        self.there = next(each for each in store.segments.all() if each.name == NAME)
        self.ref = self.there.id

    def edit(self, **changes):
        groups.edit(self.store, self.ref, **changes)

    def was_of(self, rule):
        """The list that there is, is of this rule."""
        with self.host.database.begin() as session:
            segment = session.scalars(select(Segment).where(Segment.name == NAME)).one()
            session.get_one(SegmentVersion, segment.current_version_id).definition = rule

    def is_asked_for(self, reason=staleness.NIGHT):
        with self.host.database.begin() as session:
            segment = session.scalars(select(Segment).where(Segment.name == NAME)).one()
            staleness.mark_stale(session, segment, reason, self.host.clock())

    def truth(self):
        return {each.id for each in self.store.members(self.store.segments.get(self.ref))}

    def kept(self):
        with self.host.database.read() as session:
            return list(session.scalars(select(UnfinishedReading)))


@pytest.fixture
def stopped(long, sandbox, at, clock):
    """The fourth page fails once."""
    at(f"{long.ref}/customers.json", 503, nth=4)
    long.store.moods.deliver = "never"
    long.is_asked_for()
    long.host.tick()
    assert [row.rows for row in long.kept()] == [6]
    sandbox.calls.clear()
    clock.forward(seconds=10)
    return long


def pages(sandbox, long):
    return [call for call in sandbox.calls if f"{long.ref}/customers.json" in call]


def begins_anew(sandbox, long):
    return any("page_info" not in call for call in pages(sandbox, long))


def test_it_goes_on_at_the_page_that_was_kept(stopped, sandbox, members):
    stopped.host.tick()
    assert not begins_anew(sandbox, stopped)
    assert members(NAME) == stopped.truth()
    assert not stopped.kept()
    assert stopped.host.segments()[NAME].stale_reason is None
    assert sandbox.counted("graphql") == 1, "what was made of two parts is counted"


def test_a_reading_that_ends_leaves_nothing_behind(long):
    long.is_asked_for()
    long.host.tick()
    assert not long.kept()


def test_a_list_of_the_same_rule_is_not_kept(long, at):
    """As a rule the people are the same, too, and then no member is written."""
    long.was_of(long.host.segments()[NAME].definition)
    at(f"{long.ref}/customers.json", 503, nth=4)
    long.is_asked_for()
    long.host.tick()
    assert not long.kept()


def test_a_short_list_is_not_kept(long, at, monkeypatch):
    monkeypatch.setattr(unfinished, "PAGES", 40)
    at(f"{long.ref}/customers.json", 503, nth=3)
    long.is_asked_for()
    long.host.tick()
    assert not long.kept()


def test_after_a_change_of_its_rule_that_nobody_told_of_it_begins_anew(
    stopped, sandbox, members
):
    stopped.edit(rule="orders_count:>=0")
    stopped.host.tick()
    assert begins_anew(sandbox, stopped)
    assert members(NAME) == stopped.truth()


def test_a_rule_that_is_again_what_it_was_has_another_date(stopped, sandbox, clock, members):
    rule = stopped.there.rule
    for each in ("orders_count:>=0", rule):
        clock.forward(seconds=5)
        stopped.edit(rule=each)
    stopped.host.tick()
    assert begins_anew(sandbox, stopped)
    assert members(NAME) == stopped.truth()


def test_a_change_of_which_a_message_told_begins_it_anew(stopped, sandbox, clock, members):
    with stopped.host.database.begin() as session:
        segment = session.scalars(select(Segment).where(Segment.name == NAME)).one()
        segment.changed_at = clock()
    stopped.host.tick()
    assert begins_anew(sandbox, stopped)
    assert members(NAME) == stopped.truth()


@pytest.mark.parametrize(("minutes", "anew"), [(9, False), (11, True)])
def test_after_a_long_pause_it_begins_anew(stopped, sandbox, clock, minutes, anew):
    clock.forward(minutes=minutes)
    stopped.host.tick()
    assert begins_anew(sandbox, stopped) is anew


def test_whoever_asks_for_it_meanwhile_gets_what_was_read_after_that(stopped, sandbox):
    stopped.is_asked_for(staleness.PERSON)
    stopped.host.tick()
    assert begins_anew(sandbox, stopped)


def leaves(long, member):
    consent = replace(member.email_consent, state=0)
    long.store.customers.put(member.id, replace(member, email_consent=consent))


@pytest.mark.parametrize("place", [0, 5])
def test_when_rows_moved_across_the_last_page_it_begins_anew(stopped, sandbox, members, place):
    """Somebody of the pages that were read is out of it: another would slip between two pages,
    and the count would fit."""
    gone = stopped.store.members(stopped.there)[place]
    leaves(stopped, gone)
    stopped.host.tick()
    assert begins_anew(sandbox, stopped)
    assert members(NAME) == stopped.truth()
    assert gone.id not in members(NAME)


def test_who_leaves_the_rest_of_it_meanwhile_is_not_in_it(stopped, sandbox, members):
    leaves(stopped, stopped.store.members(stopped.there)[-1])
    stopped.host.tick()
    assert not begins_anew(sandbox, stopped)
    assert members(NAME) == stopped.truth()


def test_a_list_that_became_shorter_than_what_was_read_begins_anew(stopped, sandbox, members):
    for member in stopped.store.members(stopped.there)[6:]:
        leaves(stopped, member)
    stopped.host.tick()
    assert begins_anew(sandbox, stopped)
    assert members(NAME) == stopped.truth()


def test_a_cursor_that_is_refused_begins_it_anew(stopped, sandbox, at, clock, members):
    at(f"{stopped.ref}/customers.json", 400)
    stopped.host.tick()
    assert not stopped.kept()
    clock.forward(minutes=2)
    stopped.host.tick()
    assert begins_anew(sandbox, stopped)
    assert members(NAME) == stopped.truth()
    assert stopped.host.segments()[NAME].error is None


def test_another_interruption_is_gone_on_from_as_well(stopped, sandbox, at, clock, members):
    at(f"{stopped.ref}/customers.json", 503, nth=3)  # the last page once more, the next
    stopped.host.tick()
    assert [row.rows for row in stopped.kept()] == [8]
    clock.forward(seconds=20)
    stopped.host.tick()
    assert not begins_anew(sandbox, stopped)
    assert members(NAME) == stopped.truth()


def test_the_list_of_before_is_offered_until_all_of_it_is_read(stopped):
    before = versions(stopped.host.database, stopped.host.segments()[NAME].id)
    assert [each.version for each in before] == [1]
    stopped.host.tick()
    after = versions(stopped.host.database, before[0].segment_id)
    assert [each.version for each in after] == [1, 2]


def test_a_deleted_segment_leaves_nothing_behind(stopped):
    groups.delete(stopped.store, stopped.ref)
    stopped.host.tick()
    assert not stopped.kept()
    assert stopped.host.segments()[NAME].state == "deleted"


def test_the_night_forgets_that_of_a_segment_whose_deletion_a_message_told(
    stopped, sandbox, clock
):
    stopped.store.moods.deliver = "once"
    groups.delete(stopped.store, stopped.ref)
    sandbox.arrived()
    stopped.host.tick()
    assert stopped.host.segments()[NAME].state == "deleted"
    assert stopped.kept()
    night_of(stopped.host, clock, hours=24)
    assert not stopped.kept()
