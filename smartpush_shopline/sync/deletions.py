"""Customers who were deleted and no message told of it: listed nowhere, only counted no more."""

from __future__ import annotations

from pyroaring import BitMap
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ..contacts import people
from ..contacts.models import Contact
from ..errors import Gone
from ..shopline import MAX_LIMIT, Customer
from ..shops.models import Shop
from . import findings, planning, runs
from .holder import Holder
from .models import SyncRun


def here(shop_id: int) -> tuple[ColumnElement[bool], ...]:
    """The store's customers, as far as we know."""
    return (
        Contact.shop_id == shop_id,
        Contact.customer_ref.is_not(None),
        Contact.deleted_at.is_(None),
    )


def uncounted(session: Session, shop_id: int, there: int) -> int:
    """How many more are here than the store counts; negative when it counts more."""
    return session.scalars(select(func.count()).where(*here(shop_id))).one() - there


def must_read_all(holder: Holder, session: Session, run: SyncRun, there: int) -> bool:
    """Somebody is here who is not there any more, it seems, and the budget has room to find out."""
    shop, more = holder.shop(session), uncounted(session, run.shop_id, there)
    shop.customers_uncounted = min(shop.customers_uncounted, max(more, 0))
    run.uncounted = more
    fits = run.calls + planning.pages(there, MAX_LIMIT) <= holder.settings.night_budget
    if fits and _is_somebody_lost(shop, run):
        return True
    findings.note_uncounted(run, more, read=False)
    return False


def _is_somebody_lost(shop: Shop, run: SyncRun) -> bool:
    return planning.is_somebody_lost(
        run.uncounted or 0,
        shop.customers_uncounted,
        shop.readings_in_vain,
        shop.customers_read_at,
        run.started_at,
    )


def ask_about_missing(holder: Holder, run_id: int) -> None:
    """One customer. A listing may miss somebody, so only the store's own word deletes a person."""
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        found = _next_missing(session, run)
    if found is None:
        _end(holder, run)
        return
    number, ref = found
    customer = _fetch(holder, ref)
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        if customer is None:
            people.delete_customer(session, run.shop_id, ref, holder.now())
            findings.add(run, "deleted", 1)
            run.uncounted = None if run.uncounted is None else run.uncounted - 1
        else:
            people.upsert_customers(session, run.shop_id, [customer], "store", holder.now())
        run.missing = (run.missing or BitMap()) - BitMap([number])
        run.calls, run.error, run.attempts = run.calls + 1, None, 0


def _end(holder: Holder, run: SyncRun) -> None:
    """What differs now as before is explained by nothing that can be asked: it is remembered."""
    asks = run.since is None and run.uncounted is not None
    there = holder.client.fetch_customer_count() if asks else None
    with holder.begin() as session:
        run = runs.advance(session, run.id)
        run.missing = None
        if there is not None:
            run.calls += 1
            _remember(holder.shop(session), run, uncounted(session, run.shop_id, there))


def _remember(shop: Shop, run: SyncRun, more: int) -> None:
    """Whoever was deleted while all were read is no part of it: the next count tells of them."""
    rest = max(0, min(run.uncounted or 0, more))
    in_vain = rest > shop.customers_uncounted
    shop.readings_in_vain = shop.readings_in_vain + 1 if in_vain else 0
    shop.customers_uncounted = rest
    findings.note_uncounted(run, rest, read=True)


def _next_missing(session: Session, run: SyncRun) -> tuple[int, str] | None:
    """The lowest one left whom nobody deleted or erased meanwhile."""
    while run.missing:
        number = run.missing.min()
        asked = select(Contact.customer_ref).where(
            Contact.shop_id == run.shop_id,
            Contact.number == number,
            Contact.deleted_at.is_(None),
        )
        ref = session.scalars(asked).first()
        if ref is not None:
            return number, ref
        run.missing = run.missing - BitMap([number])
    return None


def _fetch(holder: Holder, ref: str) -> Customer | None:
    """None when the store says that it has no such customer."""
    try:
        return holder.client.fetch_customer(ref)
    except Gone as gone:
        if gone.reason == "store_not_install_app":
            raise
        return None
