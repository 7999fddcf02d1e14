"""Sends webhooks from a thread of its own and tries again as the platform does.

Source: developer.shopline.com, "Webhooks overview": 200 within 5 seconds, else 19 more attempts.
When they all fail and nothing of that topic arrived meanwhile, the subscription is deleted.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from . import installs
from .model import Delivery
from .outgoing import Leaving
from .signing import sign_webhook

if TYPE_CHECKING:
    from .state import Store, World

TIMEOUT = 5.0
REDACT = "merchants/redact"
"""Stands in the line for the end of the 48 hours after an uninstall."""
Post = Callable[[Delivery, dict[str, str]], str]
WAITS = (0, 5, 10, 30, 45, 60, 120, 300, 720, 2_280, 3_600, 7_200, *[14_400] * 7)


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *arguments: object, **more: object) -> None:
        """Anything but 200 is a failure, a redirect as well."""


_opener = build_opener(ProxyHandler({}), _NoRedirect)


class Courier:
    """One thread, one line of messages, the next due first."""

    def __init__(
        self, world: World, post: Post | None = None, threaded: bool = True
    ) -> None:
        self._world, self._post, self._threaded = world, post or post_over_http, threaded
        self._due: list[tuple[float, int, str, str]] = []
        self._order = count()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = self._stopping = False
        for store in world.stores.values():
            store.submit = self.submit
            store.redact_after = partial(self._redact_after, store)
            waiting = [each for each in store.deliveries.all() if each.outcome == "waiting"]
            self.submit(store.handle, [Leaving(each.id) for each in waiting])
            for redaction in store.redactions.all():
                self._redact_after(store, (redaction.due_at - world.now()).total_seconds())

    def submit(self, handle: str, leaving: Iterable[Leaving]) -> None:
        """Put messages in line; the thread begins with the first one."""
        with self._wake:
            for each in leaving:
                if each.instead:
                    other = [entry for entry in self._due if entry[3] != each.delivery_id]
                    self._due = other
                    heapq.heapify(self._due)
                due = time.monotonic() + each.wait
                heapq.heappush(self._due, (due, next(self._order), handle, each.delivery_id))
            if not self._due or not self._threaded:
                return
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def _redact_after(self, store: Store, wait: float) -> None:
        self.submit(store.handle, [Leaving(REDACT, wait)])

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
                self._take(self._world.stores[handle], delivery_id)
            finally:
                with self._wake:
                    self._busy = False
                    self._wake.notify_all()

    def run_due(self, late: bool = False) -> int:
        """Without a thread: send what is due now, or everything; how many were sent."""
        sent = 0
        while self._due and (late or self._pause() == 0):
            _, _, handle, delivery_id = heapq.heappop(self._due)
            self._take(self._world.stores[handle], delivery_id)
            sent += 1
        return sent

    def _take(self, store: Store, delivery_id: str) -> None:
        if delivery_id == REDACT:
            installs.redact_if_due(store, self._world.settings.gdpr_url)
        else:
            self._attempt(store, delivery_id)

    def _attempt(self, store: Store, delivery_id: str) -> None:
        delivery = store.deliveries.get(delivery_id)
        if delivery is None:
            return
        answer = self._post(delivery, self._headers(store, delivery))
        self._note(store, delivery_id, answer)

    def _headers(self, store: Store, delivery: Delivery) -> dict[str, str]:
        settings, info, moods = self._world.settings, store.info, store.moods
        topic = moods.order_topic if delivery.topic == "orders/updated" else delivery.topic
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Shopline-Topic": topic,
            "X-Shopline-Shop-Domain": info.domain,
            "X-Shopline-Shop-Id": info.store_id,
            "X-Shopline-Merchant-Id": info.merchant_id,
            "X-Shopline-API-Version": delivery.api_version,
            moods.webhook_id_header: delivery.id,
        }
        if moods.webhook_signature != "missing":
            wrong = moods.webhook_signature == "wrong"
            encoding = "wrong" if wrong else moods.webhook_hmac
            sign = sign_webhook(settings.app_secret, delivery.body.encode(), encoding)
            headers["X-Shopline-Hmac-Sha256"] = sign
        return headers

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
            factor = self._world.settings.retry_factor / float(store.moods.speed)
            self.submit(store.handle, [Leaving(delivery_id, WAITS[tries - 1] * factor)])


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


def post_over_http(delivery: Delivery, headers: dict[str, str]) -> str:
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
