"""Three dashboards of other people's making, on loopback, with the same few people and lists."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from smartpush_shopline.database import Database
from tests.hosting import Quiet
from tests.support import ADA, APP_KEY, APP_SECRET, CAST, FERNET_KEY, Clock, People, make_shop

FAY = replace(ADA, ref="5", email="fay@example.com", phone=None, first_name="Fay")
GUS = replace(ADA, ref="6", email="gus@example.com", phone=None, first_name="Gus")
CONFIG: dict[str, Any] = {
    "SECRET_KEY": "kept by the dashboard",
    "SMARTPUSH_APPS": {APP_KEY: [APP_SECRET]},
    "SMARTPUSH_ENCRYPTION_KEYS": [FERNET_KEY],
    "SMARTPUSH_PUBLIC_URL": "https://dashboard.example",
    "SMARTPUSH_RUNNER": "external",
}


@dataclass
class Dashboard:
    """One of the three, as a person and a browser see it. `field` is the picker's name."""

    name: str
    url: str
    people: People
    field: str
    form: str
    saved: str
    prefix: str = "/smartpush"
    login: dict[str, str] | None = None
    basic: dict[str, str] | None = None
    in_dialog: bool = False
    cookie: bool = True
    """Dark by a cookie of its own; otherwise as the system prefers."""

    def sign_in(self, page: Any) -> None:
        if self.login is None:
            return
        page.goto(f"{self.url}/login")
        [(name, value)] = self.login.items()
        page.fill(f"input[name={name}]", value)
        page.press(f"input[name={name}]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)

    def open_form(self, page: Any, scripts: bool = True) -> None:
        if self.in_dialog and scripts:
            page.goto(f"{self.url}{self.saved}")
            page.click("#choose")
            page.locator(f"#smartpush-picker-{self.field}").wait_for()
        else:
            page.goto(f"{self.url}{self.form}")

    def go_dark(self, page: Any) -> None:
        if self.cookie:
            page.context.add_cookies([{"name": "theme", "value": "dark", "url": self.url}])
        else:
            page.emulate_media(color_scheme="dark")


@contextmanager
def served(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def module_app(name: str, database_url: str) -> Any:
    """A dashboard that is one module reads its configuration when it is first imported."""
    prefix = name.upper()
    given = CONFIG | {"SQLALCHEMY_DATABASE_URI": database_url}
    with pytest.MonkeyPatch.context() as patch:
        for key, value in given.items():
            patch.setenv(f"{prefix}_{key}", value if isinstance(value, str) else json.dumps(value))
        return importlib.import_module(f"tests.hosts.{name}.app")


def fill(database: Database, clock: Clock) -> People:
    """Ada, Fay and Gus may get e-mail; Bea, Cyd and Dee may not."""
    store = {"store_ref": "1610418123456", "name": "Alder Goods", "timezone": "Asia/Taipei"}
    shop = make_shop(database, **store)
    people = People(database, shop, clock)
    people.take(*CAST, FAY, GUS)
    people.segment("VIP", "1", "3", "5")
    people.segment("Lapsed 90 days", "4", "5", "6")
    people.segment("Bought last week", "6")
    people.segment("台北熟客", "1", "2")
    return people


def close(app: Flask) -> None:
    app.extensions["smartpush"].database.engine.dispose()
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture
def atlas_app(sqlite_url: str, clock: Clock) -> Iterator[Flask]:
    module = importlib.import_module("tests.hosts.atlas.app")
    app: Flask = module.create_app(CONFIG | {"SQLALCHEMY_DATABASE_URI": sqlite_url})
    app.extensions["smartpush"].now = clock
    yield app
    close(app)


@pytest.fixture
def beacon_app(postgres_url: str, clock: Clock) -> Iterator[Flask]:
    app: Flask = module_app("beacon", postgres_url).app
    app.extensions["smartpush"].now = clock
    yield app
    close(app)


@pytest.fixture
def cedar_app(sqlite_url: str, clock: Clock) -> Iterator[Flask]:
    app: Flask = module_app("cedar", sqlite_url).app
    app.extensions["smartpush"].now = clock
    yield app
    close(app)


@pytest.fixture
def atlas(atlas_app: Flask, database: Database, clock: Clock) -> Iterator[Dashboard]:
    people = fill(database, clock)
    with served(atlas_app) as url:
        yield Dashboard(
            "atlas", url, people, "email", "/campaigns/1/edit", "/campaigns/1",
            login={"user": "Mia"},
        )  # fmt: skip


@pytest.fixture
def beacon(
    beacon_app: Flask,
    postgres_url: str,
    open_database: Callable[[str], Database],
    clock: Clock,
) -> Iterator[Dashboard]:
    people = fill(open_database(postgres_url), clock)
    with served(beacon_app) as url:
        yield Dashboard(
            "beacon", url, people, "who", "/recipients", "/",
            basic={"username": "mia", "password": "x"}, in_dialog=True,
        )  # fmt: skip


@pytest.fixture
def cedar(cedar_app: Flask, database: Database, clock: Clock) -> Iterator[Dashboard]:
    people = fill(database, clock)
    with served(importlib.import_module("tests.hosts.cedar.app").mounted) as url:
        yield Dashboard(
            "cedar", f"{url}/tools", people, "to", "/letter", "/letter", prefix="/lists",
            login={"name": "Mia"}, cookie=False,
        )  # fmt: skip


HOSTS = ["atlas", pytest.param("beacon", marks=pytest.mark.postgres), "cedar"]


@pytest.fixture(params=HOSTS)
def dashboard(request: pytest.FixtureRequest) -> Dashboard:
    made: Dashboard = request.getfixturevalue(request.param)
    return made


def is_complaint(said: Any) -> bool:
    """Not what finds the server gone at the end of a test, and what htmx then says of it."""
    gone = ("net::ERR_", "htmx:sendError", "htmx:afterRequest")
    return said.type in ("error", "warning") and not any(each in said.text for each in gone)


@pytest.fixture
def browse(chromium: Any, dashboard: Dashboard) -> Iterator[Callable[..., Any]]:
    """A signed-in page; at the end, no complaint of the browser: so no break of a policy either."""
    complaints: list[str] = []
    contexts: list[Any] = []

    def opened(width: int = 1280, scripts: bool = True) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            http_credentials=dashboard.basic,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: is_complaint(said) and complaints.append(said.text))
        dashboard.sign_in(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
