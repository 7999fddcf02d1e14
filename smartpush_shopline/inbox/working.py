"""Working off the inbox: claim, hand to the topic's handler, done or later or parked."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..books import Context, JobBook
from ..errors import LeaseLost, ShoplineBusy, ShoplineError, SmartPushError, trace_of
from ..web import State
from . import words
from .finding import free
from .models import DONE, IGNORED, PARKED, RECEIVED, Delivery

LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
ATTEMPTS = 56
"""48 hours of trying: nine waits that grow to an hour, then one an hour."""
jobs = JobBook()
log = logging.getLogger("smartpush")


@jobs.job("inbox")
def drain(state: State, shop_id: int | None = None) -> None:
    """Work off every delivery that is due. Many workers may do this at once."""
    for delivery_id in _due(state):
        if claim(state, delivery_id):
            _work(state, delivery_id)


def _due(state: State) -> list[int]:
    now = state.now()
    with state.database.read() as session:
        return list(
            session.scalars(
                select(Delivery.id)
                .where(Delivery.state == RECEIVED, Delivery.next_try_at <= now, free(now))
                .order_by(Delivery.id)
            )
        )


def claim(state: State, delivery_id: int) -> bool:
    """Many workers, no locks, the loser walks on; a dead worker's row comes back by itself."""
    now = state.now()
    mine = update(Delivery).where(
        Delivery.id == delivery_id, Delivery.state == RECEIVED, free(now)
    )
    with state.database.begin() as session:
        won = session.execute(mine.values(claimed_until=now + LEASE))
        return bool(won.rowcount)  # type: ignore[attr-defined]


def _work(state: State, delivery_id: int) -> None:
    try:
        rings, shop_id = state.database.retrying(lambda s: _handle(state, s, delivery_id))
    except Exception as error:
        _failed(state, delivery_id, error)
        return
    for job in rings:
        state.ring(job, shop_id)


def _handle(state: State, session: Session, delivery_id: int) -> tuple[set[str], int]:
    """The work and its being done are one transaction.

    A worker that wakes up after its claim has ended may find that another one did it.
    """
    delivery = session.get_one(Delivery, delivery_id, with_for_update=True)
    if delivery.state != RECEIVED:
        return set(), delivery.shop_id
    handler = state.topics.find(delivery.topic)
    shop = state.get_shop(session, delivery.shop_id)
    context = Context(session, shop, state.now(), state.settings)
    if handler is not None:
        handler(json.loads(delivery.body or b"{}"), context)
    delivery.state = DONE if handler else IGNORED
    delivery.reason = None if handler else words.NO_HANDLER
    delivery.worked_at, delivery.body, delivery.error = state.now(), None, None
    if context.about_nobody:
        delivery.subject_ref, delivery.reason = None, words.ABOUT_NOBODY
    return context.rings, delivery.shop_id


def _failed(state: State, delivery_id: int, error: Exception) -> None:
    """Written outside the transaction that failed."""
    log.error("smartpush.delivery_failed delivery=%s\n%s", delivery_id, trace_of(error))
    with state.database.begin() as session:
        delivery = session.get(Delivery, delivery_id, with_for_update=True)
        if delivery is None or delivery.state != RECEIVED:
            return
        delivery.attempts += 1
        delivery.reason, delivery.error = words.code_of(error)
        delivery.claimed_until = None
        delivery.next_try_at = state.now() + _wait(error, delivery.attempts)
        if _is_permanent(error) or delivery.attempts >= ATTEMPTS:
            delivery.state, delivery.next_try_at = PARKED, state.now()


def _wait(error: Exception, attempts: int) -> timedelta:
    """10, 20, 40 ... seconds, or as long as SHOPLINE asked for; an hour at most."""
    asked = error.retry_after if isinstance(error, ShoplineBusy) else None
    seconds = min(max(5 * 2**attempts, asked or 0), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=seconds)


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, ShoplineError):
        return error.permanent
    if isinstance(error, LeaseLost):
        return False
    return isinstance(error, (SmartPushError, KeyError, TypeError, ValueError))
