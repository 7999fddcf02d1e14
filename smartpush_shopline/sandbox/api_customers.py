"""Customers of the Admin REST API.

Three prefixes, as on developer.shopline.com: list ``v2/customers.json``, read
``customers/v2/{id}.json``, write ``customers/{id}.json``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response

from . import door, paging, people, wire
from .api import api
from .door import Refusal, answer, store
from .model import Customer

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
    rows = _filtered(store().customers.all(), page.filters)
    part, cursors = paging.by_id(rows, page, lambda customer: customer.id)
    info = store().info
    shown = [wire.customer_rest(each, info) for each in part]
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


def _filtered(rows: list[Customer], filters: dict[str, str]) -> list[Customer]:
    if ids := filters.get("ids"):
        if len(ids) > 64:
            raise Refusal(422, "ids has at most 64 characters.")
        wanted = {ref.strip() for ref in ids.split(",")}
        rows = [each for each in rows if each.id in wanted]
    if since := filters.get("since_id"):
        if not since.isascii() or not since.isdigit():
            raise Refusal(400, "since_id must be the id of a customer.")
        rows = [each for each in rows if int(each.id) > int(since)]
    for name, read in TIMES.items():
        if earliest := filters.get(f"{name}_min"):
            limit = _moment(f"{name}_min", earliest)
            rows = [each for each in rows if read(each) >= limit]
        if latest := filters.get(f"{name}_max"):
            limit = _moment(f"{name}_max", latest)
            rows = [each for each in rows if read(each) <= limit]
    return rows


def _moment(name: str, text: str) -> datetime:
    """A time with an offset; its plus sign may have arrived as a blank."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        example = "2026-11-02T10:53:31+08:00"
        raise Refusal(400, f"{name} must be a time like {example}.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=store().info.zone)
