"""Old versions that nobody chose: one an hour for 30 days, one a day for a year, then none.

A version that a campaign chose stays as long as the campaign does, and the current one always.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, delete, exists, false, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..books import JobBook
from ..database import Base
from ..shops.models import Shop
from ..web import State
from .models import Segment, SegmentVersion

UNTOUCHED = timedelta(days=1)
"""A form that was opened today may still offer any version of today."""
HOURLY, DAILY = timedelta(days=30), timedelta(days=365)
EVERY = timedelta(days=1)
jobs = JobBook()


@jobs.job("thinning")
def thin(state: State, shop_id: int | None = None) -> None:
    """Once a day for each store, whoever ticks first."""
    now = state.now()
    due = or_(Shop.thinned_at.is_(None), Shop.thinned_at <= now - EVERY)
    with state.database.read() as session:
        shops = list(session.scalars(select(Shop.id).where(due)))
    for each in shops:
        with state.database.begin() as session:
            mine = update(Shop).where(Shop.id == each, due).values(thinned_at=now)
            if not session.execute(mine).rowcount:  # type: ignore[attr-defined]
                continue
            segments = list(session.scalars(select(Segment.id).where(Segment.shop_id == each)))
        for segment_id in segments:
            _thin_segment(state, segment_id, now)


def _thin_segment(state: State, segment_id: int, now: datetime) -> None:
    """Chosen at this very moment: the database refuses, and tomorrow is another day."""
    try:
        with state.database.begin() as session:
            asked = select(SegmentVersion.id, SegmentVersion.published_at).where(
                SegmentVersion.segment_id == segment_id
            )
            rows = [(row.id, row.published_at) for row in session.execute(asked)]
            drop(session, segment_id, list(surplus(rows, now)))
    except IntegrityError:
        return


def surplus(versions: Iterable[tuple[int, datetime]], now: datetime) -> Iterator[int]:
    """Of (id, published at): all but the last one of each hour or day."""
    kept: dict[tuple[str, int], int] = {}
    for version_id, published_at in sorted(versions, key=lambda each: (each[1], each[0])):
        span = _span(published_at, now)
        if span is None:
            continue
        if span in kept:
            yield kept[span]
        kept[span] = version_id
    yield from (version_id for span, version_id in kept.items() if span == _OVER)


_OVER = ("over", 0)


def _span(published_at: datetime, now: datetime) -> tuple[str, int] | None:
    age, seconds = now - published_at, int(published_at.timestamp())
    if age < UNTOUCHED:
        return None
    if age < HOURLY:
        return "hour", seconds // 3600
    return ("day", seconds // 86400) if age < DAILY else _OVER


def drop(session: Session, segment_id: int, version_ids: list[int]) -> int:
    """Those of them that are not current and that nothing holds on to."""
    current = select(Segment.id).where(Segment.current_version_id == SegmentVersion.id)
    gone = 0
    for start in range(0, len(version_ids), 500):
        some = delete(SegmentVersion).where(
            SegmentVersion.segment_id == segment_id,
            SegmentVersion.id.in_(version_ids[start : start + 500]),
            ~exists(current),
            ~_is_held(),
        )
        gone += session.execute(some).rowcount  # type: ignore[attr-defined]
    return gone


def _is_held() -> ColumnElement[bool]:
    """By whatever table points at versions: who chooses them is known further up."""
    version: Table = SegmentVersion.__table__  # type: ignore[assignment]
    return or_(
        false(),
        *(
            exists(select(key.parent).where(key.parent == version.c.id))
            for table in Base.metadata.tables.values()
            for key in table.foreign_keys
            if key.column is version.c.id
        ),
    )
