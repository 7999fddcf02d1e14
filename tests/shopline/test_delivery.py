"""What a webhook's headers claim, in every spelling that was seen."""

import pytest

from smartpush_shopline.shopline import DeliveryHeaders, canonical_topic, parse_delivery_headers

REAL = {
    "X-Shopline-Topic": "customers/update",
    "X-Shopline-Hmac-Sha256": "abc=",
    "X-Shopline-Shop-Domain": "demo-store.myshopline.com",
    "X-Shopline-Shop-Id": "1610418123456",
    "X-Shopline-Merchant-Id": "2000001234",
    "X-Shopline-API-Version": "v20260901",
    "X-Shopline-Webhook-Id": "b54557e48a5fbf7d70bcd043",
}
READ = DeliveryHeaders(
    topic="customers/update",
    message_ref="b54557e48a5fbf7d70bcd043",
    store_ref="1610418123456",
    merchant_ref="2000001234",
    domain="demo-store.myshopline.com",
    api_version="v20260901",
    signature="abc=",
)


@pytest.mark.parametrize("spell", [str, str.lower, str.upper, str.title])
def test_headers_are_read_in_any_case(spell):
    assert parse_delivery_headers({spell(name): value for name, value in REAL.items()}) == READ


def test_absent_and_empty_headers_are_none():
    assert parse_delivery_headers({"X-Shopline-Topic": " "}) == DeliveryHeaders(*[None] * 7)


@pytest.mark.parametrize(
    ("headers", "ref"),
    [
        ({"X-Shopline-Webhook-Id": "a"}, "a"),
        ({"Shopline-Webhook-Id": "b"}, "b"),
        ({"Shopline-Webhook-Id": "b", "X-Shopline-Webhook-Id": "a"}, "a"),
        ({"Shopline-Webhook-Id": "b", "X-Shopline-Webhook-Id": ""}, "b"),
    ],
)
def test_the_messages_id_has_two_names(headers, ref):
    assert parse_delivery_headers(headers).message_ref == ref


@pytest.mark.parametrize(
    ("topic", "meant"),
    [
        ("orders/update", "orders/updated"),
        ("orders/updated", "orders/updated"),
        ("customers/update", "customers/update"),
    ],
)
def test_the_overviews_own_misspelling_is_understood(topic, meant):
    assert canonical_topic(topic) == meant
    assert parse_delivery_headers({"X-Shopline-Topic": topic}).topic == meant
