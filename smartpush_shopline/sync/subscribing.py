"""Webhook subscriptions: equal ones adopted, missing ones made, strays on our address removed."""

from __future__ import annotations

from ..errors import ShoplineRefused
from ..shopline import Subscription
from .holder import Holder

PATH = "/webhooks/shopline"
SET_IN_PARTNER_PORTAL = frozenset({"customers/redact", "merchants/redact"})


def subscribe(holder: Holder) -> list[str]:
    """Returns the topics that SHOPLINE refused."""
    address = holder.settings.address(PATH)
    wanted = set(holder.state.topics) - SET_IN_PARTNER_PORTAL
    refused = []
    for subscription in holder.client.list_subscriptions():
        if subscription.topic in wanted and _is_ours(subscription, address, holder):
            wanted.discard(subscription.topic)
        elif subscription.address.startswith(holder.settings.address("/")):
            holder.client.delete_subscription(subscription.ref)
    for topic in sorted(wanted):
        try:
            holder.client.create_subscription(
                topic, address, holder.settings.webhook_api_version
            )
        except ShoplineRefused as refusal:
            if refusal.status != 422:
                raise
            refused.append(topic)
    return refused


def _is_ours(subscription: Subscription, address: str, holder: Holder) -> bool:
    version = holder.settings.webhook_api_version
    return (subscription.address, subscription.api_version) == (address, version)
