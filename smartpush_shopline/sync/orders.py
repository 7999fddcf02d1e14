"""Whose orders changed since the last night: they may be in other segments now.

Whether an order bumps its buyer's `updated_at` is not public, and its message may be lost. Orders
only say whom to ask about; a night that reads every segment has no need of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..contacts.changing import numbers_of
from ..contacts.models import Contact
from ..shopline import FULFILMENT_PASSES, USUAL_PASSES, Order, Page
from ..shops.models import Shop
from . import checking, findings, runs
from .customers import OVERLAP
from .holder import Holder
from .models import CHANGES, SyncRun

_PASSES = (*USUAL_PASSES, *FULFILMENT_PASSES)
SCOPE = "read_orders"
FEWEST_CALLS = len(USUAL_PASSES) + 1
"""A page for each usual pass, and how many there are in all."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which of the passes, how many orders they have shown, and the cursor of the next page."""

    turn: int = 0
    shown: int = 0
    page_info: str | None = None

    @classmethod
    def of(cls, kept: str | None) -> Place:
        if kept is None:
            return cls()
        turn, shown, page_info = kept.split(" ", 2)
        return cls(int(turn), int(shown), page_info or None)

    def __str__(self) -> str:
        return f"{self.turn} {self.shown} {self.page_info or ''}"

    def after(self, page: Page[Order]) -> Place:
        shown = self.shown + len(page.items)
        if page.next_page_info is None:
            return Place(self.turn + 1, shown)
        return replace(self, shown=shown, page_info=page.next_page_info)


def read_page(holder: Holder, run_id: int) -> None:
    """One page. A store that does not let us read its orders has its night all the same."""
    with holder.read() as session:
        run = session.get_one(SyncRun, run_id)
        since, attempts = _since(session, run), run.attempts
        place = Place.of(run.page_info)
    page = _fetch(holder, place, since, attempts) if since else None
    after = place.after(page) if page else None
    counts = after is not None and (after.turn, after.page_info) == (len(USUAL_PASSES), None)
    there = _count(holder, since, attempts) if counts else None
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        if page is None or after is None:
            runs.advance(session, run_id)
            return
        _take(session, run, page.items)
        run.calls += 2 if counts else 1
        run.page_info, run.error, run.attempts = str(after), None, 0
        if after.turn == len(_PASSES) or (there is not None and after.shown >= there):
            runs.advance(session, run_id)


def _since(session: Session, run: SyncRun) -> datetime | None:
    """Where the customers of the last night ended, also when all customers are read tonight."""
    shop = session.get_one(Shop, run.shop_id)
    if run.whole or shop.customers_cursor is None or not is_granted(shop):
        return None
    return shop.customers_cursor - OVERLAP


def is_granted(shop: Shop) -> bool:
    """A private app's token does not say what it may do; the store refuses if it may not."""
    return shop.is_private or SCOPE in shop.scopes.split(",")


def _fetch(
    holder: Holder, place: Place, since: datetime, attempts: int
) -> Page[Order] | None:
    which, at = _PASSES[place.turn], place.page_info
    return checking.asked(
        lambda: holder.client.fetch_order_page(which, page_info=at, updated_at_min=since), attempts
    )


def _count(holder: Holder, since: datetime | None, attempts: int) -> int | None:
    return checking.asked(
        lambda: holder.client.fetch_order_count(updated_at_min=since), attempts
    )


def _take(session: Session, run: SyncRun, orders: tuple[Order, ...]) -> None:
    refs = {each.customer_ref for each in orders if each.customer_ref}
    numbers = numbers_of(session, run.shop_id, Contact.customer_ref, sorted(refs))
    run.changed = (run.changed or BitMap()) | BitMap(numbers.values())
    findings.add(run, "orders", len(_untold(session, run, orders)))


def _untold(session: Session, run: SyncRun, orders: tuple[Order, ...]) -> set[str]:
    """Each order of one night: from the beginning of the run before until that of this one."""
    earlier = (SyncRun.shop_id == run.shop_id, SyncRun.kind != CHANGES, SyncRun.id < run.id)
    began = session.scalar(select(func.max(SyncRun.started_at)).where(*earlier))
    news = {
        each.ref: each.updated_at
        for each in orders
        if began and each.updated_at and began <= each.updated_at < run.started_at
    }
    return findings.unannounced(session, run.shop_id, news)
