"""What the sandbox knows: two stores, each a few shelves of things, under one lock."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from . import seed
from .disk import Disk, NoDisk
from .model import (
    Code,
    Customer,
    Delivery,
    Install,
    Segment,
    StoreInfo,
    Subscription,
    Token,
)
from .moods import Moods
from .rules import parse
from .settings import Clock, Settings
from .wire import Json

T = TypeVar("T")
LOG_LENGTH = 1_000


class Unknown(LookupError):
    """Nothing in this store has that id."""


@dataclass(frozen=True)
class Counter:
    value: int


class Shelf(Generic[T]):
    """Things of one kind by their key, kept on the disk as well."""

    def __init__(self, store: Store, kind: str, kind_of: type[T]) -> None:
        self._store, self._kind = store, kind
        self._things = dict(store.disk.load(store.handle, kind, kind_of))

    def get(self, key: str) -> T | None:
        return self._things.get(key)

    def all(self) -> list[T]:
        with self._store.lock:
            return list(self._things.values())

    def put(self, key: str, thing: T) -> None:
        with self._store.lock:
            self._things[key] = thing
            self._store.disk.put(self._store.handle, self._kind, key, thing)

    def drop(self, key: str) -> None:
        with self._store.lock:
            if self._things.pop(key, None) is not None:
                self._store.disk.drop(self._store.handle, self._kind, key)

    def clear(self) -> None:
        for key in list(self._things):
            self.drop(key)

    def __len__(self) -> int:
        return len(self._things)


class Store:
    """One SHOPLINE store. Changes are made inside ``with store.change()``."""

    def __init__(self, handle: str, disk: Disk, now: Clock, lock: threading.RLock) -> None:
        self.handle, self.disk, self.now, self.lock = handle, disk, now, lock
        self.moods = Moods()
        self.submit: Callable[[str, str], None] = lambda *_: None
        self._outgoing: list[str] = []
        self._infos = Shelf(self, "info", StoreInfo)
        self._counters = Shelf(self, "counter", Counter)
        self.customers = Shelf(self, "customer", Customer)
        self.segments = Shelf(self, "segment", Segment)
        self.subscriptions = Shelf(self, "subscription", Subscription)
        self.deliveries = Shelf(self, "delivery", Delivery)
        self.installs = Shelf(self, "install", Install)
        self.tokens = Shelf(self, "token", Token)
        self.codes = Shelf(self, "code", Code)
        if not len(self._infos):
            self.reset()

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

    def reset(self, keep_app: bool = False) -> None:
        """The store as on its first day; ``keep_app`` leaves the installed app connected."""
        planted = seed.plant(self.handle, self.now())
        with self.change():
            cleared: list[Shelf[Any]] = [self.customers, self.segments, self.deliveries]
            if not keep_app:
                cleared += [self.subscriptions, self.installs, self.tokens, self.codes]
            for shelf in cleared:
                shelf.clear()
            self.moods = Moods()
            self.info = planted.info
            for customer in planted.customers:
                self.customers.put(customer.id, customer)
            for segment in planted.segments:
                self.segments.put(segment.id, segment)
            self._counters.put("customer", Counter(int(planted.customers[-1].id)))
            last = planted.segments[-1].id
            self._counters.put("segment", Counter(int(last.removeprefix("GROUP"))))

    def next_number(self, kind: str, first: int = 1) -> int:
        """A number nobody had before, even after a deletion."""
        counter = self._counters.get(kind)
        number = counter.value + 1 if counter else first
        self._counters.put(kind, Counter(number))
        return number

    def members(self, segment: Segment) -> list[Customer]:
        """Who is in the segment at this moment, by id."""
        test = parse(segment.rule).test(self.now(), self.info.zone)
        return [customer for customer in self.customers.all() if test(customer)]

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
        self.stores = {handle: Store(handle, self.disk, now, self.lock) for handle in seed.HANDLES}

    def find_store(self, handle: Any) -> Store | None:
        return self.stores.get(handle)
