"""The Admin API of one store: everything the plugin asks SHOPLINE.

Every method raises the `ShoplineError` family (see `failures`): permanent ones are not worth
another try. A page with one unreadable row raises `UnexpectedPayload` naming that row; nothing is
skipped silently. Which fact of the platform each part relies on is in `docs/shopline.md`.
"""

from __future__ import annotations

from smartpush_shopline.shopline.caller import MAX_LIMIT
from smartpush_shopline.shopline.customer_api import CustomerApi
from smartpush_shopline.shopline.graph_api import GraphApi
from smartpush_shopline.shopline.order_api import OrderApi
from smartpush_shopline.shopline.segment_api import SegmentApi
from smartpush_shopline.shopline.store_api import StoreApi

__all__ = ["MAX_LIMIT", "ShoplineClient"]


class ShoplineClient(StoreApi, CustomerApi, SegmentApi, OrderApi, GraphApi):
    """Ask one store. Not shared between threads; the pace is."""
