"""The clock and the doorbell. The database is the truth: a lost ring loses nothing.

`apscheduler`: a background scheduler in every web process; ticks are harmless when N of them tick.
`external`: cron or a service calls `flask smartpush tick`. `inline`: at once, in the caller.
"""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

import click
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from flask.cli import FlaskGroup
from flask_apscheduler import APScheduler

from ..errors import trace_of
from ..web import State

log = logging.getLogger("smartpush")
NOT_SERVING = frozenset({"smartpush", "db", "shell", "routes"})


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
        command = _command_without_a_server()
        if command is not None:
            log.info("smartpush.clock_held_back command=%s", command)
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


def _command_without_a_server() -> str | None:
    """The flask command that only loads the app; whatever else loads it may serve it."""
    names, context = [], click.get_current_context(silent=True)
    while context is not None:
        names.append(context.info_name)
        if context.parent is None and isinstance(context.command, FlaskGroup):
            names += _asked_of_flask(context)
        context = context.parent
    return next((name for name in names if name in NOT_SERVING), None)


def _asked_of_flask(context: click.Context) -> list[str]:
    """While flask loads the app to find a command, only the command line says which."""
    with suppress(click.UsageError):
        _options, words, _order = context.command.make_parser(context).parse_args(sys.argv[1:])
        return words[:1]
    return []


def _soon() -> datetime:
    return datetime.now(UTC)
