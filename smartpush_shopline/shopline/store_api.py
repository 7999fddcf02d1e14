"""The store itself and its webhook subscriptions.

Sources on developer.shopline.com: Admin REST "Store information" and "Webhook".
"""

from __future__ import annotations

from smartpush_shopline.shopline.asking import piece
from smartpush_shopline.shopline.caller import Caller
from smartpush_shopline.shopline.models import ShopInfo, Subscription
from smartpush_shopline.shopline.parsing import parse_shop, parse_subscription
from smartpush_shopline.shopline.transport import Answer


class StoreApi(Caller):
    """`merchants/shop.json` and `webhooks*.json`, where an id stands before `webhooks.json`."""

    def fetch_shop(self) -> ShopInfo:
        """Name, time zone, currency, status. Scope `read_store_information`."""
        return self._get("merchants/shop.json").read(lambda body: parse_shop(body.data))

    def list_subscriptions(self) -> list[Subscription]:
        """Every subscription of this app at this store."""
        return list(self._page("webhooks.json", "webhooks", parse_subscription, {}).items)

    def create_subscription(self, topic: str, address: str, api_version: str) -> Subscription:
        """Subscribe to one topic; `ShoplineRefused` (422) for an unknown topic or version."""
        webhook = {"address": address, "api_version": api_version, "topic": topic}
        return _subscription(self._send("POST", "webhooks.json", {"webhook": webhook}))

    def delete_subscription(self, ref: str) -> None:
        """Unsubscribe; `Gone` when it was gone already."""
        self._send("DELETE", f"{piece(ref)}/webhooks.json")


def _subscription(answer: Answer) -> Subscription:
    return answer.read(lambda body: parse_subscription(body.required("webhook").data))
