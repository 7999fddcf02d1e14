"""Orders from REST and from webhooks that leave out different fields."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline import (
    DiscountCode,
    Money,
    OrderAddress,
    RefundLine,
    merge_orders,
    parse_order,
    parse_order_status,
    parse_order_webhook,
    parse_refund,
)


@pytest.fixture
def orders(payload):
    return [parse_order(row) for row in payload("orders")["orders"]]


def test_an_order_is_read_whole(orders):
    order = orders[0]
    assert (order.ref, order.name, order.customer_ref) == (
        "21050000000000000000000001",
        "#1001",
        "4210000001",
    )
    assert (order.email, order.phone) == ("ann@example.com", "+6512345678")
    assert (order.status, order.financial_status, order.fulfillment_status, order.is_hidden) == (
        "open",
        "partially_refunded",
        None,
        False,
    )
    assert (order.total, order.currency) == (Decimal("60.00"), "USD")
    assert order.charged == Money(Decimal("80.10"), "SGD")
    assert (order.subtotal, order.discounts, order.tax) == (Decimal("65.00"), Decimal("5.00"), 0)
    assert order.placed_at == datetime(2026, 10, 30, 1, 0, 5, tzinfo=UTC)
    assert (order.tags, order.note, order.locale) == (("gift", "vip"), None, "enSG")
    assert order.shipping_address == OrderAddress("SG", None, "Singapore", "018956")
    assert (order.attribution.landing_site, order.attribution.utm_parameters) == (
        "/sale",
        "utm_source=mail",
    )
    assert (order.store_ref, order.cancelled_at) == ("1610418123456", None)


def test_lines_payments_and_refunds_are_read(orders):
    order = orders[0]
    (line,), (payment,), (refund,) = order.lines, order.payments, order.refunds
    assert (line.ref, line.title, line.variant_title, line.vendor) == (
        "417",
        "Linen shirt",
        "M",
        "Loom",
    )
    assert (line.quantity, line.price, line.gift_card, line.tags) == (
        1,
        Decimal("65.00"),
        False,
        ("summer",),
    )
    assert (payment.status, payment.amount, payment.channel) == ("paid", Decimal("60.0"), "card")
    assert order.paid_at == datetime(2026, 10, 30, 1, 0, 6, tzinfo=UTC)
    assert refund.lines == (RefundLine("417", 1, Decimal("10.00")),)
    assert (refund.amount, order.refunded) == (Decimal("7.50"), Decimal("7.50"))
    assert order.discount_codes == (DiscountCode("HELLO", Decimal("5.00"), "固定金额"),)


def test_an_order_that_says_little_has_gaps_and_no_zeros(orders):
    order = orders[1]
    assert (order.status, order.is_hidden, order.total) == ("cancelled", True, Decimal(0))
    gaps = (order.lines, order.payments, order.refunds, order.refunded, order.paid_at, order.tags)
    assert gaps == (None,) * 6
    assert (order.customer_ref, order.attribution, order.shipping_address) == (None, None, None)
    assert set(order.said()) == {
        "ref", "name", "status", "is_hidden", "currency", "total", "updated_at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("canceled", "cancelled"),
        ("cancelled", "cancelled"),
        ("Canceled", "cancelled"),
        ("open", "open"),
        ("", None),
        (None, None),
    ],
)
def test_both_spellings_of_cancelled_are_one(wire, read):
    assert parse_order_status(wire) == read


def test_a_cancelling_delivery_has_no_status_so_its_topic_says_it(payload):
    told = payload("orders_cancelled_webhook")
    assert parse_order_webhook("orders/cancelled", told).status == "cancelled"
    assert parse_order_webhook("orders/updated", told).status is None


def test_an_order_with_a_cancelling_time_is_cancelled_whatever_its_status(payload):
    row = payload("orders")["orders"][0] | {"cancelled_at": "2026-11-02T10:00:00+08:00"}
    assert parse_order(row).status == "cancelled"


def test_a_paid_delivery_carries_no_status_and_spells_gift_card_its_own_way(payload):
    order = parse_order_webhook("orders/paid", payload("orders_paid_webhook"))
    assert (order.status, order.placed_at, order.processed_at, order.is_hidden) == (None,) * 4
    assert (order.lines[0].gift_card, order.lines[0].is_bundle) == (True, None)


def test_a_delivery_never_clears_what_rest_told(orders, payload):
    paid = parse_order_webhook("orders/paid", payload("orders_paid_webhook"))
    both = merge_orders(orders[0], paid)
    assert (both.financial_status, both.updated_at) == ("paid", paid.updated_at)
    assert (both.status, both.is_hidden, both.placed_at) == ("open", False, orders[0].placed_at)
    assert (both.refunds, both.attribution) == (orders[0].refunds, orders[0].attribution)


def test_a_delivery_that_was_overtaken_only_fills_gaps(orders, payload):
    cancelled = parse_order_webhook("orders/cancelled", payload("orders_cancelled_webhook"))
    both = merge_orders(merge_orders(cancelled, orders[0]), orders[0])
    assert (both.status, both.updated_at) == ("cancelled", cancelled.updated_at)
    assert (both.cancel_reason, both.total) == ("customer", Decimal("60.00"))


def test_two_different_orders_are_never_merged(orders):
    with pytest.raises(ValueError, match="two different"):
        merge_orders(*orders)


def test_a_guest_is_known_by_what_the_order_or_its_customer_says(payload):
    row = payload("orders")["orders"][0]
    del row["user_id"], row["email"], row["phone"]
    row["customer"]["phone"] = "12345678"
    order = parse_order(row)
    assert (order.customer_ref, order.email, order.phone) == (
        "4210000001",
        "ann@example.com",
        "+6512345678",
    )
    del row["customer"]
    assert parse_order(row).customer_ref is None


def test_a_payment_without_a_placed_time_dates_nothing(payload):
    row = payload("orders")["orders"][0]
    del row["payment_details"][0]["processed_at"]
    assert parse_order(row).paid_at is None
    row["payment_details"] = [{"pay_status": "paid_failed", "processed_at": row["order_at"]}]
    assert parse_order(row).paid_at is None


def test_a_refund_delivery_names_its_order():
    refund = parse_refund({"id": "R2", "order_id": "2105", "transactions": None})
    assert (refund.ref, refund.order_ref, refund.amount, refund.lines) == ("R2", "2105", 0, ())


def test_null_and_missing_are_the_same_and_unknown_fields_pass(payload):
    row = payload("orders")["orders"][1]
    nulls = dict.fromkeys(payload("orders")["orders"][0]) | row | {"serivce": {"x": 1}}
    assert parse_order(nulls) == parse_order(row)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": None}, "orders[3].id is missing"),
        ({"current_total_price": "much"}, "orders[3].current_total_price is not an amount"),
        ({"line_items": [{"id": "1"}, {}]}, "orders[3].line_items[1].id is missing"),
        ({"line_items": {}}, "orders[3].line_items is not a list"),
        (
            {"refunds": [{"id": 1, "transactions": 3}]},
            "orders[3].refunds[0].transactions is not a list",
        ),
        ({"discount_codes": [{}]}, "orders[3].discount_codes[0].code is missing"),
        ({"customer": []}, "orders[3].customer is not an object"),
        (
            {"updated_at": "2026-10-30 09:00:00"},
            "orders[3].updated_at is not a time with an offset",
        ),
        ({"hidden_order": "maybe"}, "orders[3].hidden_order is neither true nor false"),
    ],
)
def test_a_complaint_names_its_path(payload, change, complaint):
    with pytest.raises(UnexpectedPayload) as refusal:
        parse_order(payload("orders")["orders"][0] | change, path="orders[3]")
    assert str(refusal.value) == complaint
