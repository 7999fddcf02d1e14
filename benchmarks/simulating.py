"""A dashboard that is connected to a made store, and a clock that waits for nothing.

Time there is what our own side really takes, plus what a real store would have us wait for: the
pace of the calls, and the way of each call there and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from smartpush_shopline import SmartPush
from smartpush_shopline.database import Database
from smartpush_shopline.runner.ringing import run_job
from smartpush_shopline.shopline import Pace
from smartpush_shopline.shopline.models import Token
from smartpush_shopline.shops import install
from smartpush_shopline.sync import failing, holder
from smartpush_shopline.web import State

from .store import BEGIN, Store, Wire

LATENCY = 0.2
"""Seconds of a call there and back."""
SECRET = "a-secret-of-the-benchmark"
_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass
class Time:
    """Seconds since the beginning, on a clock that also skips."""

    _skipped: float = 0.0
    _began: float = field(default_factory=lambda: perf_counter())
    _not_ours: float = 0.0
    _stopped_at: float | None = None
    meanwhile: Callable[[], None] = lambda: None
    """What happens elsewhere while we wait."""

    def __call__(self) -> float:
        still = self._stopped_at or perf_counter()
        return still - self._began - self._not_ours + self._skipped

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self())

    def sleep(self, seconds: float) -> None:
        self._skipped += seconds
        self.meanwhile()

    @contextmanager
    def not_ours(self) -> Iterator[None]:
        """The clock stands still: what is done here is the store's work, or the benchmark's."""
        self._stopped_at = perf_counter()
        yield
        self._not_ours += perf_counter() - self._stopped_at
        self._stopped_at = None


@dataclass
class Simulation:
    """`cpu` are our seconds of it from an answer to the next call, by the kind of call."""

    app: Flask
    store: Store
    shop_id: int
    time: Time
    cpu: dict[str, list[float]] = field(default_factory=dict)
    _last: tuple[str, float] | None = None

    @property
    def state(self) -> State:
        state: State = self.app.extensions["smartpush"]
        return state

    def around(self, kind: str, exchange: Callable[[], Any]) -> Any:
        self._note()
        with self.time.not_ours():
            answer = exchange()
        self.time.sleep(LATENCY)
        self._last = kind, process_time()
        return answer

    def _note(self) -> None:
        if self._last is not None:
            kind, since = self._last
            self.cpu.setdefault(kind, []).append(process_time() - since)
        self._last = None

    def work(self, done: Callable[[], bool]) -> None:
        """Until it is done; where all waits for a time, to that time."""
        wire = Wire(self.store, self.around)
        with patch.object(holder, "new_session", wire.session):
            while not done():
                run_job(self.app, "sync", self.shop_id)
                self._note()
                if not done():
                    self._go_to_next()

    def _go_to_next(self) -> None:
        with self.state.database.read() as session:
            at = failing.next_try_at(session, self.shop_id)
        if at is None:
            raise AssertionError("Nothing is due, and it is not done.")
        self.time.sleep(max(0.001, (at - self.time.now()).total_seconds()))


def connect(database: Database) -> int:
    """The store's row, with a token that nobody asks for."""
    token = Token("a-token", BEGIN + timedelta(days=900), frozenset())
    with database.begin() as session:
        return install.record_private(session, "benchmark", "alder", token, [_KEY], BEGIN).id


def simulate(url: str, store: Store, *, at: float = 0.0, **settings: Any) -> Simulation:
    """On a database with our tables, `at` seconds after the beginning."""
    app = Flask("benchmark")
    app.config.from_mapping(
        SECRET_KEY="benchmark",
        SQLALCHEMY_DATABASE_URI=url,
        SMARTPUSH_APPS={"benchmark": [SECRET]},
        SMARTPUSH_ENCRYPTION_KEYS=[_KEY],
        SMARTPUSH_PUBLIC_URL="https://dashboard.example",
        SMARTPUSH_CAMPAIGN_FORM_ENDPOINT="static",
        SMARTPUSH_RUNNER="external",
        **settings,
    )
    db = SQLAlchemy()
    db.init_app(app)
    SmartPush(db=db).init_app(app)
    time, state = Time(at), app.extensions["smartpush"]
    state.now = time.now
    shop_id = connect(state.database)
    state.paces[shop_id] = Pace(clock=time, sleep=time.sleep)
    return Simulation(app, store, shop_id, time)
