"""A list that is about to be offered, and may be behind the store, is read again meanwhile.

No message about a customer or an order reads a segment: they come by the thousand. They only say
that any segment may be another one since; the one that somebody looks at is then read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ..segments.models import READY, SHOPLINE, Segment
from ..settings import Settings
from ..shops.models import ACTIVE, Shop
from ..web import State
from . import staleness
from .rules import moves_with_time

MOST = 20
PAUSE = timedelta(minutes=1)
"""Between two times that one segment is asked for by looking at it."""


def freshen(state: State, shop_id: int, segment_ids: Iterable[int]) -> None:
    """For segments that are on somebody's page. The page shows their age and looks again."""
    ids, now = list(segment_ids), state.now()
    with state.database.read() as session:
        if not behind(session, shop_id, ids, state.settings, now):
            return
    with state.database.begin() as session:
        for segment in behind(session, shop_id, ids, state.settings, now):
            segment.freshened_at = now
            staleness.mark_stale(session, segment, staleness.PERSON, now)
    state.ring("sync", shop_id)


def behind(
    session: Session, shop_id: int, ids: list[int], settings: Settings, now: datetime
) -> list[Segment]:
    """Of these, the longest unread that may have changed since and were not asked for just now."""
    shop = session.get_one(Shop, shop_id)
    asked = (
        select(Segment)
        .where(
            Segment.shop_id == shop_id,
            Segment.id.in_(ids),
            Segment.source == SHOPLINE,
            Segment.state == READY,
            Segment.stale_reason.is_(None),
            Segment.read_at <= now - settings.fresh,
            or_(Segment.freshened_at.is_(None), Segment.freshened_at <= now - PAUSE),
        )
        .order_by(Segment.read_at, Segment.id)
    )
    if shop.status != ACTIVE:
        return []
    return [each for each in session.scalars(asked) if _may_differ(each, shop)][:MOST]


def _may_differ(segment: Segment, shop: Shop) -> bool:
    changed, read = shop.people_changed_at, segment.read_at
    told = changed is not None and read is not None and changed >= read
    return told or moves_with_time(segment.definition)
