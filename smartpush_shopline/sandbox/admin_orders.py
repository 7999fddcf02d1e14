"""Orders in the Admin: look, pay, ship, archive, cancel, delete."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, request
from werkzeug.wrappers import Response

from . import buying
from .admin import admin, done, page_of, show
from .door import store
from .model import Order


@admin.get("/orders")
def orders() -> str:
    words = request.args.get("q", "").strip()
    page = page_of(_found(words))
    buyers = {each.id: store().customers.get(each.customer_id) for each in page["rows"]}
    return show("orders.html", "orders", page=page, buyers=buyers, q=words)


@admin.get("/orders/<ref>")
def order(ref: str) -> str:
    found = buying.find(store(), ref)
    buyer = store().customers.get(found.customer_id)
    return show("order.html", "orders", order=found, buyer=buyer)


@admin.post("/orders/<ref>/<verb>")
def change_order(ref: str, verb: str) -> Response:
    change = buying.VERBS.get(verb)
    if change is None:
        abort(404, "Nothing like this can be done to an order.")
    if change(store(), ref) is None:
        return done("deleted", "orders")
    return done("changed", "order", ref=ref)


def _found(words: str) -> Sequence[Order]:
    """By the buyer's or the order's id or by its name; the latest first if nothing is asked."""
    here = store()
    if not words:
        return here.orders.select(None, lambda each: -each.placed_at.timestamp(), "latest first")
    if customer := here.customers.get(words):
        return buying.orders_of(here, customer)
    named = words.removeprefix("#")
    by_name = here.orders.select(lambda each: each.name == f"#{named}", name=("named", named))
    one = here.orders.get(words)
    return [one] if one else by_name
