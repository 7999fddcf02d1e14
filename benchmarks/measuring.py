"""Medians, taken in turns: what slows the machine for a while slows both sides."""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
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


@dataclass(frozen=True, slots=True)
class Figure:
    """Another line of results.json: a number, what is promised of it, and how it came about."""

    name: str
    engine: str
    size: int
    value: float
    unit: str
    about: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def missed(self) -> str | None:
        said = f"{self.name} is {self.value:,.4g} {self.unit};"
        if self.at_most is not None and self.value > self.at_most:
            return f"{said} at most {self.at_most:,.4g} are promised."
        if self.at_least is not None and self.value < self.at_least:
            return f"{said} at least {self.at_least:,.4g} are promised."
        return None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def share(values: list[float], part: float) -> float:
    """The value that this part of them does not exceed: 0.5 for the median."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def peak_megabytes() -> float:
    """Of this program alone; `ru_maxrss` may be that of whoever started it."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


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
