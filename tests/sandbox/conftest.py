"""A sandbox per test, a clock that stands still, and somebody who receives webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from smartpush_shopline.sandbox import Settings, close, create_app
from smartpush_shopline.sandbox.signing import sign_body
from smartpush_shopline.sandbox.state import Store
from smartpush_shopline.sandbox.webhooks import Courier

WHOLE = ("/alder", "/birch", "/cedar", "/_sandbox")
API = "/alder/admin/openapi/v20260601"
ADA, BEA, CYD, DEE = (str(4_210_000_001 + number) for number in range(4))


class StandingClock:
    """Noon in Taipei, until somebody moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **amount: float) -> None:
        self.time += timedelta(**amount)


@dataclass
class Sandbox:
    """The two stores, asked without a network."""

    app: Flask
    settings: Settings
    clock: StandingClock
    token: str = "sandbox-alder"

    @property
    def alder(self) -> Store:
        store: Store = self.app.extensions["sandbox"].stores["alder"]
        return store

    @property
    def courier(self) -> Courier:
        courier: Courier = self.app.extensions["sandbox_courier"]
        return courier

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        address = path if path.startswith(WHOLE) else API + path
        return self.app.test_client().open(address, method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def read(self, path: str) -> Any:
        response = self.get(path)
        assert response.status_code == 200, response.text
        return response.json

    def send(self, method: str, path: str, body: Any) -> Any:
        response = self.call(method, path, json=body)
        assert response.status_code == 200, response.text
        return response.json

    def visit(self, path: str, **more: Any) -> TestResponse:
        return self.app.test_client().get(f"/alder/admin{path}", **more)

    def submit(self, path: str, /, **form: str) -> TestResponse:
        return self.app.test_client().post(f"/alder/admin{path}", data=form)

    def token_call(self, verb: str, body: bytes, **headers: str) -> Any:
        """A call as the app makes it: signed over its very bytes."""
        moment = str(int(self.clock().timestamp() * 1000))
        signed = {
            "appkey": self.settings.app_key,
            "timestamp": moment,
            "sign": sign_body(self.settings.app_secret, body, moment),
            "Content-Type": "application/json",
        }
        return self.app.test_client().post(
            f"/alder/admin/oauth/token/{verb}", data=body, headers={**signed, **headers}
        )

    def allow(self, **more: str) -> TestResponse:
        form = {
            "appKey": self.settings.app_key,
            "scope": "read_customers,read_store_information",
            "redirectUri": f"{self.settings.app_url}/callback",
            "customField": "state-1",
            **more,
        }
        return self.submit("/oauth-web/allow", **form)

    def subscribe(self, topic: str, address: str) -> int:
        sent = {"webhook": {"address": address, "api_version": "v20260601", "topic": topic}}
        number: int = self.send("POST", "/webhooks.json", sent)["webhook"]["id"]
        return number


@pytest.fixture(scope="session")
def one_clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def clock(one_clock: StandingClock) -> StandingClock:
    one_clock.time = StandingClock().time
    return one_clock


@pytest.fixture(scope="session")
def one_sandbox(one_clock: StandingClock) -> Iterator[Sandbox]:
    """Opened once, because compiling its routes takes longer than most tests."""
    settings = Settings(bucket=0, retry_factor=0.0)
    app = create_app(settings, now=one_clock)
    yield Sandbox(app, settings, one_clock)
    close(app)


@pytest.fixture
def sandbox(one_sandbox: Sandbox, clock: StandingClock) -> Sandbox:
    """Both stores as on their first day."""
    one_sandbox.courier.drain()
    for store in one_sandbox.app.extensions["sandbox"].stores.values():
        store.reset()
    return replace(one_sandbox, clock=clock)


@pytest.fixture
def open_sandbox(clock: StandingClock) -> Iterator[Callable[..., Sandbox]]:
    """Sandboxes with settings of their own."""
    opened: list[Flask] = []

    def opener(**options: Any) -> Sandbox:
        settings = Settings(**{"bucket": 0, "retry_factor": 0.0, **options})
        opened.append(create_app(settings, now=clock))
        return Sandbox(opened[-1], settings, clock)

    yield opener
    for app in opened:
        close(app)


@dataclass
class Receiver:
    """An app's webhook address on loopback."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; 200 when there is none left."""
    received: Queue[tuple[dict[str, str], bytes]] = field(default_factory=Queue)

    def next(self) -> tuple[dict[str, str], bytes]:
        return self.received.get(timeout=3)

    def next_topic(self) -> tuple[str, Any]:
        headers, body = self.next()
        return headers["x-shopline-topic"], json.loads(body)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.received.put(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(made.answers.pop(0) if made.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/hooks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
