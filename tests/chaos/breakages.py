"""What may break on the way, at one of the next calls or transactions: data, like the deeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.chaos.deeds import DEEDS
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
    """Before the next but `after` call is answered, something changes in the store."""

    after: int
    deed: Any

    def __call__(self, world: World) -> None:
        world.wire.meanwhile.append((self.after, lambda: world.do(self.deed)))


@dataclass(frozen=True)
class CallTakesLong:
    """Longer than a lease lives, so that the other process goes on instead."""

    after: int

    def __call__(self, world: World) -> None:
        world.wire.meanwhile.append((self.after, lambda: self._sleep(world)))

    def _sleep(self, world: World) -> None:
        world.pass_time(seconds=90)
        sleeper = world.running
        for number, worker in enumerate(world.workers):
            if worker.life is not sleeper and not worker.life.dead:
                world.tick(number)


@dataclass(frozen=True)
class RowsMove:
    """A lie of the store: between two pages somebody moves to the front, until all is quiet."""

    def __call__(self, world: World) -> None:
        world.store.moods.members = "shifting"


@dataclass(frozen=True)
class StoreIs:
    status: str

    def __call__(self, world: World) -> None:
        world.store.moods.store_status = self.status


SOON = st.integers(0, 25)
BREAKAGES = st.one_of(
    st.builds(CallsFail, st.sampled_from(FAULTS), SOON, st.sampled_from((1, 1, 3, 8))),
    st.builds(WorkerDies, st.integers(0, 1), st.integers(1, 70)),
    st.builds(WhileWeCall, SOON, DEEDS),
    st.builds(WhileWeCall, SOON, DEEDS),
    st.builds(CallTakesLong, SOON),
    st.one_of(
        st.builds(RowsMove), st.builds(StoreIs, st.sampled_from(("frozen", "locked", "open")))
    ),
)
