"""After a change of its rule a segment is read again: the store may serve an old list for a while.
So it is when the Admin counts other people than the list has that was just read.

The times are rows, so a restart forgets none; one that was slept through is made up for once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from ..segments.models import DELETED, Segment
from ..shopline import MAX_LIMIT, PER_SECOND
from ..web import State
from . import planning, staleness


def begin(segment: Segment, after: Sequence[timedelta], now: datetime) -> None:
    segment.rule_changed_at = now
    segment.reread_at = _next(segment, after, now)


def begin_again(segment: Segment, after: Sequence[timedelta], now: datetime) -> None:
    """It was read and still differs: not at once again and again, but ever later, then at night.

    Not sooner than its pages may be asked for again: one that is too long waits for the night.
    """
    if segment.differs_since is not None:
        pages = planning.pages(segment.admin_count or 0, MAX_LIMIT)
        rested = now + planning.rest_after(pages, PER_SECOND)
        times = [segment.reread_at, _next(segment, after, rested)]
        segment.reread_at = min((each for each in times if each), default=None)


def claim(state: State, shop_id: int) -> None:
    """Make stale what is due. Whoever comes second finds nothing."""
    now, after = state.now(), state.settings.reread
    with state.database.read() as session:
        if session.scalars(select(Segment.id).where(_due(shop_id, now))).first() is None:
            return
    with state.database.begin() as session:
        mark_due(session, shop_id, after, now)


def mark_due(
    session: Session, shop_id: int, after: Sequence[timedelta], now: datetime
) -> None:
    """Behind the edits of this moment: whoever made one of those waits for the first look at it."""
    due = select(Segment).where(_due(shop_id, now)).order_by(Segment.id).with_for_update()
    for segment in session.scalars(due).all():
        segment.reread_at = _next(segment, after, now)
        reason = staleness.COUNT if segment.differs_since else staleness.WEBHOOK
        turn = segment.turn if segment.stale_reason else 1
        staleness.mark_stale(session, segment, reason, now, turn=turn)


def _due(shop_id: int, now: datetime) -> ColumnElement[bool]:
    return (
        (Segment.shop_id == shop_id) & (Segment.reread_at <= now) & (Segment.state != DELETED)
    )


def _next(segment: Segment, after: Sequence[timedelta], later_than: datetime) -> datetime | None:
    begun = [each for each in (segment.rule_changed_at, segment.differs_since) if each]
    times = [since + wait for since in begun for wait in after]
    return min((each for each in times if each > later_than), default=None)
