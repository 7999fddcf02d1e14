"""A stale segment is a row that says: read me again, and how urgently."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ..segments.models import Segment

PERSON, WEBHOOK, COUNT, NIGHT, FIRST = "person", "webhook", "count", "nightly", "import"
"""`COUNT`: the Admin counts other people than the list has."""
URGENCY = (PERSON, WEBHOOK, COUNT, NIGHT, FIRST)


def mark_stale(
    session: Session, segment: Segment, reason: str, now: datetime, *, turn: int = 0
) -> None:
    """Ask for a fresh reading; the more urgent of two reasons stands. Lower turns go first."""
    urgent = [reason, *([segment.stale_reason] if segment.stale_reason else [])]
    segment.stale_reason = min(urgent, key=URGENCY.index)
    segment.stale_since, segment.turn = now, turn
    segment.next_try_at = now
    segment.attempts = 0
    session.flush()
