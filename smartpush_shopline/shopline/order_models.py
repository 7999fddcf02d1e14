"""Orders, as frozen values. Field lists follow Admin REST "Orders" of developer.shopline.com.

None always means "this payload did not say": the webhooks leave out different fields than REST, so
an order is merged field by field and a part of it never replaces the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from smartpush_shopline.shopline.models import Money

OPEN = "open"
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line; `ref` is unique only within its order."""

    ref: str
    product_ref: str | None
    variant_ref: str | None
    sku: str | None
    title: str | None
    variant_title: str | None
    vendor: str | None
    tags: tuple[str, ...]
    quantity: int | None
    price: Decimal | None
    gift_card: bool | None
    is_bundle: bool | None
    is_bundle_component: bool | None


@dataclass(frozen=True, slots=True)
class Payment:
    """`status`: unpaid, pending, risking, paid, paid_overtime, paid_failed."""

    ref: str | None
    status: str | None
    amount: Decimal | None
    channel: str | None
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundLine:
    """How much of an order's line was taken back."""

    line_ref: str | None
    quantity: int | None
    subtotal: Decimal | None


@dataclass(frozen=True, slots=True)
class Refund:
    """`amount` is what really went back: the sum of its successful transactions."""

    ref: str
    order_ref: str | None
    created_at: datetime | None
    processed_at: datetime | None
    note: str | None
    lines: tuple[RefundLine, ...]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DiscountCode:
    """`kind` is SHOPLINE's own word, in Chinese."""

    code: str
    amount: Decimal | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class OrderAddress:
    """Where an order goes, as far as segments need it."""

    country_code: str | None
    province: str | None
    city: str | None
    zip: str | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where the buyer came from."""

    landing_site: str | None
    referring_site: str | None
    source_name: str | None
    source_identifier: str | None
    source_url: str | None
    utm_parameters: str | None
    order_source: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `total` is in `currency`, the store's; `charged` is what the buyer saw."""

    ref: str
    name: str | None
    customer_ref: str | None
    email: str | None
    phone: str | None
    status: str | None  # open, cancelled
    financial_status: str | None
    fulfillment_status: str | None
    is_hidden: bool | None  # archived
    currency: str | None
    total: Decimal | None
    charged: Money | None
    subtotal: Decimal | None
    discounts: Decimal | None
    tax: Decimal | None
    created_at: datetime | None
    placed_at: datetime | None
    processed_at: datetime | None
    updated_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    paid_at: datetime | None
    tags: tuple[str, ...] | None
    note: str | None
    locale: str | None
    lines: tuple[OrderLine, ...] | None
    payments: tuple[Payment, ...] | None
    refunds: tuple[Refund, ...] | None
    discount_codes: tuple[DiscountCode, ...] | None
    shipping_address: OrderAddress | None
    attribution: Attribution | None
    store_ref: str | None

    @property
    def refunded(self) -> Decimal | None:
        """What went back of `total`; None when the payload has no refunds to tell of."""
        if self.refunds is None:
            return None
        return sum((refund.amount for refund in self.refunds), Decimal(0))

    def said(self) -> Mapping[str, Any]:
        """Only what this payload carries, by field name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


def merge_orders(known: Order, news: Order) -> Order:
    """Both together, field by field; where they disagree the later `updated_at` is right.

    Deliveries may overtake each other, so an older one only fills gaps.
    """
    if known.ref != news.ref:
        raise ValueError("two different orders")
    is_older = (
        known.updated_at is not None
        and news.updated_at is not None
        and news.updated_at < known.updated_at
    )
    older, newer = (news, known) if is_older else (known, news)
    return replace(older, **newer.said())
