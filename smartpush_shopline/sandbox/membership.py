"""Who is in a segment: at this moment, or as of a snapshot, as the moods have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from .model import Customer, Segment
from .rules import parse

if TYPE_CHECKING:
    from .state import Store

SNAPSHOT_LIFE = timedelta(minutes=10)


def _latest(customer: Customer) -> float:
    return -customer.last_order_at.timestamp() if customer.last_order_at else 0.0


def _most(customer: Customer) -> int:
    return -customer.orders_count


def _changed(customer: Customer) -> float:
    return customer.updated_at.timestamp()


ORDERS: dict[str, Callable[[Customer], Any]] = {
    # as `order` of REST has it: latest order first, most orders first; then GraphQL's
    "1": _latest,
    "2": _most,
    "LAST_ORDER_TIME": lambda customer: -_latest(customer),
    "FINAL_ORDER_CNT": lambda customer: customer.orders_count,
    "FINAL_AMOUNT": lambda customer: customer.spent,
    "UPDATE_TIME": _changed,
    "CREATE_TIME": lambda customer: customer.created_at.timestamp(),
}


@dataclass
class Snapshot:
    segment: Segment
    taken_at: datetime
    rows: dict[tuple[str, str], Sequence[Customer]]


class Membership:
    """One store's segments as somebody reads them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._snapshots: dict[str, Snapshot] = {}

    def read(
        self, segment: Segment, order: str = "", zone: ZoneInfo | None = None
    ) -> Sequence[Customer]:
        """By id, or in one of the ``ORDERS``; the days of a rule are those of the zone."""
        zone = zone or self._store.info.zone
        with self._store.lock:
            if self._store.moods.membership == "live":
                return self._live(segment, order, zone)
            snapshot, name = self._snapshot(segment), (order, zone.key)
            if name not in snapshot.rows:
                snapshot.rows[name] = self._live(snapshot.segment, order, zone)
            return snapshot.rows[name]

    def keep(self) -> None:
        """Before a change: what will be read for a while is what is true now."""
        if self._store.moods.membership == "snapshot":
            for segment in self._store.segments.all():
                for order in ("", "1", "2"):
                    self.read(segment, order)

    def forget(self) -> None:
        self._snapshots.clear()

    def _snapshot(self, segment: Segment) -> Snapshot:
        found, now = self._snapshots.get(segment.id), self._store.now()
        if found is None or now - found.taken_at >= self._store.shorter(SNAPSHOT_LIFE):
            found = self._snapshots[segment.id] = Snapshot(segment, now, {})
        return found

    def _live(self, segment: Segment, order: str, zone: ZoneInfo) -> Sequence[Customer]:
        now = self._store.now()
        name = (segment.rule, order, now.astimezone(zone).date(), zone.key)
        test = parse(segment.rule).test(now, zone)
        return self._store.customers.select(test, ORDERS.get(order), name)


def shifted(rows: Sequence[Customer], start: int, limit: int, seed: str) -> list[Customer]:
    """A page of rows of which somebody unread moved to the front before every page but the first.

    One row of the page before comes again, and whoever moved never comes.
    """
    front: list[int] = []
    for page in range(1, start // limit + 1):
        unread = range(page * limit, len(rows))
        left = [number for number in unread[:1_000] if number not in front]
        if left:
            front.insert(0, Random(f"{seed}-{page}").choice(left))
    moved = set(front)
    ahead = [rows[number] for number in front[start : start + limit]]
    rest = (number for number in range(len(rows)) if number not in moved)
    skip = max(0, start - len(front))
    part = islice(rest, skip, skip + limit)
    return [*ahead, *(rows[number] for number in part)][:limit]
