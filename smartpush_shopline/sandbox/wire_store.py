"""What is told about the store itself, its apps and their subscriptions."""

from __future__ import annotations

from datetime import datetime

from .model import Customer, Order, StoreInfo, Subscription
from .wire import Json, local


def subscription(subscription: Subscription, store: StoreInfo) -> Json:
    return {
        "id": subscription.id,
        "topic": subscription.topic,
        "address": subscription.address,
        "api_version": subscription.api_version,
        "created_at": local(subscription.created_at, store.zone),
        "updated_at": local(subscription.updated_at, store.zone),
    }


def shop(store: StoreInfo) -> Json:
    """``merchants/shop.json`` without its envelope; the id is a number here and only here."""
    return {
        "id": int(store.store_id),
        "merchant_id": store.merchant_id,
        "name": store.name,
        "domain": store.domain,
        "currency": store.currency,
        "iana_timezone": store.timezone,
        "language": store.language,
        "email": store.email,
        "customer_email": store.email,
        "biz_store_status": 2,
        "location_country_code": store.country_code,
        "sales_channels": [{"channel_handle": "web"}],
        "created_at": local(store.created_at, store.zone),
        "updated_at": local(store.updated_at, store.zone),
    }


def app_lifecycle(store: StoreInfo, app_key: str, operate: str, now: datetime) -> Json:
    return {
        "appkey": app_key,
        "handle": store.handle,
        "store_id": store.store_id,
        "merchant_id": store.merchant_id,
        "name": store.name,
        "country_code": store.country_code,
        "timezone": store.timezone,
        "operate": operate,
        "created_at": local(now, store.zone),
        "timestamp": int(now.timestamp() * 1000),
    }


def customer_redact(
    customer: Customer, orders: list[Order], store: StoreInfo, now: datetime
) -> Json:
    return {
        "customer": {"id": customer.id, "email": customer.email, "phone": customer.phone},
        "orders_to_redact": [order.name for order in orders],
        "shop_id": store.store_id,
        "shop_domain": store.domain,
        "update_time": local(now, store.zone),
    }


def store_redact(store: StoreInfo, now: datetime) -> Json:
    return {
        "store_id": store.store_id,
        "store_domain": store.domain,
        "update_time": local(now, store.zone),
    }
