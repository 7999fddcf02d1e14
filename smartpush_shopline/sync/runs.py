"""Runs and how far they came."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ..segments.models import DELETED, SHOPLINE, Segment
from ..shopline import MAX_LIMIT, PER_SECOND
from . import staleness
from .models import DONE, IMPORT, NIGHTLY, RUNNING, SyncDelta, SyncRun


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` and `total` are steps: a page of contacts, or one segment. Times are in seconds.

    `calls_left` is what the store has still to be asked, as far as it is known now; at the API's
    pace no progress is faster than that.
    """

    phase: str
    done: int
    total: int
    contacts_done: int
    contacts_total: int | None
    segments_done: int
    segments_total: int | None
    calls_left: int
    rate: float | None
    seconds_left: float | None
    error: str | None

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done // self.total) if self.total else 0


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


def advance(session: Session, run_id: int, phase: str) -> SyncRun:
    run = session.get_one(SyncRun, run_id)
    run.phase, run.page_info = phase, None
    run.error, run.attempts = None, 0
    return run


def current_run(session: Session, shop_id: int) -> SyncRun | None:
    """The run under way; the night comes first when both are."""
    return session.scalars(
        select(SyncRun)
        .where(SyncRun.shop_id == shop_id, SyncRun.state == RUNNING)
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
    reason = staleness.FIRST if run.kind == IMPORT else staleness.NIGHT
    return session.scalars(
        select(func.count(Segment.id)).where(
            Segment.shop_id == run.shop_id,
            Segment.source == SHOPLINE,
            Segment.stale_reason == reason,
        )
    ).one()


def progress(session: Session, run: SyncRun, now: datetime) -> Progress:
    pages_total = math.ceil((run.contacts_total or 0) / MAX_LIMIT)
    pages_done = min(math.ceil(run.contacts_done / MAX_LIMIT), pages_total)
    listed = run.segments_total is not None and run.phase == "segments"
    segments_done = (run.segments_total or 0) - segments_left(session, run) if listed else 0
    done, total = pages_done + segments_done, pages_total + (run.segments_total or 0)
    calls_left = pages_total - pages_done + sum(_calls_to_read(session, run))
    elapsed = max((now - run.started_at).total_seconds(), 0.001)
    return Progress(
        phase=run.phase,
        done=done,
        total=total,
        contacts_done=run.contacts_done,
        contacts_total=run.contacts_total,
        segments_done=segments_done,
        segments_total=run.segments_total,
        calls_left=calls_left,
        rate=run.contacts_done / elapsed if run.contacts_done else None,
        seconds_left=_seconds_left(elapsed, done, total, calls_left),
        error=run.error,
    )


def _calls_to_read(session: Session, run: SyncRun) -> list[int]:
    """Of each segment this run still reads, or may read: one call for every page of people."""
    reason = staleness.FIRST if run.kind == IMPORT else staleness.NIGHT
    asked = select(Segment.admin_count).where(
        Segment.shop_id == run.shop_id, Segment.source == SHOPLINE, Segment.state != DELETED
    )
    if run.phase == "segments":
        asked = asked.where(Segment.stale_reason == reason)
    return [max(1, math.ceil((count or 0) / MAX_LIMIT)) for count in session.scalars(asked)]


def _seconds_left(elapsed: float, done: int, total: int, calls_left: int) -> float | None:
    """As fast as it went so far, and never faster than the API lets anybody go."""
    if not done:
        return None
    return max(elapsed / done * (total - done), calls_left / PER_SECOND)
