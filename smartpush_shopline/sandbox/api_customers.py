"""Customers of the Admin REST API.

Three prefixes, as on developer.shopline.com: list ``v2/customers.json``, read
``customers/v2/{id}.json``, write ``customers/{id}.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from flask import Response

from . import door, paging, people, wire
from .api import api
from .door import Refusal, answer, store
from .model import Customer
from .paging import Page

SOURCE = "Open API"
TIMES: dict[str, Callable[[Customer], datetime]] = {
    "created_at": lambda customer: customer.created_at,
    "updated_at": lambda customer: customer.updated_at,
}
FILTERS = (
    "ids",
    "since_id",
    "created_at_min",
    "created_at_max",
    "updated_at_min",
    "updated_at_max",
)


@api.get("/v2/customers.json")
def list_customers() -> Response:
    page = paging.wanted(FILTERS)
    info = store().info
    if store().moods.customer_list == "updated":
        return _latest_first(page)
    page = _since(page)
    rows = _filtered(page.filters)
    part, cursors = paging.by_id(rows, page, lambda customer: customer.id)
    shown = [wire.customer_rest(each, info) for each in part]
    return paging.respond("customers", shown, page, cursors)


def _latest_first(page: Page) -> Response:
    """The same in another order: whoever changes meanwhile moves to the front."""
    since = _since(page).filters.get("since_id", "0")
    rows = [each for each in _filtered(page.filters) if int(each.id) > int(since)]
    rows.sort(key=lambda customer: customer.updated_at, reverse=True)
    part, cursors = paging.by_position(rows, page)
    shown = [wire.customer_rest(each, store().info) for each in part]
    return paging.respond("customers", shown, page, cursors)


@api.get("/customers/v2/count.json")
def count_customers() -> Response:
    return answer({"count": len(store().customers)})


@api.get("/customers/v2/<ref>.json")
def read_customer(ref: str) -> Response:
    shown = wire.customer_rest(people.get(store(), ref), store().info)
    return answer({"customer": paging.only_fields(shown)})


@api.post("/customers.json")
def create_customer() -> Response:
    return _written(people.create(store(), door.sent("customer"), SOURCE))


@api.put("/customers/<ref>.json")
def change_customer(ref: str) -> Response:
    return _written(people.edit(store(), ref, door.sent("customer"), SOURCE))


@api.delete("/customers/<ref>.json")
def delete_customer(ref: str) -> Response:
    people.delete(store(), ref)
    return answer()


def _written(customer: Customer) -> Response:
    return answer({"customer": wire.customer_created(customer, store().info)})


def _since(page: Page) -> Page:
    """``since_id`` is where the first page begins."""
    since = page.filters.get("since_id", "")
    if since and not (since.isascii() and since.isdigit()):
        raise Refusal(400, "since_id must be the id of a customer.")
    return page if page.mark or not since else replace(page, mark=since)


def _filtered(filters: dict[str, str]) -> Sequence[Customer]:
    if ids := filters.get("ids"):
        if len(ids) > 64:
            raise Refusal(422, "ids has at most 64 characters.")
        refs = sorted({ref.strip() for ref in ids.split(",")})
        found = (store().customers.get(ref) for ref in refs)
        test = _in_time(filters)
        return [each for each in found if each and test(each)]
    timed = tuple(value for value in filters.items() if value[0] not in ("since_id", "ids"))
    if not timed:
        return store().customers.everyone()
    return store().customers.select(_in_time(filters), name=timed)


def _in_time(filters: dict[str, str]) -> Callable[[Customer], bool]:
    tests: list[Callable[[Customer], bool]] = []
    for name, read in TIMES.items():
        if earliest := filters.get(f"{name}_min"):
            tests.append(_not_before(read, moment(f"{name}_min", earliest)))
        if latest := filters.get(f"{name}_max"):
            tests.append(_not_after(read, moment(f"{name}_max", latest)))
    return lambda customer: all(test(customer) for test in tests)


def _not_before(
    read: Callable[[Customer], datetime], limit: datetime
) -> Callable[[Customer], bool]:
    return lambda customer: read(customer) >= limit


def _not_after(read: Callable[[Customer], datetime], limit: datetime) -> Callable[[Customer], bool]:
    return lambda customer: read(customer) <= limit


def moment(name: str, text: str) -> datetime:
    """A time with an offset; its plus sign may have arrived as a blank."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        example = "2026-11-02T10:53:31+08:00"
        raise Refusal(400, f"{name} must be a time like {example}.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=store().info.zone)
