"""A small dashboard with the plugin, and a sandbox store that it is really connected to."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from smartpush_shopline import ShopCard, SmartPush
from smartpush_shopline.database import Database
from smartpush_shopline.sandbox import Running
from smartpush_shopline.sandbox.moods import Moods
from smartpush_shopline.sandbox.signing import signed_address
from smartpush_shopline.sandbox.state import Shelf, Store
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shopline import Pace
from smartpush_shopline.shops.models import Shop
from smartpush_shopline.sync.models import SyncRun
from smartpush_shopline.web import State
from tests import postgres
from tests.support import APP_KEY, APP_SECRET, FERNET_KEY, Clock, People, hurry


class NoPace(dict[int, Pace]):
    """The sandbox is not in a hurry either."""

    def __missing__(self, key: int) -> Pace:
        self[key] = Pace(per_second=100_000, burst=1000)
        return self[key]

    def setdefault(self, key: int, default: Pace | None = None) -> Pace:
        return self[key]


def config(url: str, **more: Any) -> dict[str, Any]:
    return {
        "TESTING": True,
        "SECRET_KEY": "test",
        "SQLALCHEMY_DATABASE_URI": url,
        "SMARTPUSH_APPS": {APP_KEY: [APP_SECRET]},
        "SMARTPUSH_ENCRYPTION_KEYS": [FERNET_KEY],
        "SMARTPUSH_PUBLIC_URL": "http://127.0.0.1:1",
        "SMARTPUSH_CAMPAIGN_FORM_ENDPOINT": "campaign",
        "SMARTPUSH_RUNNER": "inline",
        "SMARTPUSH_REREAD": [],
        **more,
    }


@dataclass
class Host:
    """What a test may do with the dashboard. `allows` is its rule, `in_front` its chosen store."""

    app: Flask
    smartpush: SmartPush
    db: SQLAlchemy
    clock: Clock
    url: str = ""
    allows: Callable[[str, ShopCard | None], bool] = lambda action, shop: True
    in_front: str | None = None
    http: requests.Session = field(default_factory=requests.Session)

    @property
    def state(self) -> State:
        state: State = self.app.extensions["smartpush"]
        return state

    @property
    def database(self) -> Database:
        return self.state.database

    @property
    def subscribable(self) -> list[str]:
        """Requests to erase are set up in the Partner Portal; all other topics by subscription."""
        return sorted(topic for topic in self.state.topics if not topic.endswith("/redact"))

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def tick(self) -> None:
        from smartpush_shopline.runner.ringing import tick

        tick(self.app)

    def shop(self, handle: str = "birch") -> Shop:
        with self.database.read() as session:
            return session.scalars(select(Shop).where(Shop.handle == handle)).one()

    def people(self, handle: str = "birch") -> People:
        return People(self.database, self.shop(handle).id, self.clock)

    def segments(self) -> dict[str, Segment]:
        with self.database.read() as session:
            return {each.name: each for each in session.scalars(select(Segment))}

    def runs(self) -> list[SyncRun]:
        with self.database.read() as session:
            return list(session.scalars(select(SyncRun).order_by(SyncRun.id)))


def make_host(url: str, clock: Clock, database: Database | None = None, **more: Any) -> Host:
    """A dashboard that is plugged in, with everything at once and no waiting."""
    app = Flask("host")
    app.config.from_mapping(config(url, **more))
    db = SQLAlchemy()
    db.init_app(app)
    smartpush = SmartPush(db=db)
    host = Host(app, smartpush, db, clock)
    smartpush.authorizer(lambda action, shop: host.allows(action, shop))
    smartpush.current_shop(lambda: host.in_front)
    smartpush.init_app(app)
    app.add_url_rule("/campaign", "campaign", lambda: "the form")
    app.add_url_rule("/login", "login", lambda: "who are you?")
    host.state.now = clock
    host.state.paces = NoPace()
    if database is None:
        hurry(host.database.engine)
    else:
        host.state.database = database
    return host


def close_host(host: Host) -> None:
    host.database.engine.dispose()
    host.http.close()
    with host.app.app_context():
        for engine in host.db.engines.values():
            engine.dispose()


class Address:
    """One address on loopback for all tests; whichever dashboard is `app` answers there."""

    def __init__(self) -> None:
        self.app: Flask | None = None
        self.url = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self.app is None:
            start_response("503 Service Unavailable", [])
            return [b""]
        return self.app(environ, start_response)


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


@contextmanager
def listening() -> Iterator[Address]:
    address = Address()
    server = make_server("127.0.0.1", 0, address, threaded=True, request_handler=Quiet)
    address.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(frozen=True)
class Moment:
    """A store, and the dashboard that is connected to it, as they were."""

    shelves: dict[str, dict[str, Any]]
    rows: bytes | postgres.Kept

    @classmethod
    def of(cls, store: Store, database: Database) -> Moment:
        shelves = {
            name: dict(shelf._things)
            for name, shelf in vars(store).items()
            if isinstance(shelf, Shelf)
        }
        if database.engine.dialect.name == "postgresql":
            return cls(shelves, postgres.keep(database.engine))
        with closing(sqlite3.connect(str(database.engine.url.database))) as connection:
            return cls(shelves, connection.serialize())

    def restore(self, store: Store, database: Database) -> None:
        for name, things in self.shelves.items():
            getattr(store, name)._things = dict(things)
        if isinstance(self.rows, bytes):
            Path(str(database.engine.url.database)).write_bytes(self.rows)
        else:
            postgres.bring_back(database.engine, self.rows)


class Dial:
    """The clock that the sandbox reads, which is another one in each test."""

    def __init__(self) -> None:
        self.clock = Clock()

    def __call__(self) -> Any:
        return self.clock().replace(microsecond=0)


@dataclass
class Sandbox:
    """One sandbox for all tests; `open_to` begins a test with a fresh store."""

    running: Running
    dial: Dial
    calls: list[str] = field(default_factory=list)
    """Paths of the API calls, in order."""

    def store(self, handle: str) -> Store:
        return self.running.world.stores[handle]

    def fresh(self, handle: str, customers: int, clock: Clock) -> Store:
        """The store on its first day, with so many of its customers only."""
        self.dial.clock = clock
        store = self.store(handle)
        store.reset()
        store.moods = Moods()
        for surplus in store.customers.all()[customers:]:
            store.customers.drop(surplus.id)
        self.calls.clear()
        return store

    def point_at(self, url: str) -> None:
        """Tell the platform where the app lives."""
        world = self.running.world
        world.settings = replace(world.settings, app_url=f"{url}/smartpush/shopline")

    def arrived(self) -> None:
        """Every webhook has been posted and answered."""
        assert self.running.courier.drain(60), "Some webhooks did not arrive in time."

    def counted(self, part: str) -> int:
        return sum(part in call for call in self.calls)

    def by_endpoint(self) -> Counter[str]:
        return Counter(call.partition("?")[0].rpartition("/openapi/")[2] for call in self.calls)

    def signed(self, path: str, **params: str) -> str:
        """A link as the Admin makes it, below the app's prefix."""
        settings = self.running.world.settings
        moment = str(int(self.dial().timestamp() * 1000))
        params = {"appkey": settings.app_key, "timestamp": moment, **params}
        address: str = signed_address(settings.app_secret, f"{settings.prefix}{path}", params)
        return address

    def open_app(self, browser: FlaskClient, handle: str) -> TestResponse:
        """The App URL, as the Admin opens it."""
        return go(browser, self.signed("/shopline", handle=handle))

    def allow(self, asked: TestResponse, handle: str) -> str:
        """The merchant says yes on the authorize page; the address of the callback."""
        fragment = urlsplit(asked.headers["Location"]).fragment
        form = {key: words[0] for key, words in parse_qs(fragment.partition("?")[2]).items()}
        answer = requests.post(
            f"{self.running.url}/{handle}/admin/oauth-web/allow",
            data=form,
            allow_redirects=False,
            timeout=10,
        )
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def connect(self, browser: FlaskClient, handle: str = "birch") -> TestResponse:
        """The whole way: App URL, authorize, callback."""
        return go(browser, self.allow(self.open_app(browser, handle), handle))


def go(browser: FlaskClient, address: str) -> TestResponse:
    """Open an absolute address of the dashboard without a network."""
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
