"""What Admin GraphQL answers.

Source on developer.shopline.com: `SegmentMembershipResponse`, `Customer`.
"""

from __future__ import annotations

from decimal import Decimal

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.models import CustomerNow
from smartpush_shopline.shopline.values import (
    parse_count,
    parse_money,
    parse_ref,
    parse_required_switch,
)


def parse_customer_now(data: Fields, number: int) -> CustomerNow:
    """The answers under the aliases of one customer."""
    segments = parse_memberships(data.required(f"m{number}"))
    return CustomerNow(segments, *parse_figures(data, f"f{number}"))


def parse_figures(data: Fields, name: str) -> tuple[int | None, Decimal | None]:
    """`numberOfOrders`, `amountSpent {amount}`. What cannot be read was not told: the rest of the
    answer is worth more."""
    try:
        customer = data.inner(name) or Fields({})
        spent = customer.inner("amountSpent") or Fields({})
        return customer.read(parse_count, "numberOfOrders"), spent.read(parse_money, "amount")
    except UnexpectedPayload:
        return None, None


def parse_memberships(connection: Fields) -> dict[str, bool]:
    """`memberships {segmentId isMember}` as segment → is a member."""
    told = {}
    for row, path in connection.rows("memberships", required=True):
        fields = Fields.of(row, path)
        told[fields.read(parse_ref, "segmentId")] = fields.read(parse_required_switch, "isMember")
    return told
