"""Runs and how far they came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from ..segments.models import DELETED, SHOPLINE, Segment
from ..shopline import MAX_LIMIT, PER_SECOND
from .models import CHANGES, DONE, IMPORT, NIGHTLY, RUNNING, SyncDelta, SyncRun
from .staleness import FIRST, NIGHT

_FIRST, _LAST = ("shop", "subscriptions", "list"), ("due", "segments")
PHASES = {
    IMPORT: (*_FIRST, "small", "counts", "contacts", "missing", *_LAST),
    NIGHTLY: (
        *_FIRST, "contacts", "missing", "orders", "members", "counts", "deltas", *_LAST
    ),
    CHANGES: ("members", "counts", "deltas", "settle"),
}
"""A first import begins with what it takes little to read: lists that can be chosen at once."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` and `total` are calls: pages of contacts, and of members. Times are in seconds.
    `most` is `total` if every segment that is not counted yet has all the customers.

    `failed` are the names of segments whose reading failed; those given up are not `segments_done`.
    `calls_left` is what the store has still to be asked, as far as it is known now; at the API's
    pace no progress is faster than that.
    """

    phase: str
    done: int
    total: int
    most: int
    contacts_done: int
    contacts_total: int | None
    segments_done: int
    segments_total: int | None
    failed: tuple[str, ...]
    calls_left: int
    rate: float | None
    seconds_left: float | None
    error: dict[str, Any] | None

    @property
    def percent(self) -> int:
        """Of the most it can come to, so that it does not fall when segments are counted."""
        return min(99, 100 * self.done // self.most) if self.most else 0


def start(session: Session, shop_id: int, kind: str, now: datetime) -> SyncRun:
    """A new run, or the one of this kind that is under way.

    A night that is still under way at the next midnight is over: what it has read is a day old,
    and it may wait for a segment that fails for weeks.
    """
    running = session.scalars(
        select(SyncRun).where(
            SyncRun.shop_id == shop_id, SyncRun.kind == kind, SyncRun.state == RUNNING
        )
    ).first()
    if running and kind == NIGHTLY:
        running.state, running.finished_at = DONE, now
        session.execute(delete(SyncDelta).where(SyncDelta.run_id == running.id))
    elif running:
        running.next_try_at = now
        return running
    run = SyncRun(
        shop_id=shop_id, kind=kind, state=RUNNING, started_at=now, next_try_at=now, findings={}
    )
    session.add(run)
    session.flush()
    return run


def advance(session: Session, run_id: int) -> SyncRun:
    """To the next phase, from its beginning."""
    run = session.get_one(SyncRun, run_id)
    phases = PHASES[run.kind]
    run.phase, run.page_info = phases[phases.index(run.phase) + 1], None
    run.error, run.attempts = None, 0
    return run


def current_run(session: Session, shop_id: int) -> SyncRun | None:
    """The import or night under way; the night comes first when both are."""
    return session.scalars(
        select(SyncRun)
        .where(
            SyncRun.shop_id == shop_id, SyncRun.state == RUNNING, SyncRun.kind != CHANGES
        )
        .order_by((SyncRun.kind == NIGHTLY).desc(), SyncRun.id)
    ).first()


def last_run(session: Session, shop_id: int, kind: str = NIGHTLY) -> SyncRun | None:
    return session.scalars(
        select(SyncRun)
        .where(SyncRun.shop_id == shop_id, SyncRun.kind == kind)
        .order_by(SyncRun.id.desc())
    ).first()


def segments_left(session: Session, run: SyncRun) -> int:
    """Segments this run still has to read."""
    return session.scalars(select(func.count(Segment.id)).where(_is_left(run))).one()


def _is_left(run: SyncRun) -> ColumnElement[bool]:
    """A night knows it once it is planned; a first import reads whatever is not read yet."""
    there = (Segment.shop_id == run.shop_id) & (Segment.source == SHOPLINE)
    if run.phase == "segments":
        return there & (Segment.stale_reason == (FIRST if run.kind == IMPORT else NIGHT))
    alive = there & (Segment.state != DELETED)
    return alive & is_unread(run) if run.kind == IMPORT else alive


def next_unread(session: Session, run: SyncRun, after: int) -> Segment | None:
    """By id, of those that the store listed."""
    there = (Segment.shop_id == run.shop_id) & (Segment.source == SHOPLINE)
    waiting = there & (Segment.state != DELETED) & is_unread(run) & (Segment.id > after)
    return session.scalars(select(Segment).where(waiting).order_by(Segment.id).limit(1)).first()


def is_unread(run: SyncRun) -> ColumnElement[bool]:
    """Not since the run began."""
    return or_(Segment.read_at.is_(None), Segment.read_at < run.started_at)


def progress(session: Session, run: SyncRun, now: datetime) -> Progress:
    pages_total = math.ceil((run.contacts_total or 0) / MAX_LIMIT)
    pages_done = min(math.ceil(run.contacts_done / MAX_LIMIT), pages_total)
    told = run.segments_total is not None and (run.kind == IMPORT or run.phase == "segments")
    left = segments_left(session, run)
    closed = max(0, (run.segments_total or 0) - left) if told else 0
    failed = _failed(session, run)
    given_up = sum(segment.stale_reason is None for segment in failed)
    done = pages_done + (_calls_for(session, _is_read(run)) if told else 0)
    calls_left = pages_total - pages_done + _calls_for(session, _is_left(run))
    most_left = pages_total - pages_done + _calls_for(session, _is_left(run), pages_total)
    elapsed = max((now - run.started_at).total_seconds(), 0.001)
    return Progress(
        phase=run.phase,
        done=done,
        total=done + calls_left,
        most=done + most_left,
        contacts_done=run.contacts_done,
        contacts_total=run.contacts_total,
        segments_done=max(0, closed - given_up),
        segments_total=run.segments_total,
        failed=tuple(segment.name for segment in failed),
        calls_left=calls_left,
        rate=run.contacts_done / elapsed if run.contacts_done else None,
        seconds_left=_seconds_left(elapsed, done, calls_left),
        error=run.error,
    )


def _failed(session: Session, run: SyncRun) -> Sequence[Segment]:
    return session.scalars(
        select(Segment)
        .where(
            Segment.shop_id == run.shop_id,
            Segment.source == SHOPLINE,
            Segment.state != DELETED,
            Segment.error.is_not(None),
            Segment.attempts > 0,  # else its store is asked too much, which is no fault of its own
        )
        .order_by(func.lower(Segment.name), Segment.id)
    ).all()


def _is_read(run: SyncRun) -> ColumnElement[bool]:
    there = (Segment.shop_id == run.shop_id) & (Segment.source == SHOPLINE)
    return there & (Segment.state != DELETED) & ~is_unread(run)


def _calls_for(session: Session, which: ColumnElement[bool], uncounted: int = 1) -> int:
    """To read these segments: one call for every page of people; `uncounted` for who has none."""
    counts = session.scalars(select(Segment.admin_count).where(which))
    pages = [uncounted if n is None else math.ceil(n / MAX_LIMIT) for n in counts]
    return sum(max(1, each) for each in pages)


def _seconds_left(elapsed: float, done: int, calls_left: int) -> float | None:
    """As fast as it went so far, and never faster than the API lets anybody go."""
    if not done:
        return None
    return max(elapsed / done * calls_left, calls_left / PER_SECOND)
