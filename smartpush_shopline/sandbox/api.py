"""The Admin REST API: store, webhooks and segments. Customers are in ``api_customers``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from . import door, groups, paging, wire
from .door import Refusal, answer, store
from .model import Segment, Subscription
from .people import Invalid
from .state import Unknown

api = Blueprint("api", __name__, url_prefix="/<handle>/admin/openapi/<version>")

TOPICS = frozenset(
    f"{thing}/{event}"
    for thing, events in {
        "customers": "create update enable disable delete redact",
        "customers_marketing_consent": "update",
        "customer_groups": "create update delete",
        "orders": "create updated edited paid cancelled delete fulfilled partially_fulfilled",
        "order_transactions": "create",
        "refunds": "create update",
        "apps": "installed_uninstalled",
        "merchants": "update redact",
        "subscription": "status_changed",
    }.items()
    for event in events.split()
)


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
    return answer({"data": wire.shop(store().info)})


# -- webhooks: the id stands before the word; the other way round is answered as well


@api.get("/webhooks.json")
def list_webhooks() -> Response:
    return answer({"webhooks": [_show(each) for each in store().subscriptions.all()]})


@api.get("/webhooks/count.json")
def count_webhooks() -> Response:
    return answer({"count": len(store().subscriptions)})


@api.post("/webhooks.json")
def create_webhook() -> Response:
    sent = door.sent("webhook")
    topic, version = sent.get("topic"), str(sent.get("api_version", ""))
    if topic not in TOPICS or not re.fullmatch(r"v\d{8}", version) or version < "v20240601":
        text = "There are no available versions for subscription for the current event"
        raise Refusal(422, text)
    address = _address(sent)
    with store().change():
        now, number = store().now(), store().next_number("webhook", 45_852)
        subscription = Subscription(number, topic, address, version, now, now)
        store().subscriptions.put(str(number), subscription)
    return answer({"webhook": _show(subscription)})


@api.get("/<int:number>/webhooks.json")
@api.get("/webhooks/<int:number>.json")
def read_webhook(number: int) -> Response:
    return answer({"webhook": _show(_subscription(number))})


@api.put("/<int:number>/webhooks.json")
@api.put("/webhooks/<int:number>.json")
def change_webhook(number: int) -> Response:
    address = _address(door.sent("webhook"))
    with store().change():
        changed = replace(_subscription(number), address=address, updated_at=store().now())
        store().subscriptions.put(str(number), changed)
    return answer({"webhook": _show(changed)})


@api.delete("/<int:number>/webhooks.json")
@api.delete("/webhooks/<int:number>.json")
def delete_webhook(number: int) -> Response:
    with store().change():
        _subscription(number)
        store().subscriptions.drop(str(number))
    return answer()


def _subscription(number: int) -> Subscription:
    found = store().subscriptions.get(str(number))
    if found is None:
        raise Unknown(f"There is no webhook {number} in this store.")
    return found


def _show(subscription: Subscription) -> wire.Json:
    return wire.subscription(subscription, store().info)


def _address(sent: dict[str, Any]) -> str:
    address = sent.get("address")
    if not isinstance(address, str) or len(address) > 255:
        raise Refusal(422, "The address must be a text of at most 255 characters.")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refusal(422, "The address must begin with http:// or https://.")
    return address


# -- segments, called "customer saved searches" here; "All customers" is none and not listed


@api.get("/customer_saved_searches.json")
def list_segments() -> Response:
    rows = [paging.only_fields(wire.segment_rest(each)) for each in store().segments.all()]
    return answer({"customer_saved_searches": rows})


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
    segment, page = groups.get(store(), ref), paging.wanted(["order"])
    order = page.filters.get("order", "1")
    if order not in ("1", "2"):
        raise Refusal(422, "order is 1 (last order time) or 2 (number of orders).")
    part, cursors = paging.by_position(store().members(segment, order), page)
    info = store().info
    return paging.respond("customers", [wire.member(each, info) for each in part], page, cursors)


def _segment(segment: Segment) -> Response:
    return answer({"customer_saved_search": paging.only_fields(wire.segment_rest(segment))})
