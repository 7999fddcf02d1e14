"""What Admin GraphQL tells us, as frozen values. Ids are bare, without `gid://shopline/...`.

Sources on developer.shopline.com: Admin GraphQL `Segment`, `CustomerSegmentMember`, `Shop`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from smartpush_shopline.shopline.models import Money

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GraphSegment:
    """A segment with the time of its last edit; `query` is a JSON text, opaque as everywhere."""

    ref: str
    name: str
    query: str
    created_at: datetime | None
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class GraphMember:
    """A member; a consent of None means that there is no address of this channel."""

    ref: str
    first_name: str | None
    last_name: str | None
    display_name: str | None
    note: str | None
    email: str | None
    email_consent: str | None
    phone: str | None
    sms_consent: str | None
    country_code: str | None
    orders_count: int | None
    spent: Money | None


@dataclass(frozen=True, slots=True)
class GraphShop:
    """The store as GraphQL tells it: the only place besides the install that has its handle."""

    ref: str
    name: str
    handle: str | None
    contact_email: str | None
    currency: str | None
    timezone: str


@dataclass(frozen=True, slots=True)
class GraphPage(Generic[T]):
    """One page of a connection; `next_cursor` is None on the last one."""

    items: tuple[T, ...]
    next_cursor: str | None
    total: int | None = None
