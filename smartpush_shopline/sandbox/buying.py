"""What happens to orders, the same for the API, the Admin and tests, each with its webhooks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from .model import Customer, Order, order_ref
from .people import Invalid, announce, get
from .state import Store, Unknown
from .wire_orders import order_webhook

MOST = 16
"""Nobody has more orders on the first day."""
REASONS = ("customer", "inventory", "fraud", "declined", "other")


def place(store: Store, customer_id: str, amount: Any, paid: bool = True) -> Order:
    """A new order, as it changes its buyer too."""
    with store.change():
        buyer, now = get(store, customer_id), store.now()
        order = Order(
            id=f"2105{store.next_number('order', 10**21)}",
            name=f"#{store.next_number('order name', 50_000_001)}",
            customer_id=customer_id,
            amount=_amount(amount),
            placed_at=now,
            updated_at=now,
            financial="paid" if paid else "pending",
        )
        store.orders.put(order.id, order)
        changed = replace(
            buyer,
            orders_count=buyer.orders_count + 1,
            spent=buyer.spent + order.amount,
            last_order_id=order.id,
            last_order_name=order.name,
            last_order_at=now,
        )
        buyer = _change_buyer(store, changed)
        _announce(store, "orders/create", order, buyer)
        if paid:
            _announce(store, "orders/paid", order, buyer)
        return order


def pay(store: Store, order_id: str) -> Order:
    return _change(store, order_id, "orders/paid", financial="paid")


def fulfil(store: Store, order_id: str, partly: bool = False) -> Order:
    return _change(store, order_id, "", fulfilled="partial" if partly else "fulfilled")


def archive(store: Store, order_id: str, hidden: bool = True) -> Order:
    """What ``hidden_order`` asks for; and out of the archive again."""
    return _change(store, order_id, "", hidden=hidden)


def cancel(store: Store, order_id: str, reason: str = "customer") -> Order:
    """It leaves its buyer's figures; what was paid is paid back."""
    with store.change():
        order = find(store, order_id)
        if not order.counts:
            return order
        reason = reason if reason in REASONS else "other"
        financial = "refunded" if order.financial == "paid" else order.financial
        told = {"cancelled_at": store.now(), "cancel_reason": reason, "financial": financial}
        cancelled = _change(store, order_id, "orders/cancelled", **told)
        _uncount(store, order)
        return cancelled


def delete(store: Store, order_id: str) -> None:
    with store.change():
        order = find(store, order_id)
        store.orders.drop(order_id)
        if order.counts:
            _uncount(store, order)
        buyer = store.customers.get(order.customer_id)
        _announce(store, "orders/delete", replace(order, updated_at=store.now()), buyer)


def find(store: Store, order_id: str) -> Order:
    order = store.orders.get(order_id)
    if order is None:
        raise Unknown(f"There is no order {order_id} in this store.")
    return order


def orders_of(store: Store, customer: Customer) -> list[Order]:
    """Somebody's orders, the latest first."""
    known = store.customers.first_day(customer.id)
    refs = [order_ref(customer.id, number) for number in range(MOST)] if known else []
    placed = [each for each in store.orders.changed() if each.customer_id == customer.id]
    old = (store.orders.get(ref) for ref in refs)
    found = {each.id: each for each in [*old, *placed] if each}
    return sorted(found.values(), key=lambda order: order.placed_at, reverse=True)


def _change(store: Store, order_id: str, topic: str, **fields: Any) -> Order:
    """``orders/updated`` for every change, besides the topic of its own."""
    with store.change():
        old = find(store, order_id)
        new = replace(old, **fields)
        if new == old:
            return old
        new = replace(new, updated_at=store.now())
        store.orders.put(new.id, new)
        buyer = store.customers.get(new.customer_id)
        if topic:
            _announce(store, topic, new, buyer)
        _announce(store, "orders/updated", new, buyer)
        if fields.get("fulfilled"):
            done = fields["fulfilled"] == "fulfilled"
            topic = "orders/fulfilled" if done else "orders/partially_fulfilled"
            _announce(store, topic, new, buyer)
        return new


def _announce(store: Store, topic: str, order: Order, buyer: Customer | None) -> None:
    store.announce(topic, order_webhook(order, buyer, store.info, topic))


def _uncount(store: Store, order: Order) -> None:
    buyer = store.customers.get(order.customer_id)
    if buyer:
        count, spent = max(0, buyer.orders_count - 1), max(0, buyer.spent - order.amount)
        _change_buyer(store, replace(buyer, orders_count=count, spent=spent))


def _change_buyer(store: Store, buyer: Customer) -> Customer:
    """Whether an order is a change of its buyer is one of the open questions."""
    tells = store.moods.order_bumps_customer == "yes"
    buyer = replace(buyer, updated_at=store.now()) if tells else buyer
    store.customers.put(buyer.id, buyer)
    if tells:
        announce(store, "customers/update", buyer)
    return buyer


def _amount(value: Any) -> int:
    text = str(value).strip().replace(",", "")
    try:
        amount = Decimal(text) if re.fullmatch(r"[\d.]{1,16}", text, re.ASCII) else Decimal(-1)
    except InvalidOperation:
        amount = Decimal(-1)
    if not 0 <= amount <= 10**9:
        raise Invalid("amount", "An order's amount is a number like 1250 or 49.90.")
    return int(amount * 100)


VERBS: dict[str, Callable[[Store, str], Order | None]] = {
    "pay": pay,
    "ship": fulfil,
    "ship-partly": partial(fulfil, partly=True),
    "archive": archive,
    "unarchive": partial(archive, hidden=False),
    "cancel": cancel,
    "delete": delete,
}
"""What can be done to an order, by the word for it in the Admin and in the sandbox's calls."""
