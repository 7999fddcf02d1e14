"""Which deliveries somebody asks for: on the page, on the command line, for a replay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from .models import PARKED, RECEIVED, WORKING, Delivery


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that is given must be true of a delivery. Nothing given: all of the store.

    `text` is in one of its columns, or it is about something that is `named` so.
    """

    state: str = ""
    topic: str = ""
    text: str = ""
    named: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    ids: Sequence[int] = ()


def conditions(shop_id: int | None, wanted: Wanted, now: datetime) -> Iterator[ColumnElement[bool]]:
    if shop_id is not None:
        yield Delivery.shop_id == shop_id
    if wanted.ids:
        yield Delivery.id.in_(wanted.ids)
    if wanted.state:
        yield _in_state(wanted.state, now)
    if wanted.topic:
        yield Delivery.topic == wanted.topic
    if wanted.since:
        yield Delivery.received_at >= wanted.since
    if wanted.until:
        yield Delivery.received_at < wanted.until
    if wanted.text:
        yield _says(wanted.text, wanted.named)


def free(now: datetime) -> ColumnElement[bool]:
    """Nobody works on it now."""
    return or_(Delivery.claimed_until.is_(None), Delivery.claimed_until < now)


def _in_state(state: str, now: datetime) -> ColumnElement[bool]:
    if state == RECEIVED:
        return and_(Delivery.state == RECEIVED, free(now))
    if state == WORKING:
        return and_(Delivery.state == RECEIVED, Delivery.claimed_until >= now)
    return Delivery.state == state


def _says(text: str, named: Sequence[str]) -> ColumnElement[bool]:
    columns = (Delivery.subject_ref, Delivery.topic, Delivery.delivery_ref, Delivery.error)
    says = [column.icontains(text, autoescape=True) for column in columns]
    return or_(*says, *((Delivery.subject_ref.in_(named),) if named else ()))


def worked_since(session: Session, at: datetime) -> int:
    """How many of all stores have been worked, done or not, from then on."""
    return session.scalars(select(func.count(Delivery.id)).where(Delivery.worked_at >= at)).one()


def unfinished(session: Session, shop_id: int, now: datetime) -> dict[str, int]:
    """How many wait, are worked on, or were parked; cheap, for these are few."""
    here = (
        select(Delivery.state, free(now).label("is_free"))
        .where(Delivery.shop_id == shop_id, Delivery.state.in_((RECEIVED, PARKED)))
        .subquery()
    )
    asked: Select[Any] = select(*here.c, func.count()).group_by(*here.c)
    counts = {RECEIVED: 0, WORKING: 0, PARKED: 0}
    for state, is_free, count in session.execute(asked):
        counts[state if is_free or state == PARKED else WORKING] += count
    return counts

