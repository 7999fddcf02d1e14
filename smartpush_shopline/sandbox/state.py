"""What the sandbox knows: two stores, each a few shelves of things, under one lock."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from . import neighbours, order_seed, seed
from .disk import Disk, NoDisk
from .membership import Membership
from .model import (
    Code,
    Customer,
    Delivery,
    Install,
    Order,
    Planting,
    Redaction,
    Segment,
    StoreInfo,
    Subscription,
    Token,
)
from .moods import Moods
from .outgoing import Leaving, departures
from .settings import Clock, Settings
from .shelves import Counter, Crowd, Shelf
from .twists import twist
from .wire import Json

LOG_LENGTH = 1_000


class Unknown(LookupError):
    """Nothing in this store has that id."""


class Store:
    """One SHOPLINE store. Changes are made inside ``with store.change()``."""

    def __init__(
        self,
        handle: str,
        disk: Disk,
        now: Clock,
        lock: threading.RLock,
        size: int | None = None,
        moods: Moods | None = None,
    ) -> None:
        self.handle, self.disk, self.now, self.lock = handle, disk, now, lock
        self.size = seed.CUSTOMERS[handle] if size is None else size
        self.moods = moods or Moods()
        self.submit: Callable[[str, list[Leaving]], None] = lambda *_: None
        self.redact_after: Callable[[float], None] = lambda _: None
        self._outgoing: list[Leaving] = []
        self._held: list[str] = []
        self.membership = Membership(self)
        self._infos = Shelf(self, "info", StoreInfo)
        self._counters = Shelf(self, "counter", Counter)
        self._planting = Shelf(self, "planting", Planting)
        self.customers = Crowd(self, "customer", Customer, self.membership.keep)
        self.orders = Crowd(self, "order", Order)
        self.segments = Shelf(self, "segment", Segment)
        self.subscriptions = Shelf(self, "subscription", Subscription)
        self.deliveries = Shelf(self, "delivery", Delivery)
        self.installs = Shelf(self, "install", Install)
        self.redactions = Shelf(self, "redaction", Redaction)
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
        """Days begin elsewhere in another zone: no snapshot of the old one says who is in then."""
        if len(self._infos) and info.timezone != self.info.timezone:
            self.membership.forget()
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
        if leaving:
            self.submit(self.handle, leaving)

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
                cleared += [self.redactions]
            for shelf in cleared:
                shelf.clear()
            self.moods.calm()
            self.membership.forget()
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
        self.customers.settle(lambda: neighbours.people(*first_day))
        self.orders.settle(lambda: order_seed.orders(*first_day))

    def next_number(self, kind: str, first: int = 1) -> int:
        """A number nobody had before, even after a deletion."""
        counter = self._counters.get(kind)
        number = counter.value + 1 if counter else first
        self._counters.put(kind, Counter(number))
        return number

    def members(self, segment: Segment, order: str = "") -> Sequence[Customer]:
        """Who is in the segment, by id or in one of the orders of ``membership``."""
        return self.membership.read(segment, order)

    def answers(self, status: int, times: int = 1, path: str = "") -> Store:
        """Plan answers: ``store.answers(429, times=3, path="customers.json")``."""
        with self.lock:
            self.moods.answer(status, times, path)
        return self

    def answers_once(self, status: int, path: str = "") -> Store:
        return self.answers(status, 1, path)

    def shorter(self, wait: timedelta) -> timedelta:
        """How long something takes at the speed of time that the moods ask for."""
        return wait / float(self.moods.speed)

    def announce(self, topic: str, payload: Json, address: str | None = None) -> None:
        """Post this to everyone who subscribed to the topic, once the change is kept."""
        told = twist(payload, self.moods, webhook=True)
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
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
            leaving = departures(delivery.id, self.moods, self._held)
            if not leaving:
                delivery = replace(delivery, outcome="dropped")
            self._outgoing += leaving
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

    def __init__(
        self, settings: Settings, now: Clock, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.settings, self.now, self.sleep = settings, now, sleep
        self.lock = threading.RLock()
        self.disk = Disk(settings.data) if settings.data else NoDisk()
        self.stores: dict[str, Store] = {}
        for handle in seed.HANDLES:
            size = settings.customers if handle == seed.HANDLES[0] else None
            moods = Moods({"webhook_hmac": settings.webhook_hmac})
            self.stores[handle] = Store(handle, self.disk, now, self.lock, size, moods)

    def find_store(self, handle: Any) -> Store | None:
        return self.stores.get(handle)
