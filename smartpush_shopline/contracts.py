"""What the dashboard hands in and gets back: plain shapes, no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

CHANNELS: tuple[str, ...] = ("email", "sms")
ACTIONS: tuple[str, ...] = (
    "view",
    "choose",
    "send",
    "sync",
    "export",
    "suppress",
    "erase",
    "connect",
)


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
class OptOut:
    """Somebody of the dashboard's own who does not want messages on `channel` any more.

    Give the address of the channel whenever you know it (`email`, or `phone` in E.164 form): it
    binds whoever has it or comes with it. `host_ref` is your id of the person. `occurred_at` has
    a time zone; None counts from now. `shop` is a store's handle; None means all of them.
    """

    channel: str
    occurred_at: datetime | None
    email: str | None = None
    phone: str | None = None
    host_ref: str | None = None
    shop: str | None = None
    evidence: str = ""


OptOuts = Callable[[datetime | None], Iterable[OptOut]]
"""`opt_outs(since)`: all opt-outs recorded since then, or ever. Asked every five minutes."""


class Recipient(NamedTuple):
    """One person a campaign goes to, with the address of the campaign's channel.

    `unsubscribe_url` and `headers` are there when the recipient came in a batch. A tuple, because
    a campaign makes a million of them and nothing else is made as fast.
    """

    number: int
    address: str
    first_name: str
    last_name: str
    customer_ref: str | None
    host_ref: str | None
    language: str | None = None
    country_code: str | None = None
    city: str | None = None
    orders_count: int | None = None
    total_spent: Decimal | None = None
    link: Callable[[int], str] | None = None

    @property
    def unsubscribe_url(self) -> str:
        """A page of ours where this person can unsubscribe, without a login. It never expires."""
        return self.link(self.number) if self.link else ""

    @property
    def headers(self) -> dict[str, str]:
        """What an e-mail needs for the unsubscribe button of a mailbox (RFC 8058)."""
        url = self.unsubscribe_url
        if not url:
            return {}
        return {
            "List-Unsubscribe": f"<{url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    @property
    def fields(self) -> dict[str, str]:
        """For merging into a text: every value is a string, empty when it is not known."""
        known = {name: getattr(self, name) for name in MERGE_FIELDS}
        return {name: "" if value is None else str(value) for name, value in known.items()}


MERGE_FIELDS = (
    "first_name",
    "last_name",
    "address",
    "language",
    "country_code",
    "city",
    "orders_count",
    "total_spent",
    "unsubscribe_url",
)


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
