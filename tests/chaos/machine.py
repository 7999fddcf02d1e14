"""The rules: what the store does, what breaks, what we do, and when all is quiet."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from smartpush_shopline.segments.models import READY
from smartpush_shopline.shops.models import ACTIVE
from tests.chaos.breakages import BREAKAGES
from tests.chaos.deeds import DEEDS, ERASURES, FIELDS, LATE, RULES, WHO, Joins, NewSegment
from tests.chaos.doings import DOINGS
from tests.chaos.memory import Memory
from tests.chaos.sentence import (
    check_ledger,
    check_people,
    check_refusals,
    check_segments,
    check_written_back,
)
from tests.chaos.world import LARGE, World

STARTS = {
    # An hour or a day before the clocks of the zone change, and an ordinary day.
    "America/New_York": (datetime(2026, 11, 1, 3), datetime(2026, 3, 8, 4, 30)),
    "America/Santiago": (datetime(2026, 9, 6, 3, 30), datetime(2026, 4, 4, 12)),
    "Australia/Lord_Howe": (datetime(2026, 4, 4, 12), datetime(2026, 10, 3, 13)),
    "Asia/Kathmandu": (datetime(2026, 11, 24, 4),),
}
MOODS = {
    "consent_bumps_customer": ("yes", "no"),
    "order_bumps_customer": ("yes", "no"),
    "customer_list": ("id", "updated"),
    "membership": ("live", "live", "snapshot"),
    "webhook_consents": ("objects", "flags"),
    "deleted_segment": ("404", "empty"),
    "segment_query": ("short", "json", "empty"),
    "nulls": ("omitted", "null"),
    "numbers": ("documented", "text", "number"),
    "graphql_segment_ids": ("bare", "gid"),
    "graphql_refusals": ("status", "body"),
}
SPANS: tuple[dict[str, float], ...] = (
    {"seconds": 1},
    {"seconds": 61},
    {"minutes": 5},
    {"minutes": 11},
    {"hours": 1},
    {"hours": 7},
    {"hours": 25},
    {"days": 3},
)
POST = ("waits", "comes", "comes backwards", "comes twice", "is lost", "says no time")
WORKERS = st.integers(0, 1)


class Chaos(RuleBasedStateMachine):
    """One store and us, from the first import on."""

    world: World

    @initialize(
        zone_and_start=st.sampled_from([(z, s) for z in STARTS for s in STARTS[z]]),
        moods=st.fixed_dictionaries({k: st.sampled_from(v) for k, v in MOODS.items()}),
        budget=st.sampled_from((LARGE, LARGE, LARGE, LARGE, 1, 6, 8)),
        write_back=st.booleans(),
        runner=st.sampled_from(("inline", "external")),
        people=st.lists(st.builds(Joins, FIELDS), min_size=2, max_size=9),
        segments=st.lists(st.sampled_from(RULES), min_size=2, max_size=4),
        imported=st.sampled_from((True, True, True, False)),
    )
    def a_store(
        self,
        zone_and_start: tuple[str, datetime],
        moods: dict[str, str],
        budget: int,
        write_back: bool,
        runner: str,
        people: list[Joins],
        segments: list[str],
        imported: bool,
    ) -> None:
        zone, start = zone_and_start
        self.world.begin(start.replace(tzinfo=UTC), zone, moods, budget, runner, write_back)
        for deed in people:
            self.world.do(deed)
            self.world.pass_time(minutes=1)
        for each in segments:
            self.world.do(NewSegment(each))
        self.world.pass_time(minutes=1)
        self.world.connect()
        self.memory = Memory(self.world)
        if imported:
            self.work_off()

    # -- the store ----------------------------------------------------------------------------

    @rule(deeds=st.lists(DEEDS, min_size=1, max_size=4), post=st.sampled_from(POST))
    def in_the_store(self, deeds: list[Any], post: str) -> None:
        """`post`: what becomes of the messages about it."""
        for deed in deeds:
            told = len(self.world.bag)
            self.world.do(deed)
            self.world.pass_time(seconds=1)
            self._bring(self.world.bag[told:], post)
            if post == "says no time":
                check_ledger(self.world)
        self.memory.look()

    the_store_goes_on = in_the_store
    somebody_in_the_store = in_the_store

    def _bring(self, messages: list[str], post: str) -> None:
        if post == "comes backwards":
            messages.reverse()
        for each in messages if post != "waits" else ():
            if post == "is lost":
                self.world.lose(each)
            elif post == "says no time" and self.world.budget_is_large:  # else nothing mends it
                self.world.deliver_without_times(each)
            else:
                self.world.deliver(each, keep=post == "comes twice")

    @rule(deed=LATE, is_lost=st.booleans())
    def is_listed_late(self, deed: Any, is_lost: bool) -> None:
        told = len(self.world.bag)
        self.world.do(deed)
        self._bring(self.world.bag[told:], "is lost" if is_lost else "waits")
        self.memory.look()

    @rule(deed=ERASURES)
    def somebody(self, deed: Any) -> None:
        self.world.do(deed)
        self.memory.look()

    # -- what breaks --------------------------------------------------------------------------

    @rule(what=st.lists(BREAKAGES, min_size=1, max_size=3), worker=st.none() | WORKERS)
    def breaks(self, what: list[Any], worker: int | None) -> None:
        """Something will, at one of the next calls or transactions; perhaps there is one now."""
        for each in what:
            each(self.world)
        if worker is not None:
            self.ticks(worker)

    # -- the post -----------------------------------------------------------------------------

    @precondition(lambda self: self.world.bag)
    @rule(which=WHO, again=st.booleans())
    def a_message_comes(self, which: int, again: bool) -> None:
        bag = self.world.bag
        self.world.deliver(bag[which % len(bag)], keep=again)
        self.memory.look()

    @precondition(lambda self: self.world.bag)
    @rule(post=st.sampled_from(POST[1:-1]))  # one that says no time must be the newest
    def all_the_post(self, post: str) -> None:
        self._bring(list(self.world.bag), post)
        self.memory.look()

    # -- our side -----------------------------------------------------------------------------

    @rule(worker=WORKERS)
    def ticks(self, worker: int) -> None:
        self.world.tick(worker)
        self.memory.look()
        if self.world.asked and self.world.is_idle():
            self._check_asked()

    @rule(what=DOINGS)
    def we(self, what: Any) -> None:
        what(self.world)
        self.memory.look()

    # -- time ---------------------------------------------------------------------------------

    @rule(span=st.sampled_from(SPANS), worker=WORKERS)
    def time_passes(self, span: dict[str, float], worker: int) -> None:
        self.world.pass_time(**span)
        self.memory.begin_step()
        self.ticks(worker)

    @rule(seconds=st.sampled_from((-1, 0, 1, 600)), worker=WORKERS)
    def midnight(self, seconds: int, worker: int) -> None:
        self.world.set_time(self.world.next_midnight(), seconds)
        self.memory.begin_step()
        self.ticks(worker)

    # -- quiet --------------------------------------------------------------------------------

    def work_off(self) -> None:
        """Tick until nothing is left to do."""
        for _ in range(100):
            self.world.tick()
            self.memory.look()
            if self.world.is_idle():
                self._check_asked()
                return
            self.world.pass_time(minutes=10)
            self.memory.begin_step()
        raise AssertionError("it never came to rest")

    def _check_asked(self) -> None:
        """Whoever asked an open store for a list has got one that was begun after that."""
        if self.world.shop().status != ACTIVE:
            return
        ours, theirs = self.world.segments(), {e.id for e in self.world.store.segments.all()}
        for ref, asked in self.world.asked.items():
            pages, our = self.world.wire.pages_of(ref), ours.get(ref)
            if our is not None and our.state == READY and our.error is None and ref in theirs:
                assert pages and pages[0] >= asked, f"{our.name} was asked for and not read"
        self.world.asked.clear()

    def night(self) -> None:
        """By our idea of its midnight as well: it may have moved, and we do not know it yet. On
        the day of a move a night may come only at the second midnight, after at most 36 hours."""
        before, known = self.world.last_run(), self.world.shop().timezone
        zones = {self.world.store.info.timezone, known}
        moved, self.world.moved = self.world.moved or len(zones) > 1, False
        self._midnights(zones)
        run = self.world.last_run()
        if moved and (run and run.id) == (before and before.id):
            self._midnights(zones)
        self.world.moved = self.world.shop().timezone != known

    def _midnights(self, zones: set[str]) -> None:
        for moment in sorted({self.world.next_midnight(zone) for zone in zones}):
            self.world.set_time(moment, 60)
            self.memory.begin_step()
            self.work_off()

    @rule(rotation=st.sampled_from((False,) * 19 + (True,)), rested=st.booleans())
    def all_is_quiet(self, rotation: bool, rested: bool = False) -> None:
        """The store does nothing more, what was not lost arrives, and the night passes.

        Not always is there time to finish what was begun before that.
        """
        self.world.calm()
        self.memory.look()
        if rested:
            self.work_off()
        self.world.pass_time(minutes=11)
        self.memory.begin_step()
        self.world.quiet_since = self.world.clock()
        self._nights()
        if self.world.bag:  # what we told the store has changed it
            self.world.deliver_all()
            self._nights()
        self._compare(rotation)

    def _nights(self) -> None:
        """One, or two where the store's answer to who is in a segment is of some time ago."""
        self.night()
        if self.world.store.moods.membership == "snapshot":
            self.night()

    def _compare(self, rotation: bool) -> None:
        assert self.world.shop().status == ACTIVE
        check_refusals(self.world)
        check_ledger(self.world)
        people = check_people(self.world, self.world.quiet_since)
        segments = check_segments(self.world, self.memory)
        assert not people, people
        untold = check_written_back(self.world)
        assert not untold, untold
        if self.world.budget_is_large:
            assert not segments, segments
            return
        self._check_plan(segments)
        nights = 1
        while nights < 28 and (segments or rotation):
            self.night()
            nights += 1
            segments = check_segments(self.world, self.memory)
        people = check_people(self.world, self.world.quiet_since)
        assert not people and not segments, (people, segments)
        assert not rotation or self.world.shop().customers_read_at > self.world.quiet_since

    def _check_plan(self, segments: list[str]) -> None:
        """What is wrong after a small night did not fit into it."""
        run = self.world.last_run()
        plan = run.findings["plan"] if run else {"later": 0}  # else there was an import only
        note(f"the night: {plan}")
        assert len(segments) <= plan["later"], (segments, plan)

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self.all_is_quiet(rotation=False)
