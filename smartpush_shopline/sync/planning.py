"""What one night reads: decided here alone, from numbers, so that it can be read and tested."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

ROTATION = timedelta(days=28)
"""Nothing stays unread for longer."""
NIGHT = timedelta(days=1)
_MOST_IN_VAIN = 5  # 31 nights, and the rotation comes before

NEVER, OVERDUE, CHANGED, COUNT, MARKED, TIME, UNCOUNTED, TURN, FOLLOWED = (
    "never_read",
    "overdue",
    "changed",
    "count",
    "members",
    "time",
    "uncounted",
    "turn",
    "followed",
)
URGENCY = (NEVER, OVERDUE, CHANGED, COUNT, MARKED, TIME, UNCOUNTED, TURN, FOLLOWED)


@dataclass(frozen=True, slots=True)
class Known:
    """A segment before it is read. `here` is our count, `there` tonight's of the Admin.

    `changed`: its rule is another one, or a reading is owed. `moves`: with time, or its rule is
    not understood. `marked`: somebody in or out of it changed, and it is not known what follows.
    `followed`: read in full today after its last change.
    """

    id: int
    here: int | None
    there: int | None
    read_at: datetime | None
    changed: bool = False
    moves: bool = False
    marked: bool = False
    followed: bool = False

    @property
    def size(self) -> int:
        return max(self.here or 0, self.there or 0)


@dataclass(frozen=True, slots=True)
class Reading:
    id: int
    reason: str
    calls: int


@dataclass(frozen=True, slots=True)
class Plan:
    """In the order of reading. What is `later` did not fit."""

    readings: Sequence[Reading]
    later: Sequence[Reading]

    @property
    def calls(self) -> int:
        return sum(each.calls for each in self.readings)


def plan(segments: Iterable[Known], now: datetime, budget: int, page_size: int) -> Plan:
    """The most urgent first, then the longest unread, while the calls last.

    What is overdue is read whatever it costs, and so is the first, or it would never be.
    """
    readings: list[Reading] = []
    later: list[Reading] = []
    for each in sorted(segments, key=lambda s: _order(s, now)):
        reading = Reading(each.id, reason(each, now), pages(each.size, page_size))
        must = reading.reason == OVERDUE or not readings
        if must or reading.calls <= budget:
            readings.append(reading)
            budget -= reading.calls
        else:
            later.append(reading)
    return Plan(readings, later)


def reason(segment: Known, now: datetime) -> str:
    """Why it is to be read; the first that applies."""
    if segment.here is None or segment.read_at is None:
        return NEVER
    if now - segment.read_at >= ROTATION - NIGHT:  # tomorrow would be too late
        return OVERDUE
    if segment.changed:
        return CHANGED
    if segment.there not in (None, segment.here):
        return COUNT
    if segment.marked:
        return MARKED
    if segment.moves:
        return TIME
    if segment.followed:
        return FOLLOWED
    return UNCOUNTED if segment.there is None else TURN


def _order(segment: Known, now: datetime) -> tuple[int, float, int]:
    """Of those that were never read, the small ones first; of others, the longest unread."""
    since = segment.read_at.timestamp() if segment.read_at else 0.0
    return URGENCY.index(reason(segment, now)), since, segment.size


def reads_everything(customers: int, sizes: Iterable[int], budget: int, page_size: int) -> bool:
    """Is the store so small that all of it is read every night? Each segment is counted, too."""
    calls = pages(customers, page_size)
    return calls + sum(1 + pages(size, page_size) for size in sizes) <= budget


def is_full_read_due(last_at: datetime | None, now: datetime) -> bool:
    """Of customers: a change that bumps no `updated_at` is found by nothing else."""
    return last_at is None or now - last_at >= ROTATION - NIGHT


def is_somebody_lost(
    uncounted: int, remained: int, in_vain: int, last_at: datetime | None, now: datetime
) -> bool:
    """Are all customers read, because more are here than the store counts?

    Not for those who `remained` after the last full reading: the store may count something else.
    Each of them that was `in_vain`, one after the other, doubles the wait for the next.
    """
    wait = NIGHT * (2 ** min(in_vain, _MOST_IN_VAIN) - 1)
    return uncounted > remained and (last_at is None or now - last_at >= wait)


def rest_after(calls: int, per_second: float) -> timedelta:
    """How long until as many calls again, so that they keep to a third of the pace by day."""
    return timedelta(seconds=3 * calls / per_second)


def pages(size: int, page_size: int) -> int:
    return max(1, math.ceil(size / page_size))
