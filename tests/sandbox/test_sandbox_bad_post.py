"""Webhooks on bad days: late, mixed, lost, unsigned; and what becomes of who does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from smartpush_shopline.sandbox import people
from smartpush_shopline.sandbox.signing import sign_webhook
from smartpush_shopline.sandbox.webhooks import WAITS

from .conftest import ADA, BEA, CYD, Receiver, Sandbox


def tag(sandbox: Sandbox, *words: str) -> None:
    for word in words:
        people.edit(sandbox.alder, ADA, {"tags": word}, "test")


def heard(sandbox: Sandbox, receiver: Receiver) -> list[str]:
    assert sandbox.courier.drain()
    found = []
    while not receiver.received.empty():
        found.append(receiver.next_topic()[1]["tags"])
    return found


@pytest.fixture
def listening(sandbox: Sandbox, receiver: Receiver) -> Sandbox:
    sandbox.subscribe("customers/update", receiver.url)
    return sandbox


def test_three_messages_arrive_in_another_order(listening: Sandbox, receiver: Receiver) -> None:
    listening.alder.moods.set({"webhooks": "reordered", "webhook_delay": 3600, "seed": 1})
    tag(listening, "a", "b")
    assert heard(listening, receiver) == []
    tag(listening, "c")
    found = heard(listening, receiver)
    assert found != ["a", "b", "c"]
    assert sorted(found) == ["a", "b", "c"]
    tag(listening, "d")
    assert heard(listening, receiver) == []


def test_a_late_message_arrives_all_the_same(listening: Sandbox, receiver: Receiver) -> None:
    listening.alder.moods.set({"webhooks": "delayed", "webhook_delay": 0.2})
    tag(listening, "late")
    assert heard(listening, receiver) == []
    assert receiver.next_topic()[1]["tags"] == "late"


def test_chaos_is_the_same_with_the_same_seed(listening: Sandbox, receiver: Receiver) -> None:
    runs = []
    for seed in (4, 4, 5):
        wish = {"webhooks": "chaos", "webhook_delay": 3600, "seed": seed}
        listening.alder.moods.set(wish)
        tag(listening, *"abcdefghijklmnop")
        runs.append(heard(listening, receiver))
    assert runs[0] == runs[1] != runs[2]
    assert len(set(runs[0])) < 16  # some are late or lost
    assert len(runs[0]) > len(set(runs[0]))  # and some come twice


def test_an_unsigned_message_has_no_signature(listening: Sandbox, receiver: Receiver) -> None:
    listening.alder.moods.webhook_signature = "missing"
    tag(listening, "probe")
    headers, _ = receiver.next()
    assert "x-shopline-hmac-sha256" not in headers
    listening.alder.moods.set({"webhook_signature": "right", "webhook_hmac": "base64"})
    tag(listening, "signed")
    headers, body = receiver.next()
    expected = sign_webhook(listening.settings.app_secret, body, "base64")
    assert headers["x-shopline-hmac-sha256"] == expected


def test_the_ladder_is_the_platforms() -> None:
    assert len(WAITS) == 19
    assert WAITS[:6] == (0, 5, 10, 30, 45, 60)
    assert sum(WAITS) / 3600 == pytest.approx(32.2, abs=0.5)


def test_time_runs_faster_between_attempts(
    open_sandbox: Callable[..., Sandbox], receiver: Receiver
) -> None:
    sandbox = open_sandbox(retry_factor=1.0)
    sandbox.alder.moods.speed = 1_000_000
    sandbox.subscribe("customers/update", receiver.url)
    receiver.answers += [500] * 8
    tag(sandbox, "again")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        (delivery,) = sandbox.alder.deliveries.all()
        if delivery.outcome == "delivered":
            break
        time.sleep(0.01)
    assert (delivery.outcome, delivery.attempts) == ("delivered", 9)


def test_a_success_meanwhile_saves_the_subscription(
    open_sandbox: Callable[..., Sandbox], receiver: Receiver
) -> None:
    """19 attempts again failed, but another message of that topic got through."""
    sandbox = open_sandbox(retry_factor=1000.0)
    sandbox.subscribe("customers/delete", receiver.url)
    receiver.answers += [500, 500]
    sandbox.call("DELETE", f"/customers/{ADA}.json")
    assert sandbox.courier.drain()
    sandbox.clock.forward(minutes=5)
    sandbox.call("DELETE", f"/customers/{BEA}.json")
    assert sandbox.courier.drain()
    failing = sandbox.alder.deliveries.all()[0]
    for _ in range(failing.attempts, len(WAITS) + 1):
        sandbox.courier._note(sandbox.alder, failing.id, "500")
    assert sandbox.alder.deliveries.all()[0].outcome == "failed"
    assert sandbox.read("/webhooks/count.json") == {"count": 1}


def installed(sandbox: Sandbox) -> None:
    code = sandbox.allow().headers["Location"].partition("code=")[2].partition("&")[0]
    sandbox.token_call("create", f'{{"code":"{code}"}}'.encode())


def test_the_store_is_erased_48_hours_after_an_uninstall(
    open_sandbox: Callable[..., Sandbox], receiver: Receiver
) -> None:
    sandbox = open_sandbox(gdpr_url=receiver.url)
    sandbox.alder.moods.speed = 1_000_000
    installed(sandbox)
    sandbox.submit("/apps/uninstall")
    assert receiver.next_topic()[0] == "merchants/redact"
    assert len(sandbox.alder.redactions) == 0


def test_the_48_hours_go_on_after_a_restart(
    open_sandbox: Callable[..., Sandbox], receiver: Receiver, tmp_path: Any
) -> None:
    options = {"gdpr_url": receiver.url, "data": tmp_path / "stores.db"}
    before = open_sandbox(**options)
    installed(before)
    before.submit("/apps/uninstall")
    assert before.courier.drain()
    assert receiver.received.empty()
    before.clock.forward(hours=48)
    after = open_sandbox(**options)
    assert receiver.next_topic()[0] == "merchants/redact"
    assert after.courier.drain()


def test_a_deleted_segments_time_has_two_forms(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.subscribe("customer_groups/delete", receiver.url)
    sandbox.alder.moods.delete_offset = "colon"
    sandbox.call("DELETE", "/customer_saved_searches/GROUP5483719394486650001.json")
    assert receiver.next_topic()[1]["deleted_at"] == "2026-11-24T12:00:00+08:00"


def test_a_silent_consent_is_told_by_its_own_topic_alone(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    for topic in ("customers/update", "customers_marketing_consent/update"):
        sandbox.subscribe(topic, receiver.url)
    sandbox.alder.moods.consent_bumps_customer = "no"
    sandbox.send("PUT", f"/customers/{CYD}.json", {"customer": {"email_subscribe_flag": 1}})
    assert sandbox.courier.drain()
    assert receiver.next_topic()[0] == "customers_marketing_consent/update"
    assert receiver.received.empty()
