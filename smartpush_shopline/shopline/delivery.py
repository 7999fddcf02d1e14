"""The headers of a webhook. They are not signed: only the body proves anything.

Source: developer.shopline.com, "Webhooks overview". Its own header example names a topic that
cannot be subscribed to (`orders/update`), and one toolkit writes the id's header without `X-`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TOPIC_ALIASES = {"orders/update": "orders/updated"}


@dataclass(frozen=True, slots=True)
class DeliveryHeaders:
    """What the headers claim; None where one is absent or empty."""

    topic: str | None
    message_ref: str | None
    store_ref: str | None
    merchant_ref: str | None
    domain: str | None
    api_version: str | None
    signature: str | None


def parse_delivery_headers(headers: Mapping[str, str]) -> DeliveryHeaders:
    """In any case; `message_ref` is the same each time SHOPLINE sends a message again."""
    told = {name.lower(): value.strip() for name, value in headers.items()}

    def first(*names: str) -> str | None:
        return next((told[name] for name in names if told.get(name)), None)

    topic = first("x-shopline-topic")
    return DeliveryHeaders(
        topic=canonical_topic(topic) if topic else None,
        message_ref=first("x-shopline-webhook-id", "shopline-webhook-id"),
        store_ref=first("x-shopline-shop-id"),
        merchant_ref=first("x-shopline-merchant-id"),
        domain=first("x-shopline-shop-domain"),
        api_version=first("x-shopline-api-version"),
        signature=first("x-shopline-hmac-sha256"),
    )


def canonical_topic(topic: str) -> str:
    """The spelling that is subscribed to; `orders/update` means `orders/updated`."""
    return TOPIC_ALIASES.get(topic, topic)
