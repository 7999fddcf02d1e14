"""What the sandbox knows: two stores, each a few shelves of things, under one lock."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from . import order_seed, seed
from .disk import Disk, NoDisk
from .model import (
    Code,
    Customer,
    Delivery,
    Install,
    Order,
    Planting,
    Segment,
    StoreInfo,
    Subscription,
    Token,
)
from .moods import Moods
from .rules import parse
from .settings import Clock, Settings
from .shelves import Counter, Crowd, Shelf
from .wire import Json

LOG_LENGTH = 1_000


def _latest(customer: Customer) -> float:
    return -customer.last_order_at.timestamp() if customer.last_order_at else 0.0


def _most(customer: Customer) -> int:
    return -customer.orders_count


ORDERS: dict[str, Callable[[Customer], Any]] = {"1": _latest, "2": _most}
"""How ``order`` of a segment's members is spelled: latest order first, most orders first."""


class Unknown(LookupError):
    """Nothing in this store has that id."""


class Store:
    """One SHOPLINE store. Changes are made inside ``with store.change()``."""

    def __init__(
        self, handle: str, disk: Disk, now: Clock, lock: threading.RLock, size: int | None = None
    ) -> None:
        self.handle, self.disk, self.now, self.lock = handle, disk, now, lock
        self.size = seed.CUSTOMERS[handle] if size is None else size
        self.moods = Moods()
        self.submit: Callable[[str, str], None] = lambda *_: None
        self._outgoing: list[str] = []
        self._infos = Shelf(self, "info", StoreInfo)
        self._counters = Shelf(self, "counter", Counter)
        self._planting = Shelf(self, "planting", Planting)
        self.customers = Crowd(self, "customer", Customer)
        self.orders = Crowd(self, "order", Order)
        self.segments = Shelf(self, "segment", Segment)
        self.subscriptions = Shelf(self, "subscription", Subscription)
        self.deliveries = Shelf(self, "delivery", Delivery)
        self.installs = Shelf(self, "install", Install)
        self.tokens = Shelf(self, "token", Token)
        self.codes = Shelf(self, "code", Code)
        if not len(self._infos):
            self.reset()
        for planting in self._planting.all():
            self._settle(planting)

    @property
    def info(self) -> StoreInfo:
        return self._infos.all()[0]

    @info.setter
    def info(self, info: StoreInfo) -> None:
        self._infos.put("info", info)

    @contextmanager
    def change(self) -> Iterator[None]:
        """One change: kept together, and its webhooks leave when it is kept."""
        with self.lock:
            try:
                yield
            except BaseException:
                self._outgoing.clear()
                self.disk.rollback()
                raise
            self.disk.commit()
            leaving, self._outgoing = self._outgoing, []
        for delivery_id in leaving:
            self.submit(self.handle, delivery_id)

    def reset(self, keep_app: bool = False, size: int | None = None, empty: bool = False) -> None:
        """The store as on its first day; ``keep_app`` leaves the installed app connected.

        ``size`` is the number of its customers, ``empty`` is a store without anything in it.
        """
        planting = Planting(0 if empty else self.size if size is None else size, self.now())
        planted = seed.plant(self.handle, planting.at, planting.size)
        with self.change():
            cleared: list[Shelf[Any] | Crowd[Any]] = [
                self.customers, self.orders, self.segments, self.deliveries, self._planting,
            ]  # fmt: skip
            if not keep_app:
                cleared += [self.subscriptions, self.installs, self.tokens, self.codes]
            for shelf in cleared:
                shelf.clear()
            self.moods = Moods()
            self.info = planted.info
            self._planting.put("first day", planting)
            self._settle(planting)
            for segment in () if empty else planted.segments:
                self.segments.put(segment.id, segment)
            last = seed.FIRST_ID[self.handle] + max(planting.size, 1) - 1
            self._counters.put("customer", Counter(last))
            last = seed.SEGMENT_ID[self.handle] + len(planted.segments) - 1
            self._counters.put("segment", Counter(last))

    def _settle(self, planting: Planting) -> None:
        first_day = (self.handle, planting.at, planting.size)
        self.customers.settle(lambda: seed.people(*first_day))
        self.orders.settle(lambda: order_seed.orders(*first_day))

    def next_number(self, kind: str, first: int = 1) -> int:
        """A number nobody had before, even after a deletion."""
        counter = self._counters.get(kind)
        number = counter.value + 1 if counter else first
        self._counters.put(kind, Counter(number))
        return number

    def members(self, segment: Segment, order: str = "") -> Sequence[Customer]:
        """Who is in the segment at this moment; by id or in one of the orders of ``ORDERS``."""
        now, zone = self.now(), self.info.zone
        rule = parse(segment.rule)
        name = (segment.rule, order, now.astimezone(zone).date(), self.info.timezone)
        return self.customers.select(rule.test(now, zone), ORDERS.get(order), name)

    def announce(self, topic: str, payload: Json, address: str | None = None) -> None:
        """Post this to everyone who subscribed to the topic, once the change is kept."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        receivers = [each for each in self.subscriptions.all() if each.topic == topic]
        if not receivers and address:
            now = self.now()
            receivers = [Subscription(0, topic, address, "v20260601", now, now)]
        for receiver in receivers:
            delivery = Delivery(
                id=secrets.token_hex(12),
                subscription_id=receiver.id,
                topic=topic,
                address=receiver.address,
                api_version=receiver.api_version,
                body=body,
                created_at=self.now(),
            )
            if self.moods.deliver == "never":
                delivery = replace(delivery, outcome="dropped")
            else:
                self._outgoing += [delivery.id] * (2 if self.moods.deliver == "twice" else 1)
            self.deliveries.put(delivery.id, delivery)
        self._shorten_log()

    def _shorten_log(self) -> None:
        surplus = len(self.deliveries) - LOG_LENGTH
        if surplus > 0:
            done = (each for each in self.deliveries.all() if each.outcome != "waiting")
            for delivery, _ in zip(done, range(surplus), strict=False):
                self.deliveries.drop(delivery.id)


class World:
    """Both stores and what they share."""

    def __init__(self, settings: Settings, now: Clock) -> None:
        self.settings, self.now = settings, now
        self.lock = threading.RLock()
        self.disk = Disk(settings.data) if settings.data else NoDisk()
        sizes = dict.fromkeys(seed.HANDLES) | {seed.HANDLES[0]: settings.customers}
        self.stores = {
            handle: Store(handle, self.disk, now, self.lock, size) for handle, size in sizes.items()
        }

    def find_store(self, handle: Any) -> Store | None:
        return self.stores.get(handle)
