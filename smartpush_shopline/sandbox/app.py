"""The sandbox as one Flask app: both stores, their API, their Admin, and the webhooks."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from . import (
    admin_customers,
    admin_moods,
    admin_orders,
    admin_segments,
    api_customers,
    api_orders,
    api_search,
    api_webhooks,
)
from .admin import admin, front
from .api import api
from .bucket import Buckets
from .controls import controls
from .domain import ByDomain
from .door import refuse_http
from .graphql import graphql
from .oauth import oauth
from .present import furnish
from .settings import Clock, Settings, utc_now
from .state import World
from .webhooks import Courier, Post

MORE_ROUTES = (
    api_customers,
    api_orders,
    api_search,
    api_webhooks,
    admin_customers,
    admin_moods,
    admin_orders,
    admin_segments,
)
"""Modules that add their routes to a blueprint when they are imported."""


def create_app(
    settings: Settings | None = None,
    *,
    now: Clock = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    post: Post | None = None,
    threaded: bool = True,
) -> Flask:
    """Two stores with their seed, or what their file remembers.

    With ``threaded`` off nothing is posted by itself: ``Courier.run_due`` sends what is due.
    """
    settings = settings or Settings()
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    world = World(settings, now, sleep)
    app.extensions["sandbox"] = world
    app.extensions["sandbox_courier"] = Courier(world, post, threaded)
    app.extensions["sandbox_buckets"] = Buckets(settings, monotonic)
    for blueprint in (api, graphql, oauth, controls, admin):
        app.register_blueprint(blueprint)
    furnish(app, settings)
    app.add_url_rule("/", "stores", lambda: render_template("stores.html", world=world))
    app.add_url_rule("/<handle>", "front", front, strict_slashes=False)
    app.register_error_handler(HTTPException, _lost)
    app.after_request(_trace)
    app.wsgi_app = ByDomain(app.wsgi_app)  # type: ignore[method-assign]
    return app


def close(app: Flask) -> None:
    """End the webhook thread and let go of the file."""
    courier: Courier = app.extensions["sandbox_courier"]
    courier.stop()
    world: World = app.extensions["sandbox"]
    world.disk.close()


def _lost(error: HTTPException) -> Response | tuple[str, int]:
    """An address that leads nowhere: JSON for programs, a page for people."""
    if "/admin/openapi/" in request.path or "/admin/graph/" in request.path:
        return refuse_http(error)
    page = render_template("problem.html", word=error.name, text=error.description, store=None)
    return page, error.code or 500


def _trace(response: Response) -> Response:
    """Every answer carries one; SHOPLINE's support asks for it."""
    response.headers["traceId"] = secrets.token_hex(16)
    return response
