"""Medians, taken in turns: what slows the machine for a while slows both sides."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of results.json. Without a baseline its fields are None."""

    name: str
    engine: str
    size: int
    seconds: float
    baseline: str | None = None
    baseline_seconds: float | None = None
    extra_megabytes: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.baseline_seconds is None else self.baseline_seconds / self.seconds

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio}


def seconds(work: Work) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def in_turns(
    ours: Work, theirs: Work, before: Work, rounds: int, ours_per_round: int
) -> tuple[float, float]:
    """The median of each. `before` is run before every one and not timed."""
    mine: list[float] = []
    baseline: list[float] = []
    for _ in range(rounds):
        gc.collect()
        for _ in range(ours_per_round):
            before()
            mine.append(seconds(ours))
        before()
        baseline.append(seconds(theirs))
    return median(mine), median(baseline)
