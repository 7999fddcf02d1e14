"""Sends webhooks from a thread of its own and tries again as the platform does.

Source: developer.shopline.com, "Webhooks overview": 200 within 5 seconds, else 19 more attempts.
When they all fail and nothing of that topic arrived meanwhile, the subscription is deleted.
"""

from __future__ import annotations

import heapq
import threading
import time
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from .model import Delivery
from .signing import sign_webhook

if TYPE_CHECKING:
    from .state import Store, World

TIMEOUT = 5.0
WAITS = (0, 5, 10, 30, 45, 60, 120, 300, 720, 2_280, 3_600, 7_200, *[14_400] * 7)


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *arguments: object, **more: object) -> None:
        """Anything but 200 is a failure, a redirect as well."""


_opener = build_opener(ProxyHandler({}), _NoRedirect)


class Courier:
    """One thread, one line of messages, the next due first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._due: list[tuple[float, int, str, str]] = []
        self._order = count()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = self._stopping = False
        for store in world.stores.values():
            store.submit = self.submit
            for delivery in store.deliveries.all():
                if delivery.outcome == "waiting":
                    self.submit(store.handle, delivery.id)

    def submit(self, handle: str, delivery_id: str, wait: float = 0) -> None:
        with self._wake:
            due = time.monotonic() + wait
            heapq.heappush(self._due, (due, next(self._order), handle, delivery_id))
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def drain(self, timeout: float = 5.0) -> bool:
        """Wait until nothing is due now (later attempts may be); for tests."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._busy and self._pause() != 0, timeout)

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread:
            self._thread.join(TIMEOUT + 1)

    def _pause(self) -> float | None:
        """Seconds until the next message is due; ``None`` if there is none."""
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._stopping and (pause := self._pause()) != 0:
                    self._wake.wait(pause)
                if self._stopping:
                    return
                _, _, handle, delivery_id = heapq.heappop(self._due)
                self._busy = True
            try:
                self._attempt(self._world.stores[handle], delivery_id)
            finally:
                with self._wake:
                    self._busy = False
                    self._wake.notify_all()

    def _attempt(self, store: Store, delivery_id: str) -> None:
        delivery = store.deliveries.get(delivery_id)
        if delivery is None:
            return
        answer = post(delivery, self._headers(store, delivery))
        self._note(store, delivery_id, answer)

    def _headers(self, store: Store, delivery: Delivery) -> dict[str, str]:
        settings, info = self._world.settings, store.info
        encoding = store.moods.hmac or settings.webhook_hmac
        body = delivery.body.encode()
        return {
            "Content-Type": "application/json; charset=utf-8",
            "X-Shopline-Topic": delivery.topic,
            "X-Shopline-Hmac-Sha256": sign_webhook(settings.app_secret, body, encoding),
            "X-Shopline-Shop-Domain": info.domain,
            "X-Shopline-Shop-Id": info.store_id,
            "X-Shopline-Merchant-Id": info.merchant_id,
            "X-Shopline-API-Version": delivery.api_version,
            "X-Shopline-Webhook-Id": delivery.id,
        }

    def _note(self, store: Store, delivery_id: str, answer: str) -> None:
        with store.change():
            delivery = store.deliveries.get(delivery_id)
            if delivery is None:
                return
            tries, arrived = delivery.attempts + 1, answer == "200"
            given_up = not arrived and tries > len(WAITS)
            outcome = "delivered" if arrived else "failed" if given_up else "waiting"
            if delivery.outcome == "delivered":
                outcome = "delivered"
            delivery = replace(
                delivery,
                attempts=tries,
                answer=answer,
                outcome=outcome,
                last_attempt_at=store.now(),
            )
            store.deliveries.put(delivery.id, delivery)
            _note_subscription(store, delivery)
        if outcome == "waiting":
            wait = WAITS[tries - 1] * self._world.settings.retry_factor
            self.submit(store.handle, delivery_id, wait)


def _note_subscription(store: Store, delivery: Delivery) -> None:
    subscription = store.subscriptions.get(str(delivery.subscription_id))
    if subscription is None:
        return
    if delivery.outcome == "delivered":
        arrived = replace(subscription, last_success_at=store.now())
        store.subscriptions.put(str(subscription.id), arrived)
    elif delivery.outcome == "failed":
        last = subscription.last_success_at
        if last is None or last < delivery.created_at:
            store.subscriptions.drop(str(subscription.id))


def post(delivery: Delivery, headers: dict[str, str]) -> str:
    """One attempt; the status, or why there was no answer."""
    try:
        request = Request(delivery.address, delivery.body.encode(), headers, method="POST")  # noqa: S310  http(s) is checked at subscription
        with _opener.open(request, timeout=TIMEOUT) as response:
            return str(response.status)
    except HTTPError as refused:
        with refused:
            return str(refused.code)
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"no answer: {getattr(reason, 'strerror', None) or reason}"
