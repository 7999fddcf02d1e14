"""After messages about people: in which segments are they now? Asked soon, and only about them.

Some seconds after the first message one run asks for all who changed meanwhile, twenty in a call,
and counts the segments that the answers change. A version is made of the answers where the Admin's
count fits; another segment is read. What this costs, readings included, puts off the next time, so
that it never takes more than a third of the pace. A store that does not answer such questions is
asked for its counts; one that tells neither is read when somebody looks, and at night.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ..contacts.noting import take_changed
from ..segments.models import Segment
from ..shopline import MAX_LIMIT, PER_SECOND
from ..shops.models import ACTIVE, Shop
from ..web import State
from . import planning, staleness
from .holder import Holder
from .models import CHANGES, RUNNING, SyncDelta, SyncRun

MOST = 2000
"""People asked about at once: a hundred calls. The others are next."""


def claim(state: State, shop_id: int) -> None:
    """Begin to ask when it is time. Whoever comes second finds nothing to begin."""
    with state.database.read() as session:
        if not _is_due(session, session.get_one(Shop, shop_id), state.now()):
            return
    with state.database.begin() as session:
        shop = session.get_one(Shop, shop_id, with_for_update=True, populate_existing=True)
        if _is_due(session, shop, state.now()):
            _begin(session, shop, state.settings.changes_every, state.now())


def _is_due(session: Session, shop: Shop, now: datetime) -> bool:
    """Not while a run is reading the customers itself, or asks about them."""
    at = shop.changes_due_at
    if shop.status != ACTIVE or at is None or at > now:
        return False
    busy = select(SyncRun.id).where(
        SyncRun.shop_id == shop.id, SyncRun.state == RUNNING, SyncRun.phase != "segments"
    )
    return session.scalars(busy.limit(1)).first() is None


def _begin(session: Session, shop: Shop, every: timedelta, now: datetime) -> None:
    changed = take_changed(session, shop.id, MOST)
    run = SyncRun(
        shop_id=shop.id, kind=CHANGES, phase="members", whole=False, changed=changed,
        started_at=now, next_try_at=now, findings={},
    )
    session.add(run)
    shop.changes_asked_at, shop.changes_paused_until = now, now + every
    shop.changes_at = now if len(changed) == MOST else None


def settle(holder: Holder, run_id: int) -> None:
    """Have those segments read that the answers did not explain. Nothing is left of the run."""
    now = holder.now()
    with holder.begin() as session:
        run, shop = session.get_one(SyncRun, run_id), holder.shop(session)
        unexplained = _unexplained(session, run)
        for segment in unexplained:
            staleness.mark_stale(session, segment, staleness.COUNT, now)
        calls = run.calls + sum(_calls(segment) for segment in unexplained)
        rested = run.started_at + planning.rest_after(calls, PER_SECOND)
        took_longer = now + 2 * (now - run.started_at)  # each was asked alone, or failed first
        shop.changes_paused_until = max(rested, took_longer, shop.changes_paused_until or rested)
        if not run.changed:  # everybody was asked about
            shop.changes_checked_at = run.started_at
        shop.changes_asked_at = None
        session.execute(delete(SyncDelta).where(SyncDelta.run_id == run_id))
        session.delete(run)


def _unexplained(session: Session, run: SyncRun) -> list[Segment]:
    """Those of which somebody is in or out, or the count is another one, and nothing fits.

    One that differed before is read at its own times: see `rereading`.
    """
    told = select(SyncDelta.segment_id).where(SyncDelta.run_id == run.id)
    asked = select(Segment).where(
        Segment.shop_id == run.shop_id,
        Segment.id.in_(told) | (Segment.differs_since >= run.started_at),
        Segment.differs_since.is_(None) | (Segment.differs_since >= run.started_at),
    )
    return list(session.scalars(asked.order_by(Segment.id)))


def _calls(segment: Segment) -> int:
    """Its pages, and one for its rule."""
    return planning.pages(segment.admin_count or 0, MAX_LIMIT) + 1
