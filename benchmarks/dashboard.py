"""A dashboard with the plugin in front of a benchmark's database, asked over HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from cryptography.fernet import Fernet
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import WSGIRequestHandler, make_server

from smartpush_shopline import SmartPush

from .places import Place


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


def make_app(place: Place) -> Flask:
    """Everybody may do everything; nothing runs in the background."""
    app = Flask("benchmark")
    app.config.from_mapping(
        SECRET_KEY="benchmark",
        SQLALCHEMY_DATABASE_URI=place.url,
        SMARTPUSH_APPS={"benchmark": ["secret"]},
        SMARTPUSH_ENCRYPTION_KEYS=[Fernet.generate_key().decode()],
        SMARTPUSH_PUBLIC_URL="http://127.0.0.1:1",
        SMARTPUSH_CAMPAIGN_FORM_ENDPOINT="campaign",
        SMARTPUSH_RUNNER="external",
    )
    db = SQLAlchemy()
    db.init_app(app)
    smartpush = SmartPush(db=db)
    smartpush.authorizer(lambda *_asked: True)
    smartpush.init_app(app)
    app.add_url_rule("/campaign", "campaign", lambda: "")
    return app


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """The address of a server of its own thread."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(browser: requests.Session, address: str) -> str:
    """The whole answer, from the first byte asked to the last one read."""
    answer = browser.get(address, timeout=60)
    answer.raise_for_status()
    return answer.text
