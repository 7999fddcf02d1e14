"""The things a store is made of. All of them are values: a change is a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

UNSUBSCRIBED, SUBSCRIBED, NOT_SUBSCRIBED, PENDING = 0, 1, 2, 3
BLACKLISTED, NOT_INVITED, INVITED, REGISTERED = 0, 1, 2, 3


@dataclass(frozen=True)
class Consent:
    """What a customer said about one channel, as in ``email_marketing_consent``."""

    state: int = NOT_SUBSCRIBED
    opt_in_level: int = 0
    updated_at: datetime | None = None
    collected_from: str | None = None

    @property
    def flag(self) -> int:
        """The ``*_subscribe_flag``: only three states, waiting counts as not subscribed."""
        return NOT_SUBSCRIBED if self.state == PENDING else self.state


@dataclass(frozen=True)
class Customer:
    id: str
    created_at: datetime
    updated_at: datetime
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    nick_name: str = ""
    gender: int = 0
    """0 unknown, 1 male, 2 female, 3 secret; every endpoint spells it differently."""
    birthday: str = ""
    language: str = "en"
    state: int = NOT_INVITED
    verified_email: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""
    city: str = ""
    orders_count: int = 0
    spent: int = 0
    """In hundredths of the store's currency."""
    last_order_id: str = ""
    last_order_name: str = ""
    last_order_at: datetime | None = None
    email_consent: Consent = Consent()
    sms_consent: Consent = Consent()

    @property
    def display_name(self) -> str:
        return self.nick_name or f"{self.first_name} {self.last_name}".strip() or "No name"


def order_ref(customer_id: str, number: int) -> str:
    """The 26 digits of an order that was there on the first day."""
    return f"2105{int(customer_id):014d}{number:08d}"


def order_name(index: int, number: int) -> str:
    """What the merchant calls it; nobody has more than 16 orders on the first day."""
    return f"#{10_000 + index * 16 + number}"


@dataclass(frozen=True)
class Order:
    id: str
    name: str
    customer_id: str
    amount: int
    """In hundredths of the store's currency."""
    placed_at: datetime
    updated_at: datetime
    financial: str = "paid"
    fulfilled: str = ""
    """Empty, ``partial`` or ``fulfilled``."""
    hidden: bool = False
    cancelled_at: datetime | None = None
    cancel_reason: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is in its buyer's figures."""
        return self.cancelled_at is None


@dataclass(frozen=True)
class Planting:
    """How the people of the first day are made."""

    size: int
    at: datetime


@dataclass(frozen=True)
class Segment:
    id: str
    name: str
    rule: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Subscription:
    id: int
    topic: str
    address: str
    api_version: str
    created_at: datetime
    updated_at: datetime
    last_success_at: datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """One message and what became of it; its id stays the same when it is sent again."""

    id: str
    subscription_id: int
    topic: str
    address: str
    api_version: str
    body: str
    created_at: datetime
    attempts: int = 0
    outcome: str = "waiting"
    """``waiting``, ``delivered``, ``failed`` (given up) or ``dropped`` (a mood)."""
    answer: str = ""
    """What the last attempt brought: ``200``, ``503``, ``no answer: ...``."""
    last_attempt_at: datetime | None = None


@dataclass(frozen=True)
class Token:
    value: str
    app_key: str
    scope: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Code:
    value: str
    scope: str
    expires_at: datetime


@dataclass(frozen=True)
class Install:
    app_key: str
    scope: str
    installed_at: datetime


@dataclass(frozen=True)
class Redaction:
    """An uninstall after which the store's data must be forgotten."""

    due_at: datetime


@dataclass(frozen=True)
class StoreInfo:
    handle: str
    store_id: str
    merchant_id: str
    name: str
    currency: str
    timezone: str
    country_code: str
    language: str
    email: str
    created_at: datetime
    updated_at: datetime

    @property
    def domain(self) -> str:
        return f"{self.handle}.myshopline.com"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
