"""The rules: what the store does, what breaks, what we do, and when all is quiet."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.shops.models import ACTIVE
from smartpush_shopline.sync import freshening, staleness
from tests.chaos.deeds import (
    DEEDS,
    EMAILS,
    ERASURES,
    FIELDS,
    PHONES,
    RULES,
    WHO,
    Joins,
    NewSegment,
)
from tests.chaos.memory import Memory
from tests.chaos.sentence import check_people, check_refusals, check_segments
from tests.chaos.wire import FAULTS, Fault
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
SOURCES = ("unsubscribe link", "dashboard", "manual", "complaint")
WORKERS = st.integers(0, 1)
SOON = st.integers(1, 40)


class Chaos(RuleBasedStateMachine):
    """One store and us, from the first import on."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.campaigns = 0

    @initialize(
        zone_and_start=st.sampled_from([(z, s) for z in STARTS for s in STARTS[z]]),
        moods=st.fixed_dictionaries({k: st.sampled_from(v) for k, v in MOODS.items()}),
        budget=st.sampled_from((LARGE, LARGE, 1, 10, 14)),
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
        runner: str,
        people: list[Joins],
        segments: list[str],
        imported: bool,
    ) -> None:
        zone, start = zone_and_start
        self.world.begin(start.replace(tzinfo=UTC), zone, moods, budget, runner)
        for deed in people:
            self.world.do(deed)
        for each in segments:
            self.world.do(NewSegment(each))
        self.world.pass_time(minutes=1)
        self.world.connect()
        self.memory = Memory(self.world)
        if imported:
            self.work_off()

    # -- the store ----------------------------------------------------------------------------

    @rule(deed=DEEDS, later=st.sampled_from((0, 0, 1, 30)))
    def in_the_store(self, deed: Any, later: int) -> None:
        self.world.do(deed)
        self.world.pass_time(seconds=later)
        self.memory.look()

    @rule(deed=ERASURES)
    def somebody(self, deed: Any) -> None:
        self.world.do(deed)
        self.memory.look()

    # -- what breaks --------------------------------------------------------------------------

    @rule(after=SOON, deed=DEEDS)
    def while_we_call(self, after: int, deed: Any) -> None:
        """At one of the next calls something changes in the store."""
        self.world.wire.meanwhile.append((after, lambda: self.world.do(deed)))

    @rule(after=SOON)
    def while_we_call_we_fall_asleep(self, after: int) -> None:
        """A call takes longer than a lease lives, and the other process goes on instead."""
        self.world.wire.meanwhile.append((after, self._sleep))

    def _sleep(self) -> None:
        self.world.pass_time(seconds=90)
        sleeper = self.world.running
        for number, worker in enumerate(self.world.workers):
            if worker.life is not sleeper and not worker.life.dead:
                self.world.tick(number)

    @rule(kind=st.sampled_from(FAULTS), after=st.integers(0, 12), times=st.sampled_from((1, 1, 3, 8)))
    def calls_fail(self, kind: str, after: int, times: int) -> None:
        self.world.wire.faults.append(Fault(kind, after, times))

    @rule(worker=WORKERS, at=SOON)
    def dies(self, worker: int, at: int) -> None:
        """At the next but `at` of its transactions and calls."""
        self.world.workers[worker].life.left = at

    @rule()
    def rows_move_between_pages(self) -> None:
        self.world.store.moods.members = "shifting"

    @rule(status=st.sampled_from(("frozen", "locked")))
    def the_store_shuts(self, status: str) -> None:
        self.world.store.moods.store_status = status

    @precondition(lambda self: self.world.store.moods.store_status != "open")
    @rule()
    def the_store_opens(self) -> None:
        self.world.store.moods.store_status = "open"

    # -- the post -----------------------------------------------------------------------------

    @precondition(lambda self: self.world.bag)
    @rule(which=WHO, again=st.sampled_from((False, False, True)))
    def a_message_comes(self, which: int, again: bool) -> None:
        bag = self.world.bag
        self.world.deliver(bag[which % len(bag)], keep=again)
        self.memory.look()

    @precondition(lambda self: self.world.bag)
    @rule(backwards=st.booleans())
    def all_messages_come(self, backwards: bool) -> None:
        if backwards:
            self.world.bag.reverse()
        self.world.deliver_all()
        self.memory.look()

    @precondition(lambda self: self.world.bag)
    @rule(which=WHO)
    def a_message_is_lost(self, which: int) -> None:
        self.world.lose(which)

    @precondition(lambda self: self.world.bag)
    @rule()
    def all_messages_are_lost(self) -> None:
        for _ in range(len(self.world.bag)):
            self.world.lose(0)

    # -- our side -----------------------------------------------------------------------------

    @rule(worker=WORKERS)
    def ticks(self, worker: int) -> None:
        self.world.tick(worker)
        self.memory.look()

    @rule(worker=WORKERS)
    def is_started_again(self, worker: int) -> None:
        self.world.start_again(worker)

    @rule(channel=st.sampled_from(("email", "sms")), which=st.integers(1, 3), source=st.sampled_from(SOURCES))
    def we_hear_an_opt_out(self, channel: str, which: int, source: str) -> None:
        address = (EMAILS if channel == "email" else PHONES)[which]
        self.world.hear_opt_out(channel, address, source)
        self.memory.look()

    @rule(channel=st.sampled_from(("email", "sms")), which=WHO, newest=st.booleans())
    def a_campaign_is_saved(self, channel: str, which: int, newest: bool) -> None:
        ready = [s for s in self.world.segments().values() if s.current_version_id]
        if not ready:
            return
        segment = ready[which % len(ready)]
        policy = "newest" if newest else "pinned"
        pick = Pick("include", segment.id, segment.current_version_id, policy)
        choice = Choice(self.world.shop_id, channel, picks=(pick,))
        self.campaigns += 1

        def save(host: Any) -> None:
            host.smartpush.audiences.save(choice, campaign_ref=f"campaign-{self.campaigns}")
            host.db.session.commit()

        self._in_the_dashboard(save)

    @rule(which=WHO)
    def somebody_looks_at_a_segment(self, which: int) -> None:
        ids = [each.id for each in self.world.segments().values()]
        if ids:
            some = [ids[which % len(ids)]]
            self._in_the_dashboard(
                lambda host: freshening.freshen(host.state, self.world.shop_id, some)
            )

    @rule(which=WHO)
    def somebody_wants_a_segment_checked(self, which: int) -> None:
        alive = [each for each in self.world.segments().values() if each.state != "deleted"]
        if not alive:
            return
        with self.world.database.begin() as session:
            segment = session.merge(alive[which % len(alive)], load=True)
            staleness.mark_stale(session, segment, staleness.PERSON, self.world.clock())

    def _in_the_dashboard(self, work: Any) -> None:
        worker = self.world.alive

        def inside() -> None:
            with worker.host.app.app_context():
                work(worker.host)

        self.world.let(worker, inside)
        self.memory.look()

    # -- time ---------------------------------------------------------------------------------

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: dict[str, float]) -> None:
        self.world.pass_time(**span)
        self.memory.begin_step()

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
                return
            self.world.pass_time(minutes=10)
            self.memory.begin_step()
        raise AssertionError("it never came to rest")

    def night(self) -> None:
        self.world.set_time(self.world.next_midnight(), 60)
        self.memory.begin_step()
        self.work_off()

    @rule(rotation=st.sampled_from((False,) * 9 + (True,)))
    def all_is_quiet(self, rotation: bool) -> None:
        """The store does nothing more, what was not lost arrives, and the night passes."""
        self.world.calm()
        self.memory.look()
        self.work_off()
        self.world.pass_time(minutes=11)
        self.memory.begin_step()
        self.world.quiet_since = self.world.clock()
        self.night()
        if self.world.store.moods.membership == "snapshot":
            self.night()
        self._compare(rotation)

    def _compare(self, rotation: bool) -> None:
        assert self.world.shop().status == ACTIVE
        check_refusals(self.world)
        people = check_people(self.world, self.world.quiet_since)
        segments = check_segments(self.world, self.memory)
        assert not people, people
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
        assert run is not None
        plan = run.findings["plan"]
        note(f"the night: {plan}")
        assert len(segments) <= plan["later"], (segments, plan)

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self.all_is_quiet(rotation=False)
