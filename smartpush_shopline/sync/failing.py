"""What comes first, and what happens to a task that failed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..contacts import writing_back
from ..errors import Gone, ShoplineBusy, ShoplineError
from ..failure import code_of
from ..segments.models import DELETED, SHOPLINE, Segment
from ..segments.publishing import mark_deleted
from ..shops.models import Shop
from . import runs, staleness, unfinished
from .models import CHANGES, IMPORT, NIGHTLY, RUNNING, SyncRun

TELL = "tell"
"""Opt-outs of ours that the store is to be told."""
CONFIRM = "confirm"
"""Are we still in this store? Something said so that only the store can confirm."""
_RANKS = (
    ("segment", staleness.PERSON),
    ("segment", staleness.WEBHOOK),
    ("shop", CONFIRM),
    ("run", CHANGES),
    ("segment", staleness.COUNT),
    ("run", NIGHTLY),
    ("segment", staleness.NIGHT),
    ("run", IMPORT),
    ("segment", staleness.FIRST),
    ("opt_outs", TELL),  # they hold here already, and a long list must not keep a night waiting
)
_LONGEST_WAIT = timedelta(minutes=10)
_AGAIN = timedelta(minutes=1)


def rank(kind: str, reason: str | None) -> int:
    return _RANKS.index((kind, str(reason)))


def is_urgent(rank: int) -> bool:
    """Somebody waits for it: a person, or one who just edited in the Admin."""
    return _RANKS[rank][1] in (staleness.PERSON, staleness.WEBHOOK)


def has_work(session: Session, run: SyncRun) -> bool:
    """A run whose segments are being read waits for the last of them to close."""
    return run.phase != "segments" or not runs.segments_left(session, run)


def note(session: Session, task: tuple[str, int], error: ShoplineError, now: datetime) -> None:
    """Temporary: again later, ever later. Permanent: shown, and left until something changes."""
    kind, row_id = task
    if kind == "shop":
        _note_shop(session.get_one(Shop, row_id), error, now)
    elif kind == "opt_outs":
        writing_back.put_off(session, row_id, code_of(error), now)
    elif kind == "run":
        _note_run(session.get_one(SyncRun, row_id), error, now)
    else:
        _note_segment(session, session.get_one(Segment, row_id), error, now)


def _note_shop(shop: Shop, error: ShoplineError, now: datetime) -> None:
    """A store that refuses this one question knows us, so we are still in it."""
    asked = error.retry_after if isinstance(error, ShoplineBusy) else None
    shop.confirm_at = None if error.permanent else now + max(_AGAIN, timedelta(seconds=asked or 0))


def _note_run(run: SyncRun, error: ShoplineError, now: datetime) -> None:
    run.attempts += 1
    run.error = code_of(error)
    run.next_try_at = now + _wait(error, run.attempts)
    if error.permanent and run.page_info:
        run.page_info, run.contacts_done = None, 0  # the cursor itself may be what was refused


def _note_segment(
    session: Session, segment: Segment, error: ShoplineError, now: datetime
) -> None:
    if isinstance(error, Gone):
        unfinished.forget(session, segment.id)
        mark_deleted(segment, now)
        return
    segment.attempts += 1
    segment.error = code_of(error)
    if error.permanent and not unfinished.forget(session, segment.id):
        segment.stale_reason = segment.next_try_at = None
    else:  # also when a cursor was kept: it may be what was refused
        segment.next_try_at = now + _wait(error, segment.attempts)


def put_off(session: Session, shop_id: int, error: ShoplineError, until: datetime) -> None:
    """Everything of a shop waits; its runs say why."""
    session.execute(
        update(SyncRun)
        .where(SyncRun.shop_id == shop_id, SyncRun.state == RUNNING)
        .values(next_try_at=until, error=code_of(error))
    )
    session.execute(
        update(Segment)
        .where(Segment.shop_id == shop_id, Segment.stale_reason.is_not(None))
        .values(next_try_at=until, error=code_of(error))
    )
    writing_back.put_off_until(session, shop_id, code_of(error), until)
    doubted = update(Shop).where(Shop.id == shop_id, Shop.confirm_at.is_not(None))
    session.execute(doubted.values(confirm_at=until))


def next_try_at(session: Session, shop_id: int) -> datetime | None:
    """When something that waits for another try is due."""
    waiting = [
        select(SyncRun.next_try_at).where(SyncRun.shop_id == shop_id, SyncRun.state == RUNNING),
        select(Segment.next_try_at).where(
            Segment.shop_id == shop_id,
            Segment.source == SHOPLINE,
            Segment.stale_reason.is_not(None),
        ),
        select(Segment.reread_at).where(
            Segment.shop_id == shop_id, Segment.reread_at.is_not(None), Segment.state != DELETED
        ),
        select(Shop.confirm_at).where(Shop.id == shop_id),
    ]
    shop = session.get_one(Shop, shop_id)
    times = [time for each in waiting for time in session.scalars(each) if time]
    times += [at] if (at := shop.changes_due_at) else []
    return min(times, default=None)


def _wait(error: ShoplineError, attempts: int) -> timedelta:
    """3, 6, 12 ... seconds, at most ten minutes, or as long as SHOPLINE asked for."""
    asked = error.retry_after if isinstance(error, ShoplineBusy) else None
    seconds = min(3 * 2 ** (attempts - 1), int(_LONGEST_WAIT.total_seconds()))
    if error.permanent:
        seconds = max(seconds, 60)
    return timedelta(seconds=max(seconds, asked or 0))
