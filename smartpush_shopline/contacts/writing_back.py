"""Opt-outs of ours that the store is to be told: rows, which the holder of its lease works off.

They are noted whether SMARTPUSH_WRITE_BACK is on or not, so that turning it on misses nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_, update
from sqlalchemy.orm import Session

from ..shops.models import Shop
from . import consent
from .models import Contact, WriteBack
from .rows import Row

SCOPE = "write_customers"
WAITING, DONE, NEEDLESS, REFUSED = "waiting", "done", "needless", "refused"
FORBIDDEN_SECONDS = 3600.0
_LONGEST_WAIT = timedelta(hours=1)
Failure = Mapping[str, Any]
"""As `failure.code_of` makes it."""


@dataclass(frozen=True, slots=True)
class Due:
    """What to tell the store: this customer opted out of this channel, then."""

    contact_id: int
    channel: str
    customer_ref: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """How many opt-outs wait, how many were refused for good, and why one of them was not taken."""

    waiting: int
    refused: int
    error: Failure | None


def is_granted(shop: Shop) -> bool:
    """A private app's token does not say what it may do; the store refuses if it may not."""
    return shop.is_private or SCOPE in shop.scopes.split(",")


def note(
    session: Session, opt_outs: Iterable[tuple[Row, str, datetime]], now: datetime
) -> None:
    """They opted out here: one row for each person and channel, however often they say so."""
    new = {(contact.id, channel): (contact, at) for contact, channel, at in opt_outs}
    known = {(row.contact_id, row.channel): row for row in _rows(session, list(new))}
    for (contact_id, channel), (contact, at) in new.items():
        row = known.get((contact_id, channel))
        if row is None:
            row = WriteBack(contact_id=contact_id, channel=channel, shop_id=contact.shop_id)
            session.add(row)
        row.state, row.occurred_at, row.next_try_at = WAITING, at, now
        row.attempts, row.error, row.done_at = 0, None, None


def _rows(session: Session, keys: list[tuple[int, str]]) -> list[WriteBack]:
    if not keys:
        return []
    mine = tuple_(WriteBack.contact_id, WriteBack.channel).in_(keys)
    return list(session.scalars(select(WriteBack).where(mine)))


def first_due(session: Session, shop: Shop, now: datetime) -> datetime | None:
    """Since when something waits to be told now to a store that lets us write."""
    if not is_granted(shop):
        return None
    asked = select(func.min(WriteBack.next_try_at)).where(*_waiting(shop.id, now))
    return session.scalar(asked)


def take(session: Session, shop_id: int, now: datetime) -> Due | None:
    """The next one to tell. What the store says already, or what was lifted since, is closed."""
    asked = select(WriteBack).where(*_waiting(shop_id, now))
    for row in session.scalars(asked.order_by(WriteBack.next_try_at).limit(500)).all():
        contact = session.get_one(Contact, row.contact_id)
        if contact.customer_ref and _is_news_to_the_store(contact, row.channel):
            return Due(row.contact_id, row.channel, contact.customer_ref, row.occurred_at)
        row.state, row.done_at, row.error = NEEDLESS, now, None
    return None


def _is_news_to_the_store(contact: Contact, channel: str) -> bool:
    ours, theirs = (getattr(contact, f"{channel}_{what}") for what in ("standing", "stated"))
    return (
        contact.deleted_at is None
        and ours == consent.UNSUBSCRIBED
        and theirs != consent.UNSUBSCRIBED
    )


def _waiting(shop_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        WriteBack.shop_id == shop_id,
        WriteBack.state == WAITING,
        WriteBack.next_try_at <= now,
    )


def close(session: Session, due: Due, now: datetime, refusal: Failure | None = None) -> None:
    """Told; or refused for good, which a person sees."""
    row = session.get(WriteBack, (due.contact_id, due.channel))
    if row is None or row.state != WAITING or row.occurred_at != due.occurred_at:
        return  # erased, or they opted out once more meanwhile
    row.state, row.done_at = REFUSED if refusal else DONE, now
    row.error = dict(refusal) if refusal else None


def put_off(
    session: Session, shop_id: int, error: Failure, now: datetime, seconds: float = 0
) -> None:
    """The store cannot be told now: all that waits is tried later, ever later."""
    rows = list(session.scalars(select(WriteBack).where(*_waiting(shop_id, now))))
    tries = max((row.attempts for row in rows), default=0) + 1
    wait = min(timedelta(seconds=max(seconds, 15 * 2 ** min(tries, 10))), _LONGEST_WAIT)
    mine = update(WriteBack).where(*_waiting(shop_id, now))
    session.execute(mine.values(attempts=tries, error=error, next_try_at=now + wait))


def put_off_until(session: Session, shop_id: int, error: Failure, until: datetime) -> None:
    """Everything of the store waits, and this with it."""
    mine = update(WriteBack).where(WriteBack.shop_id == shop_id, WriteBack.state == WAITING)
    session.execute(mine.values(error=error, next_try_at=until))


def again(session: Session, shop_id: int, now: datetime) -> int:
    """A person lets everything that waits or was refused be tried now. Returns how many."""
    mine = update(WriteBack).where(
        WriteBack.shop_id == shop_id, WriteBack.state.in_((WAITING, REFUSED))
    )
    tried = session.execute(
        mine.values(state=WAITING, next_try_at=now, attempts=0, error=None, done_at=None)
    )
    return int(tried.rowcount)  # type: ignore[attr-defined]


def tally(session: Session, shop_id: int) -> Tally:
    mine = WriteBack.shop_id == shop_id
    many = func.count().label("many")
    states = select(WriteBack.state, many).where(mine).group_by(WriteBack.state)
    counts = {row.state: row.many for row in session.execute(states)}
    not_taken = select(WriteBack.error).where(
        mine, WriteBack.state.in_((WAITING, REFUSED)), WriteBack.error.is_not(None)
    )
    error = session.scalars(not_taken.order_by(WriteBack.state, WriteBack.next_try_at)).first()
    return Tally(counts.get(WAITING, 0), counts.get(REFUSED, 0), error)
