"""SHOPLINE's objects, read from REST answers and webhook bodies into frozen values.

Unknown fields pass; a missing required one raises `UnexpectedPayload` with its path, such as
`customers[3].id is missing`. Single values are read in `values`, `phones` and `consent`.
Sources: the REST and webhook pages of developer.shopline.com named at each parser.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline.consent import (
    parse_email_consent,
    parse_flag,
    parse_mobile_flag,
    parse_sms_consent,
    parse_subscribe_action,
)
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.models import (
    Customer,
    DeletedSavedSearch,
    Member,
    SavedSearch,
    ShopInfo,
    Subscription,
    Token,
)
from smartpush_shopline.shopline.phones import known_country, parse_phone
from smartpush_shopline.shopline.values import (
    parse_birthday,
    parse_count,
    parse_country_code,
    parse_gender,
    parse_money,
    parse_optional_ref,
    parse_ref,
    parse_required_text,
    parse_state,
    parse_tags,
    parse_text,
    parse_time,
)

__all__ = [
    "parse_birthday",
    "parse_customer",
    "parse_deleted_saved_search",
    "parse_flag",
    "parse_gender",
    "parse_member",
    "parse_mobile_flag",
    "parse_money",
    "parse_phone",
    "parse_saved_search",
    "parse_shop",
    "parse_state",
    "parse_subscribe_action",
    "parse_subscription",
    "parse_tags",
    "parse_time",
    "parse_token",
]

TOKEN_LIFE = timedelta(hours=10)
def parse_customer(
    payload: object, default_country: str | None = None, path: str = "customer"
) -> Customer:
    """A customer of `v2/customers.json`, `customers/v2/{id}.json` or a `customers/*` webhook."""
    fields = Fields.of(payload, path)
    address = _main_address(fields)
    country = address.read(parse_country_code, "country_code")
    return Customer(
        ref=fields.read(parse_ref, "id"),
        email=fields.read(parse_text, "email"),
        phone=_phone(fields, country, default_country),
        first_name=fields.read(parse_text, "first_name"),
        last_name=fields.read(parse_text, "last_name"),
        nick_name=fields.read(parse_text, "nick_name"),
        gender=fields.read(parse_gender, "gender"),
        birthday=fields.read(parse_birthday, "birthday"),
        language=fields.read(parse_text, "language"),
        country_code=country,
        city=address.read(parse_text, "city"),
        tags=fields.read(parse_tags, "tags"),
        state=fields.read(parse_state, "state"),
        orders_count=fields.read(parse_count, "orders_count"),
        total_spent=fields.read(parse_money, "total_spent"),
        currency=fields.read(parse_text, "currency"),
        created_at=fields.read(parse_time, "created_at"),
        updated_at=fields.read(parse_time, "updated_at"),
        email_consent=parse_email_consent(fields),
        sms_consent=parse_sms_consent(fields),
    )


def parse_member(
    payload: object, default_country: str | None = None, path: str = "customer"
) -> Member:
    """A customer as `customer_saved_searches/{id}/customers.json` lists it."""
    fields = Fields.of(payload, path)
    country = _main_address(fields).read(parse_country_code, "country_code")
    return Member(
        ref=fields.read(parse_ref, "id"),
        email=fields.read(parse_text, "email"),
        phone=_phone(fields, country, default_country),
        first_name=fields.read(parse_text, "first_name"),
        last_name=fields.read(parse_text, "last_name"),
        nick_name=fields.read(parse_text, "nick_name"),
        state=fields.read(parse_state, "state"),
        tags=fields.read(parse_tags, "tags"),
        email_consent=parse_email_consent(fields),
        sms_consent=parse_sms_consent(fields),
        orders_count=fields.read(parse_count, "orders_count"),
        total_spent=fields.read(parse_money, "total_spent"),
        last_order_at=fields.read(parse_time, "last_order_time"),
        updated_at=fields.read(parse_time, "updated_at"),
    )


def parse_saved_search(payload: object, path: str = "customer_saved_search") -> SavedSearch:
    """A segment of `customer_saved_searches*.json` or `customer_groups/create` and `/update`."""
    fields = Fields.of(payload, path)
    return SavedSearch(
        ref=fields.read(parse_ref, "id"),
        name=fields.read(parse_required_text, "name"),
        query=fields.read(parse_text, "query") or "",
        created_at=fields.read(parse_time, "created_at"),
        updated_at=fields.read(parse_time, "updated_at"),
    )


def parse_deleted_saved_search(payload: object, path: str = "customer_group") -> DeletedSavedSearch:
    """The body of `customer_groups/delete`, whose time has an offset without colon."""
    fields = Fields.of(payload, path)
    return DeletedSavedSearch(
        ref=fields.read(parse_ref, "id"),
        store_ref=fields.read(parse_optional_ref, "store_id"),
        deleted_at=fields.read(parse_time, "deleted_at"),
    )


def parse_shop(payload: object, path: str = "") -> ShopInfo:
    """`merchants/shop.json` (inside `data`, integer id) and `merchants/update` (flat)."""
    outer = Fields.of(payload, path)
    fields = outer.inner("data") or outer
    return ShopInfo(
        ref=fields.read(parse_ref, "id"),
        merchant_ref=fields.read(parse_optional_ref, "merchant_id"),
        name=fields.read(parse_required_text, "name"),
        domain=fields.read(parse_text, "domain"),
        currency=fields.read(parse_text, "currency"),
        timezone=fields.read(parse_text, "iana_timezone"),
        language=fields.read(parse_text, "language"),
        status=fields.read(parse_count, "biz_store_status"),
        country_code=fields.read(parse_country_code, "location_country_code"),
    )


def parse_subscription(payload: object, path: str = "webhook") -> Subscription:
    """A webhook subscription; its id is an integer on the wire."""
    fields = Fields.of(payload, path)
    return Subscription(
        ref=fields.read(parse_ref, "id"),
        topic=fields.read(parse_required_text, "topic"),
        address=fields.read(parse_required_text, "address"),
        api_version=fields.read(parse_text, "api_version"),
    )


def parse_token(payload: object, now: datetime, path: str = "") -> Token:
    """The `data` of a token answer. An unreadable `expireTime` counts as ten hours from `now`."""
    fields = Fields.of(payload, path).required("data")
    try:
        expires_at = fields.read(parse_time, "expireTime")
    except UnexpectedPayload:
        expires_at = None
    scope = re.split(r"[,\s]+", fields.read(parse_text, "scope") or "")
    return Token(
        value=fields.read(parse_required_text, "accessToken"),
        expires_at=expires_at or now + TOKEN_LIFE,
        scope=frozenset(name for name in scope if name),
    )


def _phone(fields: Fields, *countries: str | None) -> str | None:
    """The person's own country explains a national number before the store's does."""
    return parse_phone(fields.data.get("phone"), known_country(*countries), fields.at("phone"))


def _main_address(fields: Fields) -> Fields:
    """`default_address`, which may be a stub, completed from its full twin in `addresses`."""
    stub = fields.inner("default_address") or Fields({}, fields.at("default_address"))
    listed = [Fields.of(row, path).data for row, path in fields.rows("addresses")]
    twins = [row for row in listed if row.get("id") and row.get("id") == stub.data.get("id")]
    marked = [row for row in listed if row.get("default")]
    whole = next(iter(twins or marked or listed), {})
    told = {name: value for name, value in stub.data.items() if value not in (None, "")}
    return Fields({**whole, **told}, stub.path)
