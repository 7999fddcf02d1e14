"""What may break on the way, at one of the next calls or transactions: data, like the deeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.chaos.deeds import DEEDS, SEGMENTS, WHO
from tests.chaos.doings import WHICH, CheckNow
from tests.chaos.wire import FAULTS, Fault
from tests.chaos.world import World


@dataclass(frozen=True)
class CallsFail:
    kind: str
    after: int
    times: int

    def __call__(self, world: World) -> None:
        world.wire.faults.append(Fault(self.kind, self.after, self.times))


@dataclass(frozen=True)
class WorkerDies:
    """At so many of its transactions and calls from now."""

    worker: int
    at: int

    def __call__(self, world: World) -> None:
        world.workers[self.worker].life.left = self.at


@dataclass(frozen=True)
class WhileWeCall:
    """Before the next but `after` call is answered, something changes in the store, and perhaps
    the messages come at once."""

    after: int
    deed: Any
    told: bool

    def __call__(self, world: World) -> None:
        world.wire.meanwhile.append((self.after, lambda: self._happen(world)))

    def _happen(self, world: World) -> None:
        before = len(world.bag)
        world.pass_time(seconds=1)
        world.do(self.deed)
        for each in world.bag[before:] if self.told else ():
            world.deliver(each)


@dataclass(frozen=True)
class SomebodyAsks:
    """For a fresh list, while perhaps it is being read."""

    after: int
    what: CheckNow

    def __call__(self, world: World) -> None:
        world.wire.meanwhile.append((self.after, lambda: self._ask(world)))

    def _ask(self, world: World) -> None:
        world.pass_time(seconds=1)
        self.what(world)


@dataclass(frozen=True)
class CallTakesLong:
    """Longer than a lease lives, so that the other process goes on instead. `heard`: what the
    sleeper gets is an answer of before."""

    after: int
    heard: bool

    def __call__(self, world: World) -> None:
        planned = world.wire.later if self.heard else world.wire.meanwhile
        planned.append((self.after, lambda: self._sleep(world)))

    def _sleep(self, world: World) -> None:
        world.pass_time(seconds=90)
        sleeper = world.running
        sleeper.overslept = True
        for number, worker in enumerate(world.workers):
            if worker.life is not sleeper and not worker.life.dead:
                world.tick(number)


@dataclass(frozen=True)
class RowsMove:
    """A lie of the store: between two pages somebody moves to the front, until all is quiet."""

    def __call__(self, world: World) -> None:
        world.store.moods.members = "shifting"


@dataclass(frozen=True)
class ListMisses:
    """A lie of the store: its list of all customers misses somebody, until all is quiet."""

    who: int

    def __call__(self, world: World) -> None:
        known = sorted(
            each.customer_ref
            for each in world.people.all()
            if each.customer_ref and each.deleted_at is None
        )
        if known and world.budget_is_large:  # else the next list would not show them either
            world.wire.missed = frozenset([known[self.who % len(known)]])


@dataclass(frozen=True)
class StoreIs:
    status: str

    def __call__(self, world: World) -> None:
        world.store.moods.store_status = self.status


SOON = st.integers(0, 25)
BREAKAGES = st.one_of(
    st.builds(CallsFail, st.sampled_from(FAULTS), SOON, st.sampled_from((1, 1, 3, 8))),
    st.builds(WorkerDies, st.integers(0, 1), st.integers(1, 70)),
    st.builds(WhileWeCall, SOON, DEEDS, st.booleans()),
    st.builds(WhileWeCall, SOON, SEGMENTS, st.just(True)),
    st.builds(SomebodyAsks, SOON, st.builds(CheckNow, WHICH)),
    st.builds(CallTakesLong, SOON, st.booleans()),
    st.builds(ListMisses, WHO),
    st.one_of(
        st.builds(RowsMove), st.builds(StoreIs, st.sampled_from(("frozen", "locked", "open")))
    ),
)
