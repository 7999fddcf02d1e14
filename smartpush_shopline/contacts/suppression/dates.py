"""When something happened, as exports write it. What could mean two days means neither."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
_SLACK = timedelta(days=1)
_DAY = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})(?:[ T,]+(.*))?", re.ASCII)


def parse(text: str, timezone: str, now: datetime) -> datetime | None:
    """The moment; None when it cannot be read for sure. Times without a zone are the store's.

    A day without a time is its end: of two readings the later makes the opt-out harder to lift.
    """
    moment = _read(text.strip(), timezone)
    if moment is None or not _EARLIEST <= moment <= now + _SLACK:
        return None
    return min(moment, now).replace(microsecond=0)


def is_ahead(text: str, timezone: str, now: datetime) -> bool:
    """It can be read, and lies in the future: no opt-out has happened then."""
    moment = _read(text.strip(), timezone)
    return moment is not None and moment > now + _SLACK


def _read(text: str, timezone: str) -> datetime | None:
    try:
        return _stamp(text) or _iso(text, timezone) or _written(text, timezone)
    except (ValueError, OverflowError, OSError):
        return None


def _stamp(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970."""
    if not re.fullmatch(r"\d{10}|\d{13}", text, re.ASCII):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _iso(text: str, timezone: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    if len(text) <= 10:
        return _end_of(moment.date(), timezone)
    if text.endswith(" UTC"):
        return moment.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))


def _written(text: str, timezone: str) -> datetime | None:
    """2024/3/1 and 25.12.2024, but not 03/04/2024, which is two days."""
    found = _DAY.fullmatch(text)
    if not found:
        return None
    first, second, third = (int(part) for part in found.groups()[:3])
    if first > 31:
        day = date(first, second, third)
    elif first > 12 or first == second:
        day = date(third, second, first)
    elif second > 12:
        day = date(third, first, second)
    else:
        return None
    return _end_of(day, timezone)


def _end_of(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(timezone))
