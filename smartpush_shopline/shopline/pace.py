"""How fast one store may be asked: a token bucket, shared by the threads of one process.

With the shop's lease what is left in it goes from process to process.

SHOPLINE works off 4 REST calls per second for each app and store and queues 40
(developer.shopline.com, "REST Admin API flow control"); the default stays below both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

PER_SECOND = 3
RESERVED_PER_SECOND = 1
RESERVED_BURST = 5

Clock = Callable[[], float]
Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a GraphQL query took of the store's points, as `extensions.cost` tells it."""

    asked: float
    available: float
    maximum: float
    per_second: float


class Points:
    """Paces GraphQL by its cost, where SHOPLINE tells it; the numbers are not published."""

    def __init__(self, clock: Clock, sleep: Sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._told: tuple[Cost, float] | None = None

    def note(self, cost: Cost | None) -> None:
        """Remember what an answer told; None, as of most answers, changes nothing."""
        if cost is not None:
            self._told = cost, self._clock()

    def seconds_left(self) -> float:
        """How long until another query of the last one's cost fits."""
        if self._told is None:
            return 0.0
        cost, told_at = self._told
        gained = (self._clock() - told_at) * cost.per_second
        missing = min(cost.asked, cost.maximum) - (cost.available + gained)
        return max(0.0, missing / cost.per_second)

    def wait(self) -> float:
        """Wait until a query of the usual cost fits; the seconds waited."""
        seconds = self.seconds_left()
        if seconds > 0:
            self._sleep(seconds)
        return seconds


class Pace:
    """`burst` calls at once, then `per_second`. Clock and waiting are injected."""

    def __init__(
        self,
        per_second: float = PER_SECOND,
        burst: int = 20,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError("a pace needs a positive rate and a burst of at least 1")
        self.kept_back = 0
        """Of the burst, what patient work leaves untouched for somebody who waits."""
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._left = float(burst)
        self._counted_at = clock()
        self.points = Points(clock, sleep)
        """Of GraphQL, beside the calls."""

    @classmethod
    def reserved(cls, *, clock: Clock = time.monotonic, sleep: Sleep = time.sleep) -> Pace:
        """For calls without the shop's lease: token calls, a look-up for somebody who waits.

        The holder of the lease keeps to 3 of the 4 calls per second, so 1 is always free here. It
        is one for all processes where they have a database in common: see `shops.reserve`.
        """
        return cls(RESERVED_PER_SECOND, RESERVED_BURST, clock=clock, sleep=sleep)

    @property
    def left(self) -> float:
        """Calls of the burst that could be made at once; below 0, those that were promised."""
        with self._lock:
            return self._refilled(self._clock())

    def go_on(self, left: float | None, idle: float) -> None:
        """With what another process left of the burst `idle` seconds ago; None changes nothing."""
        if left is None:
            return
        with self._lock:
            self._counted_at = self._clock()
            self._left = min(self._burst, left + idle * self._per_second)

    def wait(self) -> float:
        """Wait for the right to make one call; the seconds waited."""
        seconds = self._reserve(self.kept_back)
        if seconds > 0:
            self._sleep(seconds)
        return seconds

    def _reserve(self, kept_back: int) -> float:
        """Take one token, perhaps from the future, and say how far off it is."""
        with self._lock:
            now = self._clock()
            self._left = self._refilled(now) - 1
            self._counted_at = now
            return max(0.0, (kept_back - self._left) / self._per_second)

    def _refilled(self, now: float) -> float:
        return min(self._burst, self._left + (now - self._counted_at) * self._per_second)
