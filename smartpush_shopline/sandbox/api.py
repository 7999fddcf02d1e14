"""The Admin REST API: who may call it, the store and its segments; the rest is in ``api_...``."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from . import door, groups, paging, wire, wire_store
from .conditions import as_json
from .door import Refusal, answer, store
from .membership import shifted
from .model import Customer, Segment
from .people import Invalid
from .state import Unknown

api = Blueprint("api", __name__, url_prefix="/<handle>/admin/openapi/<version>")

@api.before_request
def _gate() -> None:
    door.enter()
    version = request.view_args.pop("version") if request.view_args else ""
    if not re.fullmatch(r"v\d{8}", version, re.ASCII):
        raise Refusal(404)
    door.check_accept()
    door.check_moods()
    door.check_token(_scope())


def _scope() -> str:
    """The scope a call needs; which one a webhook subscription needs is not public."""
    endpoint = (request.endpoint or "").rpartition(".")[2]
    if endpoint == "shop":
        return "read_store_information"
    if "webhook" in endpoint or endpoint == "nothing":
        return ""
    if "order" in endpoint:
        return "read_orders"
    return "read_customers" if request.method == "GET" else "write_customers"


@api.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return door.refuse(refusal)


@api.errorhandler(Invalid)
def _invalid(error: Invalid) -> Response:
    return answer({"errors": str(error)}, 422)


@api.errorhandler(Unknown)
def _unknown(error: Unknown) -> Response:
    return answer({"errors": str(error)}, 404)


@api.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def nothing(rest: str) -> Response:
    raise Refusal(404)


@api.get("/merchants/shop.json")
def shop() -> Response:
    return answer({"data": wire_store.shop(store().info)})


# -- segments, called "customer saved searches" here; "All customers" is none and not listed


@api.get("/customer_saved_searches.json")
def list_segments() -> Response:
    segments = store().segments.all()
    if segments and store().moods.segments == "vanish":
        store().moods.segments = "stay"
        groups.delete(store(), segments[-1].id)
    return answer({"customer_saved_searches": [_shown(each) for each in segments]})


@api.get("/customer_saved_searches/count.json")
def count_segments() -> Response:
    since = request.args.get("since_id", "").removeprefix("GROUP")
    rows = store().segments.all()
    if since.isdigit():
        rows = [each for each in rows if int(each.id.removeprefix("GROUP")) > int(since)]
    return answer({"count": len(rows)})


@api.post("/customer_saved_searches.json")
def create_segment() -> Response:
    sent = door.sent("customer_saved_search")
    return _segment(groups.create(store(), sent.get("name"), sent.get("query")))


@api.get("/customer_saved_searches/<ref>.json")
def read_segment(ref: str) -> Response:
    return _segment(groups.get(store(), ref))


@api.put("/customer_saved_searches/<ref>.json")
def change_segment(ref: str) -> Response:
    """The public page names only ``name``; the sandbox takes a new ``query`` as well."""
    sent = door.sent("customer_saved_search")
    return _segment(groups.edit(store(), ref, sent.get("name"), sent.get("query")))


@api.delete("/customer_saved_searches/<ref>.json")
def delete_segment(ref: str) -> Response:
    groups.delete(store(), ref)
    return answer()


@api.get("/customer_saved_searches/<ref>/customers.json")
def list_members(ref: str) -> Response:
    page, segment = paging.wanted(["order"]), store().segments.get(ref)
    if segment is None and store().moods.deleted_segment == "empty":
        return paging.respond("customers", [], page, {})
    segment = groups.get(store(), ref)
    order = page.filters.get("order", "1")
    if order not in ("1", "2"):
        raise Refusal(422, "order is 1 (last order time) or 2 (number of orders).")
    rows = store().members(segment, order)

    def moving(start: int) -> list[Customer]:
        return shifted(rows, start, page.limit, f"{store().moods.seed}-{ref}")

    read = moving if store().moods.members == "shifting" else None
    part, cursors = paging.by_position(rows, page, read)
    info = store().info
    return paging.respond("customers", [wire.member(each, info) for each in part], page, cursors)


def _segment(segment: Segment) -> Response:
    return answer({"customer_saved_search": _shown(segment)})


def _shown(segment: Segment) -> wire.Json:
    form = store().moods.segment_query
    query = {"json": as_json(segment.rule), "empty": ""}.get(form, segment.rule)
    return paging.only_fields(wire.segment_rest(segment, query))
