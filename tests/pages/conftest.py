"""A small dashboard of its own for the pages: one form with two pickers, and no login."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import FlaskForm
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event
from wtforms import StringField

from smartpush_shopline import Person, RecipientsField, SegmentCard, SmartPush
from smartpush_shopline.web import State
from tests.support import APP_KEY, APP_SECRET, FERNET_KEY, Clock

FORM = """<link rel="icon" href="/smartpush/static/smartpush.svg">
<form method="post">{{ form.name }}{{ form.email() }}{{ form.sms() }}
<button name="save" value="1">Save</button></form><p id="saved">{{ saved }}</p>"""
EVERYTHING = frozenset({"view", "choose", "sync", "export", "connect"})


class Compiled(BytecodeCache):
    """Templates are compiled once for all tests, not once for each test's own app."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class CampaignForm(FlaskForm):
    name = StringField()
    email = RecipientsField(channel="email")
    sms = RecipientsField(channel="sms")


class OwnSegments:
    """The dashboard's own: one of them has Ada and somebody the store does not know."""

    def list(self, shop: Any) -> list[SegmentCard]:
        return [SegmentCard("blog:1", "Blog readers", 2), SegmentCard("empty", "Nobody here")]

    def members(self, shop: Any, ref: str) -> list[Person]:
        return [Person("host-1", "ada@example.com"), Person("host-2", "eve@example.com")]


class Rights:
    """What the person in front may do; a test takes some of it away."""

    def __init__(self) -> None:
        self.actions = set(EVERYTHING)

    def __call__(self, action: str, _shop: Any) -> bool:
        return action in self.actions


@pytest.fixture
def rights() -> Rights:
    return Rights()


@pytest.fixture
def open_host(clock: Clock, rights: Rights) -> Iterator[Callable[[str], Flask]]:
    """(database URL) -> the dashboard on it."""
    opened: list[tuple[Flask, SQLAlchemy]] = []

    def opener(url: str) -> Flask:
        app, db = Flask("host"), SQLAlchemy()
        app.config |= {
            "SECRET_KEY": "kept by the dashboard",
            "TESTING": True,
            "WTF_CSRF_ENABLED": False,
            "SQLALCHEMY_DATABASE_URI": url,
            "SMARTPUSH_APPS": {APP_KEY: [APP_SECRET]},
            "SMARTPUSH_ENCRYPTION_KEYS": [FERNET_KEY],
            "SMARTPUSH_PUBLIC_URL": "https://dashboard.example",
            "SMARTPUSH_RUNNER": "external",
        }
        app.jinja_env.bytecode_cache = COMPILED
        db.init_app(app)
        opened.append((app, db))
        smartpush = SmartPush(db)
        smartpush.authorizer(rights)
        smartpush.init_app(app, native_segments=OwnSegments())
        app.extensions["smartpush"].now = clock

        @app.route("/form", methods=["GET", "POST"])
        def form() -> str:
            filled = CampaignForm()
            saved = filled.validate_on_submit()
            return render_template_string(FORM, form=filled, saved=saved)

        return app

    yield opener
    for app, db in opened:
        with app.app_context():
            db.engine.dispose()
        app.extensions["smartpush"].database.engine.dispose()


@pytest.fixture
def host(open_host: Callable[[str], Flask], database_url: str) -> Flask:
    return open_host(database_url)


@pytest.fixture
def state(host: Flask) -> State:
    found: State = host.extensions["smartpush"]
    return found


@pytest.fixture
def client(host: Flask) -> FlaskClient:
    return host.test_client()


@pytest.fixture
def rung(state: State) -> list[tuple[Any, ...]]:
    """Every ring of the doorbell."""
    bells: list[tuple[Any, ...]] = []
    state.ring = lambda *what, **_more: bells.append(what)
    return bells


@pytest.fixture
def queries(state: State) -> Callable[[], Any]:
    """`with queries() as asked:` keeps the statements that our pages sent."""

    @contextmanager
    def keep() -> Iterator[list[str]]:
        asked: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            asked.append(statement)

        event.listen(state.database.engine, "before_cursor_execute", note)
        try:
            yield asked
        finally:
            event.remove(state.database.engine, "before_cursor_execute", note)

    return keep
