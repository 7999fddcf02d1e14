"""The clock and the doorbell. The database is the truth: a lost ring loses nothing.

`apscheduler`: a background scheduler in every web process; ticks are harmless when N of them tick.
`external`: cron or a service calls `flask smartpush tick`. `inline`: at once, in the caller.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import click
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from flask_apscheduler import APScheduler

from ..errors import trace_of
from ..web import State

log = logging.getLogger("smartpush")


class Runner(Protocol):
    def ring(self, job: str, shop_id: int | None = None, at: datetime | None = None) -> None: ...

    def start(self) -> None: ...


def run_job(app: Flask, job: str, shop_id: int | None = None) -> None:
    """One job in an app context. It never kills the schedule."""
    with app.app_context():
        state: State = app.extensions["smartpush"]
        try:
            state.jobs[job](state, shop_id)
        except Exception as error:
            log.error("smartpush.job_failed job=%s shop=%s\n%s", job, shop_id, trace_of(error))


def tick(app: Flask) -> None:
    """Everything that is due, looked at once."""
    state: State = app.extensions["smartpush"]
    if not state.database.has_tables():
        log.warning("smartpush.tables_missing: run `flask smartpush db upgrade`")
        return
    for job in state.jobs:
        run_job(app, job)


class Scheduled:
    """Flask-APScheduler as a clock only; its HTTP API stays off."""

    def __init__(self, app: Flask, every_seconds: float) -> None:
        self._app = app
        self._every = every_seconds
        daemonic = BackgroundScheduler(daemon=True, timezone="UTC")
        self._clock = APScheduler(scheduler=daemonic)
        self._clock.api_enabled = False

    def start(self) -> None:
        if _is_command_line():
            return
        self._clock.init_app(self._app)
        self._clock.add_job(
            "smartpush-tick",
            lambda: tick(self._app),
            trigger="interval",
            seconds=self._every,
            next_run_time=_soon(),
            coalesce=True,
            misfire_grace_time=None,
            max_instances=3,
        )
        self._clock.start()

    def ring(self, job: str, shop_id: int | None = None, at: datetime | None = None) -> None:
        if not self._clock.running:
            return
        # One for later per job and shop: every look at what waits rings again.
        which = uuid.uuid4().hex if at is None else f"later-{shop_id}"
        self._clock.add_job(
            f"smartpush-{job}-{which}",
            lambda: run_job(self._app, job, shop_id),
            trigger="date",
            run_date=at or _soon(),
            replace_existing=True,
            misfire_grace_time=None,
        )


class External:
    """Somebody else ticks. A ring is only a doorbell, so none is needed."""

    def start(self) -> None: ...

    def ring(self, job: str, shop_id: int | None = None, at: datetime | None = None) -> None: ...


class Inline:
    """At once, in the caller; what is for later waits for a tick. For tests and scripts."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def start(self) -> None: ...

    def ring(self, job: str, shop_id: int | None = None, at: datetime | None = None) -> None:
        if at is None:
            run_job(self._app, job, shop_id)


def make_runner(app: Flask, kind: str, every_seconds: float) -> Runner:
    kinds: dict[str, Callable[[], Runner]] = {
        "apscheduler": lambda: Scheduled(app, every_seconds),
        "external": External,
        "inline": lambda: Inline(app),
    }
    return kinds[kind]()


def _is_command_line() -> bool:
    """`flask smartpush ...` loads the app too; only `flask run` serves."""
    context = click.get_current_context(silent=True)
    return context is not None and context.info_name != "run"


def _soon() -> datetime:
    return datetime.now(UTC)
