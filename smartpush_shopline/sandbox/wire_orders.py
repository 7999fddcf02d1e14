"""Orders as JSON: one shape in REST, and one with gaps of its own for each webhook topic.

The gaps are those of the official SDK's types, as are ``current_total_price`` (there is no
``total_price``) and the digits in ``pay_amount``.
"""

from __future__ import annotations

from typing import Any

from .model import Customer, Order, StoreInfo
from .wire import EMPTY, Json, compact, local, money

SOURCE = ("source_identifier", "source_name", "source_url")
MISSING: dict[str, tuple[str, ...]] = {
    "orders/create": (),
    "orders/updated": ("landing_site", "referring_site", *SOURCE, "utm_parameters"),
    "orders/paid": ("status", "order_at", "processed_at", "hidden_order"),
    "orders/cancelled": (
        "status",
        "order_at",
        "hidden_order",
        "buyer_note",
        *SOURCE,
        "utm_parameters",
    ),
    "orders/delete": SOURCE,
}
PRODUCT = "16056000000000000000000001"
VARIANT = "18056000000000000000000001"


def order_rest(order: Order, buyer: Customer | None, store: StoreInfo) -> Json:
    """An order as listed; a cancelled one is spelled with one l here."""
    zone, total = store.zone, money(order.amount)
    placed = local(order.placed_at, zone)
    person = buyer or Customer("", order.placed_at, order.placed_at)
    told = compact(
        {
            "id": order.id,
            "name": order.name,
            "user_id": order.customer_id,
            "status": "canceled" if order.cancelled_at else "open",
            "financial_status": order.financial,
            "hidden_order": order.hidden,
            "currency": store.currency,
            "presentment_currency": store.currency,
            "current_total_price": total,
            "current_total_price_set": _set(total, store.currency),
            "current_subtotal_price": total,
            "subtotal_price": total,
            "total_line_items_price": total,
            "total_discounts": "0.00",
            "current_total_discounts": "0.00",
            "total_tax": "0.00",
            "current_total_tax": "0.00",
            "total_tip_received": "0.00",
            "total_outstanding": "0.00" if order.financial != "pending" else total,
            "customer_locale": person.language,
            "email": person.email,
            "phone": person.phone,
            "note": "",
            "buyer_note": "Please ring twice" if int(order.id) % 5 == 0 else "",
            "tags": "",
            "created_at": placed,
            "order_at": placed,
            "processed_at": placed,
            "updated_at": local(order.updated_at, zone),
            "cancelled_at": local(order.cancelled_at, zone),
            "cancel_reason": order.cancel_reason,
            "customer": _buyer(person, store) if buyer else None,
            "landing_site": f"https://{store.domain}/",
            "referring_site": "",
            "source_identifier": "",
            "source_name": "web",
            "source_url": "",
            "utm_parameters": "",
            "store_id": store.store_id,
        }
    )
    lists = {"line_items": [_line(order)], "payment_details": _payments(order, store)}
    refunds = [_refund(order, store)] if order.financial == "refunded" else []
    return {**told, "fulfillment_status": order.fulfilled or None, **lists, "refunds": refunds}


def order_webhook(order: Order, buyer: Customer | None, store: StoreInfo, topic: str) -> Json:
    """An order as posted: with two l, ``giftCard``, and less than REST shows."""
    told = {
        key: value
        for key, value in order_rest(order, buyer, store).items()
        if key not in MISSING.get(topic, ())
    }
    told |= _extra(order, store, topic)
    if told.get("status") == "canceled":
        told["status"] = "cancelled"
    told["line_items"] = [
        {"giftCard" if key == "gift_card" else key: value for key, value in line.items()}
        for line in told["line_items"]
    ]
    return told


def _extra(order: Order, store: StoreInfo, topic: str) -> Json:
    """What REST does not show."""
    left = _set(money(order.amount if order.financial == "pending" else 0), store.currency)
    extra: Json = {"total_outstanding_set": left}
    if topic == "orders/create":
        return {**extra, "draft_order_seq": "", "exist_subscription": False, "serivce": ""}
    return extra if topic == "orders/updated" else {}


def _buyer(customer: Customer, store: StoreInfo) -> Json:
    """An object, not a list."""
    return compact(
        {
            "id": customer.id,
            "email": customer.email,
            "phone": customer.phone,
            "area_code": {"TW": "+886", "US": "+1"}.get(store.country_code, ""),
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "currency": store.currency,
            "created_at": local(customer.created_at, store.zone),
            "updated_at": local(customer.updated_at, store.zone),
        }
    )


def _set(amount: str, currency: str) -> Json:
    both = {"amount": amount, "currency_code": currency}
    return {"shop_money": both, "presentment_money": both}


def _line(order: Order) -> Json:
    """One thing of everything; the id is only this order's own."""
    return {
        "id": "417",
        "product_id": PRODUCT,
        "variant_id": VARIANT,
        "sku": "LINEN-M",
        "title": "Linen shirt",
        "variant_title": "M",
        "quantity": 1,
        "price": money(order.amount),
        "gift_card": False,
        "fulfillment_status": order.fulfilled or EMPTY,
    }


def _payments(order: Order, store: StoreInfo) -> list[Any]:
    paid = order.financial in ("paid", "refunded")
    at = local(order.placed_at, store.zone)
    payment = {
        "pay_seq": f"2305{order.id[4:]}",
        "pay_status": "paid" if paid else "unpaid",
        "pay_amount": order.amount / 100,
        "create_time": at,
        "processed_at": at if paid else EMPTY,
    }
    return [payment]


def _refund(order: Order, store: StoreInfo) -> Json:
    at, amount = local(order.updated_at, store.zone), money(order.amount)
    transaction = {"amount": amount, "status": "success", "kind": "refund"}
    line = {"line_item_id": "417", "quantity": 1, "subtotal": amount}
    return {
        "id": f"R{order.id[4:]}",
        "created_at": at,
        "processed_at": at,
        "refund_line_items": [line],
        "transactions": [transaction],
    }
