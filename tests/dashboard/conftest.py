"""The example dashboard on an empty database, and people who are signed in to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, event

from examples.dashboard import create_app
from examples.dashboard.config import Place, settings
from examples.dashboard.models import db
from examples.dashboard.plugin import smartpush
from examples.dashboard.seed import DEMO_EMAIL, VIEWER_EMAIL, fill_tables
from smartpush_shopline.database import Database
from tests.support import make_shop


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    config = settings(Place(data_dir=tmp_path))
    config |= {"TESTING": True, "WTF_CSRF_ENABLED": False, "SMARTPUSH_RUNNER": "external"}
    app = create_app(config)
    with app.app_context():
        fill_tables()
        smartpush.upgrade_database()
    return app


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], FlaskClient]:
    def somebody(email: str) -> FlaskClient:
        client = app.test_client()
        answer = client.post("/login", data={"email": email, "password": "demo"})
        assert answer.status_code == 303
        return client

    return somebody


@pytest.fixture
def marketer(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    return sign_in(DEMO_EMAIL)


@pytest.fixture
def viewer(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    return sign_in(VIEWER_EMAIL)


@pytest.fixture
def store(app: Flask) -> int:
    """Alder, connected but without a segment yet."""
    database = Database(create_engine(app.config["SQLALCHEMY_DATABASE_URI"]))
    shop_id = make_shop(database, name="Alder Goods", timezone="Asia/Taipei")
    database.engine.dispose()
    return shop_id


@pytest.fixture
def statements(app: Flask) -> Callable[[], Any]:
    """Every statement on the dashboard's own connection inside the block."""

    @contextmanager
    def noted() -> Iterator[list[str]]:
        asked: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            asked.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        yield asked
        event.remove(engine, "before_cursor_execute", note)

    return noted
