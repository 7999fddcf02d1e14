"""Opt-outs that the dashboard has in its own tables: asked for regularly, and before a sending.

The cursor moves only when everything was taken, and goes back an hour each time: what the
dashboard committed late, or by a clock that is behind, is told again and changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..books import JobBook
from ..contracts import CHANNELS, OptOut
from ..errors import CannotSend, SmartPushError, trace_of
from ..shopline import parse_phone
from ..shops.models import PENDING, UNINSTALLED, Shop
from ..web import State
from .changing import email_key
from .models import OptOutReading
from .suppression import many
from .suppression.many import OptOutOf

SOURCE = "dashboard"
UNREAD = "opt_outs_unread"
RAISED, OTHER_CHANNEL, NO_ZONE = "raised", "other_channel", "no_zone"
"""Why they could not be read; `consent_notes` says it."""
EVERY, AGAIN, OVERLAP = timedelta(minutes=5), timedelta(minutes=1), timedelta(hours=1)
_CLAIM = timedelta(minutes=10)
log = logging.getLogger("smartpush")
jobs = JobBook()


class _Wrong(SmartPushError):
    """The dashboard's opt_outs gives something that is no opt-out."""

    def __init__(self, code: str, said: str = "") -> None:
        super().__init__(f"{code} {said}".strip())
        self.code = {"code": code, "said": said[:40]}


@jobs.job("opt_outs")
def read_due(state: State, shop_id: int | None = None) -> None:
    if state.opt_outs() is None:
        return
    with state.database.read() as session:
        there = select(Shop.id).where(Shop.status.not_in((PENDING, UNINSTALLED)))
        shops = [each for each in session.scalars(there) if shop_id in (None, each)]
        due = [each for each in shops if _is_due(session, each, state.now())]
    for each in due:
        read(state, each)


def make_sure(state: State, shop_id: int) -> None:
    """Before a sending. Raises CannotSend while the dashboard's opt-outs were never read."""
    if state.opt_outs() is None:
        return
    with state.database.read() as session:
        due = _is_due(session, shop_id, state.now())
    if due:
        read(state, shop_id)
    with state.database.read() as session:
        reading = session.get(OptOutReading, shop_id)
        if reading is None or reading.read_until is None:
            raise CannotSend(
                "The dashboard's own opt-outs could not be read yet, so nobody knows who must "
                "not get this.",
                reason=UNREAD,
            )


def _is_due(session: Session, shop_id: int, now: datetime) -> bool:
    reading = session.get(OptOutReading, shop_id)
    return reading is None or reading.next_try_at <= now


def read(state: State, shop_id: int) -> bool:
    """Ask the dashboard now. False when that failed, or another process is asking."""
    source, now = state.opt_outs(), state.now()
    if source is None or not state.database.retrying(lambda session: _claim(session, shop_id, now)):
        return False
    with state.database.read() as session:
        until = session.get_one(OptOutReading, shop_id).read_until
        shop = session.get_one(Shop, shop_id)
    try:
        told = source(until - OVERLAP if until else None)
        for some in _batches(_of_shop(told, shop.handle), state.settings.default_country):
            state.database.retrying(lambda session, b=some: _record(session, shop_id, b, now))  # type: ignore[misc]
    except Exception as error:
        log.error("smartpush.opt_outs_failed shop=%s\n%s", shop_id, trace_of(error))
        raised = {"code": RAISED, "said": type(error).__name__}
        why = error.code if isinstance(error, _Wrong) else raised
        state.database.retrying(lambda session: _failed(session, shop_id, why, state.now()))
        return False
    state.database.retrying(lambda session: _read(session, shop_id, now))
    return True


def _claim(session: Session, shop_id: int, now: datetime) -> bool:
    if session.get(OptOutReading, shop_id) is None:
        session.add(OptOutReading(shop_id=shop_id, next_try_at=now))
        session.flush()
    mine = update(OptOutReading).where(
        OptOutReading.shop_id == shop_id, OptOutReading.next_try_at <= now
    )
    won = session.execute(mine.values(next_try_at=now + _CLAIM))
    return bool(won.rowcount)  # type: ignore[attr-defined]


def _of_shop(told: Iterable[OptOut], handle: str) -> Iterator[OptOut]:
    return (each for each in told if each.shop in (None, handle))


def _batches(told: Iterator[OptOut], country: str | None) -> Iterator[list[OptOutOf]]:
    while some := list(islice(told, many.AT_ONCE)):
        yield [_understood(each, country) for each in some]


def _understood(told: OptOut, country: str | None) -> OptOutOf:
    if told.channel not in CHANNELS:
        raise _Wrong(OTHER_CHANNEL, str(told.channel))
    if told.occurred_at is not None and told.occurred_at.tzinfo is None:
        raise _Wrong(NO_ZONE)
    return OptOutOf(
        told.channel,
        email=email_key(told.email),
        phone=parse_phone(told.phone, country),
        host_ref=told.host_ref or None,
        at=told.occurred_at,
        evidence=told.evidence,
    )


def _record(session: Session, shop_id: int, some: list[OptOutOf], now: datetime) -> None:
    many.suppress(session, shop_id, some, SOURCE, now)


def _read(session: Session, shop_id: int, asked_at: datetime) -> None:
    reading = session.get_one(OptOutReading, shop_id, with_for_update=True)
    reading.read_until, reading.next_try_at = asked_at, asked_at + EVERY
    reading.failed_since = reading.error = None


def _failed(session: Session, shop_id: int, why: dict[str, str], now: datetime) -> None:
    reading = session.get_one(OptOutReading, shop_id, with_for_update=True)
    reading.failed_since, reading.error = reading.failed_since or now, why
    reading.next_try_at = now + AGAIN
