"""Everything of a store that is gone: every row of every table that hangs on it.

The tables are found by their foreign keys, so that one that is added later is not forgotten.
"""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, select, tuple_
from sqlalchemy.orm import Session

from ..books import Context, JobBook, Payload, TopicBook
from ..database import Base
from ..errors import trace_of
from ..web import State
from . import redact
from .models import UNINSTALLED, Redaction, Shop

BATCH = 2_000
jobs = JobBook()
topics = TopicBook()
log = logging.getLogger("smartpush")


@topics.on("merchants/redact")
def store_asked_to_be_erased(change: Payload, ctx: Context) -> None:
    """SHOPLINE asks 48 hours after the app was uninstalled."""
    redact.check_names(ctx.shop, change)
    request = Redaction(shop_id=ctx.shop.id, handle=ctx.shop.handle, kind=redact.STORE)
    redact.enter(ctx.session, request, ctx.now)
    ctx.ring("redact_stores")


@jobs.job("redact_stores")
def redact_stores(state: State, shop_id: int | None = None) -> None:
    for request_id in redact.due(state, redact.STORE):
        if redact.claim(state, request_id):
            _redact(state, request_id)


def _redact(state: State, request_id: int) -> None:
    try:
        while _one_batch(state, request_id):
            pass
        why = redact.scrub(state)
    except Exception as error:
        log.error("smartpush.redaction_failed request=%s\n%s", request_id, trace_of(error))
        why = redact.FAILED
    redact.close(state, request_id, why)


def _one_batch(state: State, request_id: int) -> bool:
    """A short transaction; each looks afresh whether the store came back. False: nothing left."""
    with state.database.begin() as session:
        request = session.get_one(Redaction, request_id, with_for_update=True)
        if request.state != redact.WAITING or request.shop_id is None:
            return False
        shop = session.get_one(Shop, request.shop_id, with_for_update=True)
        if shop.status != UNINSTALLED:
            redact.refuse(request, redact.INSTALLED_AGAIN)
            return False
        gone = _delete_some(session, shop.id)
        if gone is None:
            _part(session, shop, state.now())
            return False
        table, count = gone
        request.erased = request.erased | {table: request.erased.get(table, 0) + count}
        return True


def _part(session: Session, shop: Shop, now: datetime) -> None:
    """The receipts hang on no store any more: its id may be given to another."""
    for receipt in session.scalars(select(Redaction).where(Redaction.shop_id == shop.id)):
        receipt.shop_id = None
        if receipt.kind == redact.PERSON and receipt.done_at is None:
            redact.finish(receipt, now)
    session.flush()
    session.delete(shop)


def _delete_some(session: Session, shop_id: int) -> tuple[str, int] | None:
    """The first table that still has rows, and how many of them went."""
    for table in reversed(Base.metadata.sorted_tables):
        owned = _owned_by(table, shop_id)
        if table is Shop.__table__ or owned is None:
            continue
        key = tuple_(*table.primary_key.columns)
        some = select(*table.primary_key.columns).where(owned).limit(BATCH)
        went = session.execute(delete(table).where(key.in_(some)))
        if went.rowcount:  # type: ignore[attr-defined]
            return table.name.removeprefix("smartpush_"), went.rowcount  # type: ignore[attr-defined]
    return None


def _owned_by(table: Table, shop_id: int) -> ColumnElement[bool] | None:
    """The rows of a table that hang on this store, directly or through another table."""
    if table.info.get("outlives_the_shop"):
        return None
    own = {"smartpush_shop": "id"}.get(table.name, "shop_id")
    if own in table.c:
        mine: ColumnElement[bool] = table.c[own] == shop_id
        return mine
    for key in table.foreign_keys:
        owner = key.column.table
        owned = _owned_by(owner, shop_id) if owner is not table else None
        if owned is not None:
            return key.parent.in_(select(key.column).where(owned))
    return None
