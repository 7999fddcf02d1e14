"""15.2 of the public flow control page: 40 calls may wait per app and store, 4 a second leave."""

from __future__ import annotations

import time
from collections.abc import Callable

from .settings import Settings


class Buckets:
    """Leaky buckets. Whether a call really waits for its turn is a mood."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.size, self._leak, self._monotonic = settings.bucket, settings.leak, monotonic
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}

    def pour(self, store: str, app: str) -> float | None:
        """Seconds until this call's turn; ``None`` if it does not fit. Callers hold the lock."""
        if self.size <= 0:
            return 0.0
        now = self._monotonic()
        level = self._level(store, app, now)
        fits = level + 1 <= self.size
        self._levels[store, app] = (level + 1 if fits else level, now)
        return level / self._leak if fits else None

    def level(self, store: str, app: str) -> int:
        """Calls that are waiting now."""
        return round(self._level(store, app, self._monotonic()))

    def empty(self) -> None:
        self._levels.clear()

    def _level(self, store: str, app: str, now: float) -> float:
        level, then = self._levels.get((store, app), (0.0, now))
        return max(0.0, level - (now - then) * self._leak)
