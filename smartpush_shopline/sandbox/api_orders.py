"""Orders of the Admin REST API, with the traps of the page that describes them.

A list without ``fulfillment_status`` holds only what is not shipped, archived orders come only with
``hidden_order=true``, and the filter spells with two l what the field spells with one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, request

from . import buying, paging, people
from .api import api
from .api_customers import moment
from .door import Refusal, answer, store
from .model import Order
from .paging import Page
from .wire_orders import order_rest

HIGHEST = 100
SHIPPED = {"unshipped": "", "partial": "partial", "shipped": "fulfilled"}
STATUSES = ("open", "cancelled", "any")
MONEY = (
    "unpaid",
    "authorized",
    "pending",
    "partially_paid",
    "paid",
    "partially_refunded",
    "refunded",
)
TIMES: dict[str, Callable[[Order], datetime]] = {
    "created_at": lambda order: order.placed_at,
    "updated_at": lambda order: order.updated_at,
}
RANGES = tuple(f"{name}_{end}" for name in TIMES for end in ("min", "max"))
FILTERS = ("status", "financial_status", "fulfillment_status", "hidden_order", "ids", "since_id",
           "buyer_id", "email", "name", "sort_condition", *RANGES)  # fmt: skip
Test = Callable[[Order], bool]


@api.get("/orders.json")
def list_orders() -> Response:
    page = paging.wanted(FILTERS, HIGHEST)
    return _respond("orders", _wanted(page.filters), page)


@api.get("/orders/count.json")
def count_orders() -> Response:
    """Everything unless something is asked for; here also what is archived."""
    filters = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    if filters.get("status") == "hidden":
        filters |= {"status": "any", "hidden_order": "true"}
    else:
        filters["hidden_order"] = "any"
    filters.setdefault("status", "any")
    filters.setdefault("fulfillment_status", "any")
    return answer({"count": len(_wanted(filters, counting=True))})


@api.get("/customers/<ref>/orders.json")
def list_orders_of(ref: str) -> Response:
    """Under ``list``, and not under ``orders``."""
    page = paging.wanted(("status", "since_id"), HIGHEST)
    status = page.filters.get("status", "any")
    test = _status_test(status)
    own = buying.orders_of(store(), people.get(store(), ref))
    rows = sorted(filter(test, own), key=lambda order: int(order.id))
    return _respond("list", rows, page)


def _respond(name: str, rows: Sequence[Order], page: Page) -> Response:
    part: Sequence[Order]
    if page.filters.get("sort_condition", "").startswith("order_at:desc"):
        part, cursors = paging.by_position(rows, page)
    else:
        since = page.filters.get("since_id", "")
        if since and not (since.isascii() and since.isdigit()):
            raise Refusal(400, "since_id must be the id of an order.")
        page = page if page.mark or not since else replace(page, mark=since)
        part, cursors = paging.by_id(rows, page, lambda order: order.id)
    info, customers = store().info, store().customers
    shown = [order_rest(each, customers.get(each.customer_id), info) for each in part]
    return paging.respond(name, shown, page, cursors)


def _wanted(filters: dict[str, str], counting: bool = False) -> Sequence[Order]:
    test = _test(filters, counting)
    if ids := filters.get("ids"):
        refs = sorted({ref.strip() for ref in ids.split(",")})
        if len(refs) > HIGHEST:
            raise Refusal(422, f"ids holds at most {HIGHEST} orders.")
        named = _test({"status": "any", "hidden_order": "any", **_without(filters)}, True)
        return [each for ref in refs if (each := store().orders.get(ref)) and named(each)]
    if buyer := _buyer(filters):
        customer = store().customers.get(buyer)
        own = buying.orders_of(store(), customer) if customer else []
        return sorted(filter(test, own), key=lambda order: int(order.id))
    desc = filters.get("sort_condition", "").startswith("order_at:desc")
    order = (lambda each: -each.placed_at.timestamp()) if desc else None
    moods = store().moods
    name = ("orders", moods.order_list, counting, *sorted(_without(filters).items()))
    return store().orders.select(test, order, (*name, desc))


def _without(filters: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in filters.items() if name not in ("ids", "since_id")}


def _buyer(filters: dict[str, str]) -> str:
    if filters.get("buyer_id") or not filters.get("email"):
        return filters.get("buyer_id", "")
    found = [each for each in people.search(store(), filters["email"])
             if each.email == filters["email"]]  # fmt: skip
    return found[0].id if found else "0"


def _test(filters: dict[str, str], counting: bool) -> Test:
    tests = [_status_test(filters.get("status", "any" if counting else "open"))]
    tests += _shipping_tests(filters.get("fulfillment_status"), counting)
    if wanted := filters.get("financial_status"):
        if wanted not in MONEY:
            raise Refusal(422, "financial status value is illegal")
        tests.append(lambda order: order.financial == wanted)
    hidden = filters.get("hidden_order", "false").lower()
    if hidden != "any":
        tests.append(lambda order: order.hidden == (hidden == "true"))
    if name := filters.get("name"):
        tests.append(lambda order: order.name.removeprefix("#") == name.removeprefix("#"))
    for field, read in TIMES.items():
        tests += _time_tests(field, read, filters)
    return lambda order: all(test(order) for test in tests)


def _status_test(status: str) -> Test:
    if status not in STATUSES:
        raise Refusal(422, "status value is illegal")
    return lambda order: status == "any" or order.counts == (status == "open")


def _shipping_tests(wanted: str | None, counting: bool) -> list[Test]:
    if wanted is None and not counting and store().moods.order_list == "unshipped":
        wanted = "unshipped"
    if wanted is None or (wanted == "any" and counting):
        return []
    if wanted not in SHIPPED:
        raise Refusal(422, "fulfillment status value is illegal")
    word = SHIPPED[wanted]
    return [lambda order: order.fulfilled == word]


def _time_tests(
    field: str, read: Callable[[Order], datetime], filters: dict[str, Any]
) -> list[Test]:
    tests: list[Test] = []
    if earliest := filters.get(f"{field}_min"):
        first = moment(f"{field}_min", earliest)
        tests.append(lambda order: read(order) >= first)
    if latest := filters.get(f"{field}_max"):
        last = moment(f"{field}_max", latest)
        tests.append(lambda order: read(order) <= last)
    return tests
