"""Orders, read from `orders.json` and from the bodies of `orders/*` and `refunds/*` webhooks.

Sources on developer.shopline.com: Admin REST "Orders" and the webhook pages of its topics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.models import Money
from smartpush_shopline.shopline.order_models import (
    CANCELLED,
    Attribution,
    DiscountCode,
    Order,
    OrderAddress,
    OrderLine,
    Payment,
    Refund,
    RefundLine,
)
from smartpush_shopline.shopline.phones import known_country, parse_phone
from smartpush_shopline.shopline.values import (
    parse_count,
    parse_country_code,
    parse_money,
    parse_optional_ref,
    parse_placed_time,
    parse_ref,
    parse_required_text,
    parse_switch,
    parse_tags,
    parse_text,
    parse_time,
    parse_word,
)

T = TypeVar("T")
PAID = frozenset({"paid", "paid_overtime"})


def parse_order(payload: object, default_country: str | None = None, path: str = "order") -> Order:
    """An order of `orders.json` or of a webhook; what is not there is None."""
    fields = Fields.of(payload, path)
    buyer = fields.inner("customer") or Fields({}, fields.at("customer"))
    address = _address(fields)
    payments = _listed(fields, "payment_details", _payment)
    cancelled_at = fields.read(parse_time, "cancelled_at")
    return Order(
        ref=fields.read(parse_ref, "id"),
        name=fields.read(parse_text, "name"),
        customer_ref=_buyer_ref(fields),
        email=fields.read(parse_text, "email") or buyer.read(parse_text, "email"),
        phone=_phone(fields, buyer, address, default_country),
        status=CANCELLED if cancelled_at else fields.read(parse_order_status, "status"),
        financial_status=fields.read(parse_word, "financial_status"),
        fulfillment_status=fields.read(parse_word, "fulfillment_status"),
        is_hidden=fields.read(parse_switch, "hidden_order"),
        currency=fields.read(parse_text, "currency"),
        total=fields.read(parse_money, "current_total_price"),
        charged=_presentment(fields, "current_total_price_set"),
        subtotal=_first(fields, parse_money, "current_subtotal_price", "subtotal_price"),
        discounts=_first(fields, parse_money, "current_total_discounts", "total_discounts"),
        tax=_first(fields, parse_money, "current_total_tax", "total_tax"),
        created_at=fields.read(parse_time, "created_at"),
        placed_at=fields.read(parse_time, "order_at"),
        processed_at=fields.read(parse_time, "processed_at"),
        updated_at=fields.read(parse_time, "updated_at"),
        cancelled_at=cancelled_at,
        cancel_reason=fields.read(parse_text, "cancel_reason"),
        paid_at=_paid_at(payments),
        tags=fields.read(parse_tags, "tags") if fields.data.get("tags") is not None else None,
        note=fields.read(parse_text, "note"),
        locale=fields.read(parse_text, "customer_locale"),
        lines=_listed(fields, "line_items", _line),
        payments=payments,
        refunds=_listed(fields, "refunds", parse_refund),
        discount_codes=_listed(fields, "discount_codes", _discount_code),
        shipping_address=address,
        attribution=_attribution(fields),
        store_ref=fields.read(parse_optional_ref, "store_id"),
    )


def parse_buyer_ref(payload: object) -> str | None:
    """Of an order, only who bought it; a guest is None."""
    return _buyer_ref(Fields.of(payload, "order"))


def _buyer_ref(fields: Fields) -> str | None:
    buyer = fields.inner("customer") or Fields({}, fields.at("customer"))
    return fields.read(parse_optional_ref, "user_id") or buyer.read(parse_optional_ref, "id")


def parse_order_webhook(topic: str, payload: object, default_country: str | None = None) -> Order:
    """The body of an `orders/*` webhook. `orders/cancelled` carries no status, so it is set."""
    order = parse_order(payload, default_country)
    return replace(order, status=CANCELLED) if topic == "orders/cancelled" else order


def parse_order_status(value: object, path: str = "status") -> str | None:
    """`canceled` in REST, `cancelled` in webhooks: one word here."""
    word = parse_word(value, path)
    return CANCELLED if word == "canceled" else word


def parse_refund(payload: object, path: str = "refund") -> Refund:
    """A refund inside an order, or the body of `refunds/create` and `refunds/update`."""
    fields = Fields.of(payload, path)
    return Refund(
        ref=fields.read(parse_ref, "id"),
        order_ref=fields.read(parse_optional_ref, "order_id"),
        created_at=fields.read(parse_time, "created_at"),
        processed_at=fields.read(parse_time, "processed_at"),
        note=fields.read(parse_text, "note"),
        lines=_listed(fields, "refund_line_items", _refund_line) or (),
        amount=sum(_given_back(fields), Decimal(0)),
    )


def _given_back(refund: Fields) -> list[Decimal]:
    """Amounts that reached the buyer; pending and failed ones did not."""
    transactions = [Fields.of(row, path) for row, path in refund.rows("transactions")]
    done = [each for each in transactions if each.read(parse_word, "status") == "success"]
    return [amount for each in done if (amount := each.read(parse_money, "amount")) is not None]


def _line(payload: object, path: str) -> OrderLine:
    fields = Fields.of(payload, path)
    return OrderLine(
        ref=fields.read(parse_ref, "id"),
        product_ref=fields.read(parse_optional_ref, "product_id"),
        variant_ref=fields.read(parse_optional_ref, "variant_id"),
        sku=fields.read(parse_text, "sku"),
        title=fields.read(parse_text, "title") or fields.read(parse_text, "name"),
        variant_title=fields.read(parse_text, "variant_title"),
        vendor=fields.read(parse_text, "vendor"),
        tags=fields.read(parse_tags, "tags"),
        quantity=fields.read(parse_count, "quantity"),
        price=fields.read(parse_money, "price"),
        gift_card=_first(fields, parse_switch, "gift_card", "giftCard"),
        is_bundle=fields.read(parse_switch, "is_bundle"),
        is_bundle_component=fields.read(parse_switch, "is_bundle_component"),
    )


def _payment(payload: object, path: str) -> Payment:
    fields = Fields.of(payload, path)
    return Payment(
        ref=fields.read(parse_optional_ref, "pay_seq"),
        status=fields.read(parse_word, "pay_status"),
        amount=fields.read(parse_money, "pay_amount"),
        channel=fields.read(parse_text, "pay_channel"),
        paid_at=_first(fields, parse_placed_time, "processed_at", "create_time"),
    )


def _paid_at(payments: tuple[Payment, ...] | None) -> datetime | None:
    """There is no `paid_at` on the wire: the first payment that went through dates it."""
    times = [each.paid_at for each in payments or () if each.status in PAID and each.paid_at]
    return min(times, default=None)


def _refund_line(payload: object, path: str) -> RefundLine:
    fields = Fields.of(payload, path)
    return RefundLine(
        line_ref=fields.read(parse_optional_ref, "line_item_id"),
        quantity=fields.read(parse_count, "quantity"),
        subtotal=fields.read(parse_money, "subtotal"),
    )


def _discount_code(payload: object, path: str) -> DiscountCode:
    fields = Fields.of(payload, path)
    return DiscountCode(
        code=fields.read(parse_required_text, "code"),
        amount=fields.read(parse_money, "amount"),
        kind=fields.read(parse_text, "type"),
    )


def _address(fields: Fields) -> OrderAddress | None:
    inner = fields.inner("shipping_address")
    if inner is None:
        return None
    return OrderAddress(
        country_code=inner.read(parse_country_code, "country_code"),
        province=inner.read(parse_text, "province"),
        city=inner.read(parse_text, "city"),
        zip=inner.read(parse_text, "zip"),
    )


def _attribution(fields: Fields) -> Attribution | None:
    """None when the payload has none of these at all, as in `orders/updated`."""
    names = Attribution.__dataclass_fields__
    told = {name: fields.read(parse_text, name) for name in names}
    return Attribution(**told) if any(told.values()) else None


def _presentment(fields: Fields, name: str) -> Money | None:
    pair = fields.inner(name)
    inner = pair.inner("presentment_money") if pair else None
    amount = inner.read(parse_money, "amount") if inner else None
    if inner is None or amount is None:
        return None
    return Money(amount, inner.read(parse_text, "currency_code"))


def _phone(
    fields: Fields, buyer: Fields, address: OrderAddress | None, default_country: str | None
) -> str | None:
    country = known_country(address.country_code if address else None, default_country)
    return parse_phone(fields.data.get("phone"), country, fields.at("phone")) or parse_phone(
        buyer.data.get("phone"), country, buyer.at("phone")
    )


def _first(fields: Fields, parse: Callable[[object, str], T | None], *names: str) -> T | None:
    """The first of some names that is there; 0 and False are there."""
    read = (fields.read(parse, name) for name in names)
    return next((value for value in read if value is not None), None)


def _listed(fields: Fields, name: str, parse: Callable[[object, str], T]) -> tuple[T, ...] | None:
    if fields.data.get(name) is None:
        return None
    return tuple(parse(row, path) for row, path in fields.rows(name))
