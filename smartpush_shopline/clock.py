"""Time: aware UTC everywhere, and the days of a store's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def utcnow() -> datetime:
    return datetime.now(UTC)


def local_date(now: datetime, zone: str) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str) -> datetime:
    """The first moment of a store's day, in UTC.

    Never the last midnight plus 24 hours: some zones skip or repeat it when their clocks change.
    """
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
