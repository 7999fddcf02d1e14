"""A small dashboard as its servers load it: `gunicorn tests.serving:make_app()`, or by itself.

Everything comes from the environment, as on a host of its own. The clock ticks once a second.
"""

from __future__ import annotations

import logging
import os
import signal
from datetime import timedelta

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from smartpush_shopline import SmartPush
from smartpush_shopline.shopline import Pace
from tests.hosting import config


class Paces(dict):  # type: ignore[type-arg]
    """Everybody at the pace that is wanted here."""

    def setdefault(self, key: object, default: object = None) -> object:
        return super().setdefault(key, Pace(float(os.environ["PER_SECOND"])))


def make_app() -> Flask:
    logging.basicConfig(level=logging.WARNING)
    app = Flask("host")
    app.config.from_mapping(
        config(
            os.environ["DATABASE"],
            SMARTPUSH_RUNNER="apscheduler",
            SMARTPUSH_TICK=timedelta(seconds=1),
            SMARTPUSH_PUBLIC_URL=os.environ["PUBLIC_URL"],
            SMARTPUSH_STORE_BASE_URL=os.environ["STORE_URL"],
        )
    )
    db = SQLAlchemy()
    db.init_app(app)
    smartpush = SmartPush(db=db)
    smartpush.authorizer(lambda action, shop: True)
    app.add_url_rule("/campaign", "campaign", lambda: "the form")
    smartpush.init_app(app)
    state = app.extensions["smartpush"]
    state.lease_seconds = float(os.environ["LEASE"])
    if "PER_SECOND" in os.environ:
        state.paces = Paces()
    return app


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends it whichever thread hears it
    make_app()
    signal.pause()
