"""Which segments were followed all day, so that their night has nothing to add."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..clock import local_date, midnight
from ..segments.models import Segment


def was_followed(segment: Segment, zone: str, now: datetime) -> bool:
    """Changed on the local day that just ended, and read in full after its last change.

    Only such a segment is left out of the night.
    """
    yesterday = midnight(local_date(now, zone) - timedelta(days=1), zone)
    return (
        segment.stale_reason is None
        and segment.error is None
        and segment.changed_at is not None
        and segment.read_at is not None
        and yesterday <= segment.changed_at <= segment.read_at
    )
