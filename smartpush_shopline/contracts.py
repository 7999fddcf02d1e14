"""What the dashboard hands in and gets back: plain shapes, no behaviour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

CHANNELS: tuple[str, ...] = ("email", "sms")
ACTIONS: tuple[str, ...] = ("view", "choose", "send", "sync", "export", "erase", "connect")


@dataclass(frozen=True, slots=True)
class ShopCard:
    """A connected store, as the dashboard's rules see it. `handle` is its stable name."""

    id: int
    handle: str
    name: str
    timezone: str
    currency: str


@dataclass(frozen=True, slots=True)
class SegmentCard:
    """One of the dashboard's own segments. `ref` is the dashboard's id of it, opaque to us."""

    ref: str
    name: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One member of a dashboard's own segment. `phone` is in E.164 form (+886912345678)."""

    host_ref: str
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person a campaign goes to, with the address of the campaign's channel."""

    number: int
    address: str
    first_name: str
    last_name: str
    customer_ref: str | None
    host_ref: str | None


class SegmentProvider(Protocol):
    """The dashboard's own segments. Both methods may be called often: keep them quick."""

    def list(self, shop: ShopCard) -> Iterable[SegmentCard]: ...

    def members(self, shop: ShopCard, ref: str) -> Iterable[Person]: ...


class NoNativeSegments:
    """A dashboard without segments of its own."""

    def list(self, shop: ShopCard) -> Sequence[SegmentCard]:
        return ()

    def members(self, shop: ShopCard, ref: str) -> Sequence[Person]:
        return ()
