"""What SHOPLINE tells us, as frozen values.

Times are aware UTC, money is `Decimal`, ids are strings. Nothing here knows the wire: `parsing`
builds these from JSON. Field lists follow the Admin REST pages "Customers", "Customer grouping",
"Store" and "Webhook" of developer.shopline.com.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, TypeVar

T = TypeVar("T")

SUBSCRIBED = "subscribed"
UNSUBSCRIBED = "unsubscribed"
NOT_SUBSCRIBED = "not_subscribed"
PENDING = "pending"
INVALID = "invalid"

#: Every value `Consent.state` can have. SHOPLINE's "redacted" (address deleted) is read as
#: `unsubscribed`: nobody may be written to, and nothing softer than an opt-out describes it.
CONSENT_STATES = frozenset({SUBSCRIBED, UNSUBSCRIBED, NOT_SUBSCRIBED, PENDING, INVALID})


@dataclass(frozen=True, slots=True)
class ShopInfo:
    """One store. `status`: 1 to be activated, 2 open, 3 closed, 4 frozen, 5 deactivated."""

    ref: str
    merchant_ref: str | None
    name: str
    domain: str | None
    currency: str | None
    timezone: str | None  # as told: one that this machine does not know is no reason to stop
    language: str | None
    status: int | None
    country_code: str | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency (ISO 4217), where the wire gives both together."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Consent:
    """What the store states about one channel of one customer.

    `occurred_at` is the store's own date of the statement, `explicit` says that there is one.
    Without it the reader decides what date a payload may lend to its flags.
    """

    state: str
    occurred_at: datetime | None = None
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Customer:
    """A whole customer. `state`: 0 blacklisted or disabled, 1 not invited, 2 invited, 3 registered.

    `phone` is E.164 or None. A consent of None means "the payload said nothing", never "cleared".
    """

    ref: str
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    nick_name: str | None
    gender: str | None  # male, female, others, secret
    birthday: date | None
    language: str | None
    country_code: str | None
    city: str | None
    tags: tuple[str, ...]
    state: int
    orders_count: int | None
    total_spent: Decimal | None
    currency: str | None
    created_at: datetime | None
    updated_at: datetime | None
    email_consent: Consent | None
    sms_consent: Consent | None


@dataclass(frozen=True, slots=True)
class Member:
    """A customer as a segment lists it: fewer fields, flags only, the time of the last order."""

    ref: str
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    nick_name: str | None
    state: int
    tags: tuple[str, ...]
    email_consent: Consent | None
    sms_consent: Consent | None
    orders_count: int | None
    total_spent: Decimal | None
    last_order_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerNow:
    """segment → is a member, and the two figures that an order changes; None was not told."""

    segments: dict[str, bool]
    orders_count: int | None = None
    total_spent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A customer segment's definition. `query` is opaque and differs between sources."""

    ref: str
    name: str
    query: str
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeletedSavedSearch:
    """The body of `customer_groups/delete`."""

    ref: str
    store_ref: str | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One webhook topic that SHOPLINE posts to one address."""

    ref: str
    topic: str
    address: str
    api_version: str | None


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; its value stays out of every repr."""

    value: str = field(repr=False)
    expires_at: datetime
    scope: frozenset[str]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; `next_page_info` is opaque and None on the last page."""

    items: tuple[T, ...]
    next_page_info: str | None = None
