"""Reading a store's customers page by page: all, or those who changed since the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..contacts import people
from ..contacts.changing import numbers_of
from ..contacts.models import Contact
from ..shopline import Customer
from ..shops.models import Shop, ShopCounter
from . import deletions, findings, runs
from .holder import Holder
from .models import SyncRun

OVERLAP = timedelta(minutes=10)
"""Of the cursor with the night before: clocks differ, and a change may be listed late."""


def read_page(holder: Holder, run_id: int) -> None:
    """One page. The cursor is committed with the people it brought."""
    with holder.read() as session:
        run = session.get_one(SyncRun, run_id)
        page_info, since = run.page_info, run.since and run.since - OVERLAP
    page = holder.client.fetch_customer_page(page_info=page_info, updated_at_min=since)
    is_last_change = page.next_page_info is None and since is not None
    there = holder.client.fetch_customer_count() if is_last_change else None
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        _take(holder, session, run, page.items)
        run.page_info, run.error, run.attempts = page.next_page_info, None, 0
        run.calls += 1 if there is None else 2
        if there is not None and deletions.must_read_all(holder, session, run, there):
            _read_all(run, there)
        elif page.next_page_info is None:
            _end(session, holder.shop(session), run)


def _take(holder: Holder, session: Session, run: SyncRun, customers: Sequence[Customer]) -> None:
    if run.page_info is None:  # the first page, perhaps once more
        run.last_number = session.get_one(ShopCounter, run.shop_id).last_number
        run.seen = run.changed = BitMap()
    news = findings.news(session, run, customers)
    people.upsert_customers(session, run.shop_id, customers, "store", holder.now())
    refs = [customer.ref for customer in customers]
    numbers = numbers_of(session, run.shop_id, Contact.customer_ref, refs)
    untold = findings.unannounced(session, run.shop_id, news)
    findings.add(run, "customers", len(untold & numbers.keys()))  # the erased are nobody's news
    run.seen = (run.seen or BitMap()) | BitMap(numbers.values())
    run.contacts_done += len(customers)
    times = [customer.updated_at for customer in customers if customer.updated_at]
    run.newest_at = max([*times, *([run.newest_at] if run.newest_at else [])], default=None)
    if not run.whole:
        run.changed = (run.changed or BitMap()) | _changed(session, run, customers)


def _changed(session: Session, run: SyncRun, customers: Sequence[Customer]) -> BitMap:
    """The numbers of those who changed since the last night, also when all are read."""
    since = session.get_one(Shop, run.shop_id).customers_cursor
    refs = [
        each.ref
        for each in customers
        if since is None or each.updated_at is None or each.updated_at >= since - OVERLAP
    ]
    found = numbers_of(session, run.shop_id, Contact.customer_ref, refs)
    return BitMap(found.values())


def move_cursor(shop: Shop, run: SyncRun) -> None:
    """Once all pages are read and it is settled what follows: a run that is overtaken moves none.

    Not beyond the beginning of the run: who changed after their page was read, perhaps hours
    before the last one, is met by the next night.
    """
    if run.newest_at is not None:
        shop.customers_cursor = min(run.newest_at, run.started_at)


def _read_all(run: SyncRun, there: int) -> None:
    """From the first page on, in the same phase."""
    run.since, run.page_info = None, None
    run.contacts_done, run.contacts_total = 0, there


def _end(session: Session, shop: Shop, run: SyncRun) -> None:
    if run.since is None:
        shop.customers_read_at = run.started_at
        run.missing = _not_met(session, run)
    run.seen = None
    runs.advance(session, run.id)


def _not_met(session: Session, run: SyncRun) -> BitMap:
    """Whoever was here before the reading began and was not met: deleted, or missed."""
    before = Contact.number <= run.last_number
    here = session.scalars(select(Contact.number).where(*deletions.here(run.shop_id), before))
    return BitMap(here) - (run.seen or BitMap())
