"""Webhooks as they really arrive: over loopback, signed, again when they fail."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from smartpush_shopline.sandbox.signing import sign_webhook
from smartpush_shopline.sandbox.webhooks import WAITS

from .conftest import ADA, CYD, DEE, Receiver, Sandbox

CONSENT = "customers_marketing_consent/update"


def listen(sandbox: Sandbox, receiver: Receiver, *topics: str) -> None:
    for topic in topics:
        sandbox.subscribe(topic, receiver.url)


def test_a_message_carries_the_headers_of_the_platform(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    listen(sandbox, receiver, "customer_groups/create")
    sent = {"customer_saved_search": {"name": "Two", "query": "orders_count:>1;"}}
    sandbox.send("POST", "/customer_saved_searches.json", sent)
    headers, body = receiver.next()
    assert headers["x-shopline-topic"] == "customer_groups/create"
    assert headers["x-shopline-shop-id"] == "1610418123456"
    assert headers["x-shopline-shop-domain"] == "alder.myshopline.com"
    assert headers["x-shopline-merchant-id"] == "2000001234"
    assert headers["x-shopline-api-version"] == "v20260601"
    assert len(headers["x-shopline-webhook-id"]) == 24
    expected = sign_webhook(sandbox.settings.app_secret, body)
    assert headers["x-shopline-hmac-sha256"] == expected
    assert b'"query":"ordersCount:>1"' in body


def test_a_segments_change_and_end_are_told(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, "customer_groups/update", "customer_groups/delete")
    ref = "GROUP5483719394486650003"
    sandbox.submit(f"/segments/{ref}", name="VIP", query="total_spent:>100")
    topic, told = receiver.next_topic()
    assert (topic, told["query"]) == ("customer_groups/update", "totalSpent:>100")
    assert told["updated_at"] == "2026-11-24T12:00:00+08:00"
    sandbox.call("DELETE", f"/customer_saved_searches/{ref}.json")
    topic, told = receiver.next_topic()
    assert topic == "customer_groups/delete"
    assert told == {
        "id": ref,
        "store_id": "1610418123456",
        "deleted_at": "2026-11-24T04:00:00+0000",
    }


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ({"email_marketing_consent": {"state": 1}}, 1),
        ({"sms_marketing_consent": {"state": 1}}, 2),
        ({"email_subscribe_flag": 0}, 3),
        ({"accepts_mobile_marketing": False}, 4),
    ],
)
def test_a_consent_is_told_twice_with_what_was_done(
    sandbox: Sandbox, receiver: Receiver, change: dict[str, Any], action: int
) -> None:
    listen(sandbox, receiver, "customers/update", CONSENT)
    sandbox.send("PUT", f"/customers/{DEE}.json", {"customer": change})
    topic, told = receiver.next_topic()
    assert topic == "customers/update"
    assert "subscribeActionType" not in told
    assert type(told["state"]) is int
    assert told["gender"] == "others"
    topic, told = receiver.next_topic()
    assert (topic, told["subscribeActionType"]) == (CONSENT, action)
    assert type(told["state"]) is str


def test_a_change_without_consent_is_told_once(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, "customers/update", CONSENT)
    sandbox.send("PUT", f"/customers/{ADA}.json", {"customer": {"tags": "vip,linen"}})
    assert receiver.next_topic()[0] == "customers/update"
    sandbox.send("PUT", f"/customers/{ADA}.json", {"customer": {"tags": "vip,linen"}})
    assert sandbox.courier.drain()
    assert receiver.received.empty()


def test_the_blacklist_disables_and_enables(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, "customers/update", "customers/disable", "customers/enable")
    sandbox.submit(f"/customers/{CYD}/blacklist")
    assert receiver.next_topic()[0] == "customers/disable"
    topic, told = receiver.next_topic()
    assert (topic, told["state"]) == ("customers/update", 0)
    sandbox.submit(f"/customers/{CYD}/blacklist")
    assert receiver.next_topic()[0] == "customers/enable"


def test_a_new_and_a_deleted_customer_are_told(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, "customers/create", "customers/delete")
    made = sandbox.send("POST", "/customers.json", {"customer": {"email": "new@example.com"}})
    assert receiver.next_topic()[0] == "customers/create"
    sandbox.call("DELETE", f"/customers/{made['customer']['id']}.json")
    topic, told = receiver.next_topic()
    assert topic == "customers/delete"
    assert told["id"] == made["customer"]["id"]
    assert told["phone"] == ""


def test_a_new_time_zone_is_told(sandbox: Sandbox, receiver: Receiver) -> None:
    listen(sandbox, receiver, "merchants/update")
    sandbox.submit("/settings", name="Alder", timezone="Asia/Kathmandu")
    topic, told = receiver.next_topic()
    assert (topic, told["iana_timezone"]) == ("merchants/update", "Asia/Kathmandu")
    assert told["updated_at"].endswith("+05:45")


def test_a_failed_message_comes_again_with_the_same_id(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    listen(sandbox, receiver, "customers/delete")
    receiver.answers += [500, 302]
    sandbox.call("DELETE", f"/customers/{ADA}.json")
    ids = {receiver.next()[0]["x-shopline-webhook-id"] for _ in range(3)}
    assert len(ids) == 1
    assert sandbox.courier.drain()
    (delivery,) = sandbox.alder.deliveries.all()
    assert (delivery.outcome, delivery.attempts) == ("delivered", 3)


def test_a_subscription_nobody_answers_is_deleted_in_the_end(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    listen(sandbox, receiver, "customers/delete")
    receiver.answers += [500] * (len(WAITS) + 1)
    sandbox.call("DELETE", f"/customers/{ADA}.json")
    assert sandbox.courier.drain()
    (delivery,) = sandbox.alder.deliveries.all()
    assert (delivery.outcome, delivery.attempts) == ("failed", 20)
    assert sandbox.read("/webhooks/count.json") == {"count": 0}


def test_an_address_nobody_listens_at_stays_in_the_log(
    open_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = open_sandbox(retry_factor=1000.0)
    sandbox.subscribe("customers/delete", "http://127.0.0.1:9/nobody")
    sandbox.call("DELETE", f"/customers/{ADA}.json")
    assert sandbox.courier.drain()
    (delivery,) = sandbox.alder.deliveries.all()
    assert delivery.outcome == "waiting"
    assert delivery.attempts == 2
    page = sandbox.visit("/webhooks").text
    assert "no answer" in page
    assert "customers/delete" in page


def test_moods_change_how_webhooks_are_signed_and_sent(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    listen(sandbox, receiver, "customers/update")
    secret = sandbox.settings.app_secret

    def change(tags: str, **mood: str) -> None:
        sandbox.send("POST", "/alder/sandbox/moods", mood)
        sandbox.send("PUT", f"/customers/{ADA}.json", {"customer": {"tags": tags}})
        assert sandbox.courier.drain()

    change("one", hmac="base64")
    headers, body = receiver.next()
    given = base64.b64decode(headers["x-shopline-hmac-sha256"])
    assert given.hex() == sign_webhook(secret, body)
    change("two", hmac="wrong")
    headers, body = receiver.next()
    assert headers["x-shopline-hmac-sha256"] != sign_webhook(secret, body)
    change("three", deliver="twice")
    ids = [receiver.next()[0]["x-shopline-webhook-id"] for _ in range(2)]
    assert ids[0] == ids[1]
    change("four", deliver="never")
    assert receiver.received.empty()
    assert sandbox.alder.deliveries.all()[-1].outcome == "dropped"


def test_erasure_requests_go_to_the_portals_address(
    open_sandbox: Callable[..., Sandbox], receiver: Receiver
) -> None:
    sandbox = open_sandbox(gdpr_url=receiver.url)
    sandbox.submit(f"/customers/{ADA}/redact")
    topic, told = receiver.next_topic()
    assert topic == "customers/redact"
    assert told["customer"]["id"] == ADA
    sandbox.submit("/apps/redact")
    topic, told = receiver.next_topic()
    assert topic == "merchants/redact"
    assert told["store_domain"] == "alder.myshopline.com"
