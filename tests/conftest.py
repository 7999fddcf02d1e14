"""What every test shares: no network, browsers only when asked for, databases and the cast."""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import request
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine

from smartpush_shopline import migrations
from smartpush_shopline.database import Database
from smartpush_shopline.sandbox import Settings, running
from smartpush_shopline.sandbox.state import Store
from smartpush_shopline.shopline import new_session
from smartpush_shopline.shops.lease import Lease
from tests import postgres
from tests.hosting import (
    Address,
    Dial,
    Host,
    Moment,
    Sandbox,
    close_host,
    listening,
    make_host,
)
from tests.support import CAST, Clock, People, hurry, make_shop, wait_for

# A busy machine is slow, not wrong.
hypothesis.settings.register_profile("smartpush", deadline=None)
hypothesis.settings.load_profile("smartpush")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--browser", action="store_true", help="run the tests that drive a real Chromium, too"
    )
    parser.addoption(
        "--engine",
        choices=["sqlite", "postgres"],
        default="sqlite",
        help="where a test that is about neither keeps its rows",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--browser"):
        return
    skip = pytest.mark.skip(reason="needs --browser")
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def _only_this_machine() -> Iterator[None]:
    """Anything but loopback is an error; a test that needs a store has the sandbox."""
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}

    def guarded(name: str) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family != socket.AF_UNIX and not _is_loopback(str(address[0])):
                raise AssertionError(f"A test tried to reach {address[0]}.")
            return real[name](self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(socket.socket, name, guarded(name))
        yield


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The Chromium of this machine, started once. A missing one is a failure, not a skip."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "No Chromium on the PATH; install it or set CHROMIUM."
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


# -- databases --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "migrated.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        migrations.upgrade(connection)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Engine]:
    """A PostgreSQL of our own, started once, with our tables."""
    with postgres.served() as engine:
        yield engine


@pytest.fixture(scope="session")
def _one_for_all(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Database:
    """One engine for all tests, on what is another database in each of them.

    SQLAlchemy compiles a statement once per engine, which is most of what a small test costs.
    """
    if request.config.getoption("--engine") == "postgres":
        return Database(request.getfixturevalue("_postgres"))
    path = tmp_path_factory.mktemp("database") / "dashboard.sqlite"
    made = Database(create_engine(f"sqlite:///{path}"))
    hurry(made.engine)
    return made


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of this test's own, with our tables: on SQLite, or as `--engine` says."""
    made: str = request.getfixturevalue(f"{request.config.getoption('--engine')}_url")
    return made


@pytest.fixture
def sqlite_url(
    request: pytest.FixtureRequest, _migrated: Path, _one_for_all: Database
) -> Iterator[str]:
    """A file of this test's own, with our tables; for what is about SQLite alone."""
    if request.config.getoption("--engine") != "sqlite":
        pytest.skip("is about SQLite alone")
    path = Path(str(_one_for_all.engine.url.database))
    for left in path.parent.iterdir():
        left.unlink()
    shutil.copyfile(_migrated, path)
    yield str(_one_for_all.engine.url)
    _one_for_all.engine.dispose()


@pytest.fixture
def postgres_url(_postgres: Engine) -> Iterator[str]:
    """Our tables on PostgreSQL, empty."""
    yield postgres.address(_postgres)
    postgres.empty(_postgres)


@pytest.fixture
def open_database(_one_for_all: Database) -> Iterator[Callable[[str], Database]]:
    engines: list[Engine] = []

    def opener(url: str) -> Database:
        if url == postgres.address(_one_for_all.engine):
            return _one_for_all
        host = create_engine(url)
        opened = Database(host)
        engines.extend((host, opened.engine))
        return opened

    yield opener
    for engine in engines:
        engine.dispose()


@pytest.fixture
def database(open_database: Callable[[str], Database], database_url: str) -> Database:
    return open_database(database_url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated database on each of the two engines."""
    made: str = request.getfixturevalue(f"{request.param}_url")
    return made


@pytest.fixture
def both(open_database: Callable[[str], Database], url: str) -> Database:
    """The test runs twice: on SQLite and on PostgreSQL."""
    return open_database(url)


@pytest.fixture(scope="session")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Eight real processes, forked from one that has imported the package already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.workers", "tests.lives"])
    with ProcessPoolExecutor(8, mp_context=context) as pool:
        yield pool


# -- one shop ---------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(database: Database) -> int:
    """The id of a connected store, Alder."""
    return make_shop(database, store_ref="1610418123456", timezone="Asia/Taipei")


@pytest.fixture
def people(database: Database, shop: int, clock: Clock) -> People:
    """Nobody yet."""
    return People(database, shop, clock)


@pytest.fixture
def cast(people: People) -> People:
    """Ada (e-mail and SMS), Bea (SMS only), Cyd (withdrew yesterday), Dee (never asked)."""
    people.take(*CAST)
    return people


# -- a dashboard and a store --------------------------------------------------------------------


@pytest.fixture
def host(database_url: str, clock: Clock, database: Database) -> Iterator[Host]:
    """A dashboard with the plugin, which does everything at once; nobody connects from outside."""
    made = make_host(database_url, clock, database)
    yield made
    close_host(made)


@pytest.fixture
def client(host: Host) -> FlaskClient:
    return host.browser()


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    dial = Dial()
    with running(Settings(bucket=0, retry_factor=0.0), now=dial) as listens:
        made = Sandbox(listens, dial)
        listens.app.before_request(lambda: made.calls.append(request.full_path))
        yield made


@pytest.fixture
def sandbox(
    _sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """The store's platform. Our client asks once: patience is tested with the client."""
    monkeypatch.setattr(
        "smartpush_shopline.sync.holder.new_session", lambda: new_session(retries=0)
    )
    _sandbox.dial.clock = clock
    yield _sandbox
    _sandbox.arrived()


@pytest.fixture
def store(sandbox: Sandbox, clock: Clock) -> Store:
    """Birch with twenty customers and four segments. Its night begins an hour from now."""
    return sandbox.fresh("birch", 20, clock)


@pytest.fixture(scope="session")
def _address() -> Iterator[Address]:
    with listening() as address:
        yield address


@pytest.fixture
def live(
    database_url: str, clock: Clock, database: Database, sandbox: Sandbox, _address: Address
) -> Iterator[Host]:
    """A dashboard that listens for the sandbox's webhooks; its store is not connected yet."""
    store_url = f"{sandbox.running.url}/{{handle}}"
    settings = {"SMARTPUSH_PUBLIC_URL": _address.url, "SMARTPUSH_STORE_BASE_URL": store_url}
    made = make_host(database_url, clock, database, **settings)
    made.url, _address.app = _address.url, made.app
    sandbox.point_at(made.url)
    yield made
    sandbox.arrived()
    _address.app = None
    close_host(made)


@pytest.fixture(scope="session")
def _moments() -> dict[str, Moment]:
    return {}


@pytest.fixture
def connected(
    live: Host, sandbox: Sandbox, store: Store, _moments: dict[str, Moment]
) -> Host:
    """The dashboard after the first import of Birch, which really happens once per session."""
    if "connected" in _moments:
        _moments["connected"].restore(store, live.database)
        return live
    sandbox.connect(live.browser())
    sandbox.arrived()
    # On a busy machine an answer may have come too late for the courier, and the work goes on.
    assert wait_for(lambda: Lease.seconds_left(live.database, live.shop().id) == 0, 60)
    _moments["connected"] = Moment.of(store, live.database)
    return live
