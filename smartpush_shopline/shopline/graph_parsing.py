"""Objects of Admin GraphQL, read into frozen values.

Sources on developer.shopline.com: Admin GraphQL `SegmentConnection`,
`CustomerSegmentMemberConnection` (edges only), `SegmentMembershipResponse`, `MoneyV2`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline.consent import parse_marketing_state
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.graph_models import (
    GraphMember,
    GraphPage,
    GraphSegment,
    GraphShop,
)
from smartpush_shopline.shopline.models import Money
from smartpush_shopline.shopline.phones import known_country, parse_phone
from smartpush_shopline.shopline.values import (
    parse_count,
    parse_country_code,
    parse_money,
    parse_ref,
    parse_required_switch,
    parse_required_text,
    parse_switch,
    parse_text,
    parse_time,
    parse_timezone,
)

T = TypeVar("T")


def parse_graph_segment(payload: object, path: str = "segment") -> GraphSegment:
    """A node of `segments`, or `segment`."""
    fields = Fields.of(payload, path)
    return GraphSegment(
        ref=fields.read(parse_ref, "id"),
        name=fields.read(parse_required_text, "name"),
        query=fields.read(parse_text, "query") or "",
        created_at=fields.read(parse_time, "creationDate"),
        edited_at=fields.read(parse_time, "lastEditDate"),
    )


def parse_graph_member(
    payload: object, default_country: str | None = None, path: str = "node"
) -> GraphMember:
    """A node of `customerSegmentMembers`."""
    fields = Fields.of(payload, path)
    email, phone = fields.inner("defaultEmailAddress"), fields.inner("defaultPhoneNumber")
    address = fields.inner("defaultAddress")
    country = address.read(parse_country_code, "countryCodeV2") if address else None
    where = known_country(country, default_country)
    return GraphMember(
        ref=fields.read(parse_ref, "id"),
        first_name=fields.read(parse_text, "firstName"),
        last_name=fields.read(parse_text, "lastName"),
        display_name=fields.read(parse_text, "displayName"),
        note=fields.read(parse_text, "note"),
        email=email.read(parse_text, "emailAddress") if email else None,
        email_consent=email.read(parse_marketing_state, "marketingState") if email else None,
        phone=parse_phone(phone.data.get("phoneNumber"), where, phone.path) if phone else None,
        sms_consent=phone.read(parse_marketing_state, "marketingState") if phone else None,
        country_code=country,
        orders_count=fields.read(parse_count, "numberOfOrders"),
        spent=fields.read(parse_money_v2, "amountSpent"),
    )


def parse_money_v2(value: object, path: str = "amountSpent") -> Money | None:
    """`{"amount": "185.40", "currencyCode": "USD"}`"""
    if value is None:
        return None
    fields = Fields.of(value, path)
    amount = fields.read(parse_money, "amount")
    return None if amount is None else Money(amount, fields.read(parse_text, "currencyCode"))


def parse_graph_shop(payload: object, path: str = "shop") -> GraphShop:
    """`shop`"""
    fields = Fields.of(payload, path)
    return GraphShop(
        ref=fields.read(parse_ref, "id"),
        name=fields.read(parse_required_text, "name"),
        handle=fields.read(parse_text, "handle"),
        contact_email=fields.read(parse_text, "contactEmail"),
        currency=fields.read(parse_text, "currencyCode"),
        timezone=fields.read(parse_timezone, "ianaTimezone"),
    )


def parse_memberships(connection: Fields) -> dict[str, bool]:
    """`memberships {segmentId isMember}` as segment → is a member."""
    told = {}
    for row, path in connection.rows("memberships", required=True):
        fields = Fields.of(row, path)
        told[fields.read(parse_ref, "segmentId")] = fields.read(parse_required_switch, "isMember")
    return told


def parse_connection(
    connection: Fields, parse: Callable[[object, str], T], after: str | None
) -> GraphPage[T]:
    """One page of `edges`; a cursor that leads back to this page is refused."""
    info = connection.required("pageInfo")
    has_next = bool(info.read(parse_switch, "hasNextPage"))
    cursor = info.read(parse_text, "endCursor")
    if has_next and (cursor is None or cursor == after):
        raise UnexpectedPayload(f"{connection.path}: the next page is this page")
    nodes = (Fields.of(row, path) for row, path in connection.rows("edges", required=True))
    items = tuple(parse(edge.data.get("node"), edge.at("node")) for edge in nodes)
    total = connection.read(parse_count, "totalCount")
    return GraphPage(items, cursor if has_next else None, total)
