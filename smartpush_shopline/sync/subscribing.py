"""Webhook subscriptions: equal ones adopted, missing ones made, strays on our address removed.

SHOPLINE deletes a subscription after 19 failed deliveries in a row, so this is done every night.
What it does with a second, equal one is not public: each outcome is fine here.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import Gone, ShoplineRefused
from ..shopline import Subscription
from .holder import Holder

PATH = "/webhooks/shopline"
SET_IN_PARTNER_PORTAL = frozenset({"customers/redact", "merchants/redact"})


def subscribe(holder: Holder) -> list[str]:
    """Returns the topics that SHOPLINE refused."""
    wanted = set(holder.state.topics) - SET_IN_PARTNER_PORTAL
    kept, strays = _sorted(holder, holder.client.list_subscriptions(), wanted)
    for stray in strays:
        _unsubscribe(holder, stray)
    refused = [topic for topic in sorted(wanted - kept) if not _create(holder, topic)]
    if not refused:
        return []
    there, _strays = _sorted(holder, holder.client.list_subscriptions(), wanted)
    return [topic for topic in refused if topic not in there]  # refused as a second one, perhaps


def _sorted(
    holder: Holder, listed: Iterable[Subscription], wanted: set[str]
) -> tuple[set[str], list[Subscription]]:
    """(topics subscribed as they should be, what else is on our address).

    Subscriptions of other addresses are somebody else's and appear in neither.
    """
    address, ours = holder.settings.address(PATH), holder.settings.address("/")
    version = holder.settings.webhook_api_version
    kept: set[str] = set()
    strays = []
    for each in listed:
        as_wanted = (each.address, each.api_version) == (address, version)
        if as_wanted and each.topic in wanted - kept:
            kept.add(each.topic)
        elif each.address.startswith(ours):
            strays.append(each)
    return kept, strays


def _unsubscribe(holder: Holder, stray: Subscription) -> None:
    try:
        holder.client.delete_subscription(stray.ref)
    except Gone:
        return


def _create(holder: Holder, topic: str) -> bool:
    address, version = holder.settings.address(PATH), holder.settings.webhook_api_version
    try:
        holder.client.create_subscription(topic, address, version)
    except ShoplineRefused as refusal:
        if refusal.status not in (409, 422):
            raise
        return False
    return True
