"""How fast one store may be asked: a token bucket, shared by the threads of one process.

SHOPLINE works off 4 REST calls per second for each app and store and queues 40
(developer.shopline.com, "REST Admin API flow control"); the default stays below both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """`burst` calls at once, then `per_second`. Clock and waiting are injected."""

    def __init__(
        self,
        per_second: float = 3,
        burst: int = 20,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
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
            refilled = self._left + (now - self._counted_at) * self._per_second
            self._left = min(self._burst, refilled) - 1
            self._counted_at = now
            return max(0.0, (kept_back - self._left) / self._per_second)
