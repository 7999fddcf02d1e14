"""Webhook subscriptions of the Admin REST API.

The id stands before the word; the other way round is answered as well.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import Response

from . import door, wire, wire_store
from .api import api
from .door import Refusal, answer, store
from .model import Subscription
from .state import Unknown

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
SCOPES = {
    "orders": "read_orders",
    "order_transactions": "read_orders",
    "refunds": "read_orders",
    "merchants": "read_store_information",
    "customers": "read_customers",
    "customer_groups": "read_customers",
    "customers_marketing_consent": "read_customers",
}
"""What a topic needs if it needs anything; no public page tells."""


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
    if store().moods.subscription_scope == "matching":
        _check_scope(str(topic))
    twins = [
        each
        for each in store().subscriptions.all()
        if each.topic == topic and each.address == address
    ]
    if twins and store().moods.duplicate_subscription == "refused":
        raise Refusal(422, "This topic is subscribed to at this address already.")
    if twins and store().moods.duplicate_subscription == "adopted":
        return answer({"webhook": _show(twins[0])})
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
    return wire_store.subscription(subscription, store().info)


def _address(sent: dict[str, Any]) -> str:
    address = sent.get("address")
    if not isinstance(address, str) or len(address) > 255:
        raise Refusal(422, "The address must be a text of at most 255 characters.")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refusal(422, "The address must begin with http:// or https://.")
    return address


def _check_scope(topic: str) -> None:
    if scope := SCOPES.get(topic.partition("/")[0]):
        door.check_scope(scope)
