"""How long messages are kept: a body as short as can be, a row long enough to know it again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.sql import ColumnElement

from ..books import JobBook
from ..web import State
from .models import DONE, IGNORED, PARKED, Delivery

BATCH = 1_000
jobs = JobBook()


@jobs.job("housekeeping")
def tidy(state: State, shop_id: int | None = None) -> None:
    """Drop the bodies of old parked messages, and the rows of messages long done."""
    settings, now = state.settings, state.now()
    _drop_bodies(state, now - settings.keep_parked)
    _drop_rows(state, now - settings.keep_deliveries)


def _drop_bodies(state: State, before: datetime) -> None:
    old = (Delivery.state == PARKED) & (Delivery.next_try_at < before)
    while ids := _some(state, old & Delivery.body.is_not(None)):
        with state.database.begin() as session:
            session.execute(update(Delivery).where(Delivery.id.in_(ids), old).values(body=None))


def _drop_rows(state: State, before: datetime) -> None:
    """SHOPLINE sends a message again for up to 48 hours: until then its row must be known."""
    old = Delivery.state.in_((DONE, IGNORED)) & (Delivery.next_try_at < before)
    while ids := _some(state, old):
        with state.database.begin() as session:
            session.execute(delete(Delivery).where(Delivery.id.in_(ids), old))


def _some(state: State, condition: ColumnElement[bool]) -> list[int]:
    with state.database.read() as session:
        return list(session.scalars(select(Delivery.id).where(condition).limit(BATCH)))
