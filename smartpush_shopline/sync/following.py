"""Which segments were followed all day, so that their night has the least to add."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..clock import local_date, midnight
from ..segments.models import Segment


def was_followed(
    segment: Segment, people_changed_at: datetime | None, zone: str, now: datetime
) -> bool:
    """Changed on the local day that just ended, and read in full after its last change.

    Not while a reading is still owed because the store may have served an old list, and not when a
    message told of customers since. Such a segment comes last in the night; it is not left out,
    for a change of which no message told would not be found.
    """
    yesterday = midnight(local_date(now, zone) - timedelta(days=1), zone)
    return (
        segment.stale_reason is None
        and segment.error is None
        and segment.reread_at is None
        and segment.changed_at is not None
        and segment.read_at is not None
        and yesterday <= segment.changed_at <= segment.read_at
        and (people_changed_at is None or people_changed_at < segment.read_at)
    )
