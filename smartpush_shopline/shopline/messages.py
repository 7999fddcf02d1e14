"""Webhook bodies that are no object of the REST API, as frozen values.

Only the body of a delivery is signed: `store_ref`, `handle` and `domain` here say which store it
speaks of. Sources: the webhook topic pages of developer.shopline.com and its "GDPR webhook".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline.consent import parse_subscribe_action
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.models import Customer
from smartpush_shopline.shopline.parsing import parse_customer
from smartpush_shopline.shopline.values import (
    parse_count,
    parse_country_code,
    parse_optional_ref,
    parse_ref,
    parse_required_text,
    parse_text,
    parse_time,
    parse_word,
)

INSTALLED = {"install": True, "uninstall": False}


@dataclass(frozen=True, slots=True)
class DeletedCustomer:
    """`customers/delete`"""

    ref: str
    email: str | None
    phone: str | None  # as written, for the person is gone
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsentUpdate:
    """`customers_marketing_consent/update`: the customer, and what the person did, if it says."""

    customer: Customer
    channel: str | None
    state: str | None


@dataclass(frozen=True, slots=True)
class AppLifecycle:
    """`apps/installed_uninstalled`. One that names no app or no store proves nothing."""

    app_key: str | None
    handle: str | None
    store_ref: str | None
    merchant_ref: str | None
    name: str | None
    country_code: str | None
    timezone: str | None
    installed: bool
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerRedact:
    """`customers/redact`. Orders are named by their merchant-facing number, not by id."""

    customer_ref: str | None
    email: str | None
    phone: str | None
    order_names: frozenset[str]
    store_ref: str | None
    domain: str | None
    asked_at: datetime | None

    def names_order(self, name: str) -> bool:
        """Whether this order is meant; `#1001` and `1001` are the same."""
        return order_name_key(name) in self.order_names


@dataclass(frozen=True, slots=True)
class StoreRedact:
    """`merchants/redact`, 48 hours after the app was uninstalled."""

    store_ref: str
    domain: str | None
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShopUpdate:
    """`merchants/update`. None is what the payload left out, never "cleared"."""

    ref: str
    merchant_ref: str | None
    name: str | None
    domain: str | None
    currency: str | None
    timezone: str | None
    language: str | None
    status: int | None
    country_code: str | None


def order_name_key(name: str) -> str:
    """`#1001` and `1001` alike; a prefix such as `test1001` stays."""
    return name.strip().removeprefix("#")


def parse_deleted_customer(payload: object, path: str = "customer") -> DeletedCustomer:
    """Seven fields; `updated_at` is when it happened."""
    fields = Fields.of(payload, path)
    return DeletedCustomer(
        ref=fields.read(parse_ref, "id"),
        email=fields.read(parse_text, "email"),
        phone=fields.read(parse_text, "phone"),
        deleted_at=fields.read(parse_time, "updated_at"),
    )


def parse_consent_update(payload: object, default_country: str | None = None) -> ConsentUpdate:
    """A whole customer with one more field, the only camelCase one."""
    customer = parse_customer(payload, default_country)
    action = Fields.of(payload).read(parse_subscribe_action, "subscribeActionType")
    channel, state = action or (None, None)
    return ConsentUpdate(customer, channel, state)


def parse_app_lifecycle(payload: object, path: str = "app") -> AppLifecycle:
    """`operate` in any case; a word it does not know is refused."""
    fields = Fields.of(payload, path)
    operate = fields.read(parse_word, "operate")
    if operate not in INSTALLED:
        raise UnexpectedPayload(f"{fields.at('operate')} is neither INSTALL nor UNINSTALL")
    return AppLifecycle(
        app_key=fields.read(parse_text, "appkey"),
        handle=fields.read(parse_text, "handle"),
        store_ref=fields.read(parse_optional_ref, "store_id"),
        merchant_ref=fields.read(parse_optional_ref, "merchant_id"),
        name=fields.read(parse_text, "name"),
        country_code=fields.read(parse_country_code, "country_code"),
        timezone=fields.read(parse_text, "timezone"),
        installed=INSTALLED[operate],
        occurred_at=fields.read(parse_time, "timestamp") or fields.read(parse_time, "created_at"),
    )


def parse_customer_redact(payload: object, path: str = "") -> CustomerRedact:
    """Who must be forgotten: at least one of id, e-mail and telephone."""
    fields = Fields.of(payload, path)
    person = fields.required("customer")
    known = {
        "customer_ref": person.read(parse_optional_ref, "id"),
        "email": person.read(parse_text, "email"),
        "phone": person.read(parse_text, "phone"),
    }
    if not any(known.values()):
        raise UnexpectedPayload(f"{person.path} names nobody")
    names = [parse_required_text(row, at) for row, at in fields.rows("orders_to_redact")]
    return CustomerRedact(
        **known,
        order_names=frozenset(map(order_name_key, names)),
        store_ref=fields.read(parse_optional_ref, "shop_id"),
        domain=fields.read(parse_text, "shop_domain"),
        asked_at=fields.read(parse_time, "update_time"),
    )


def parse_store_redact(payload: object, path: str = "") -> StoreRedact:
    """Other names than in `customers/redact`: `store_id`, `store_domain`."""
    fields = Fields.of(payload, path)
    return StoreRedact(
        store_ref=fields.read(parse_ref, "store_id"),
        domain=fields.read(parse_text, "store_domain"),
        asked_at=fields.read(parse_time, "update_time"),
    )


def parse_shop_update(payload: object, path: str = "shop") -> ShopUpdate:
    """The fields of `merchants/shop.json`, flat, empty ones left out."""
    outer = Fields.of(payload, path)
    fields = outer.inner("data") or outer
    return ShopUpdate(
        ref=fields.read(parse_ref, "id"),
        merchant_ref=fields.read(parse_optional_ref, "merchant_id"),
        name=fields.read(parse_text, "name"),
        domain=fields.read(parse_text, "domain"),
        currency=fields.read(parse_text, "currency"),
        timezone=fields.read(parse_text, "iana_timezone"),
        language=fields.read(parse_text, "language"),
        status=fields.read(parse_count, "biz_store_status"),
        country_code=fields.read(parse_country_code, "location_country_code"),
    )
