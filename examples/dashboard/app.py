"""Puts the dashboard together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

from examples.dashboard.auth import auth, current_user, install_guard, user_may
from examples.dashboard.campaigns import campaigns
from examples.dashboard.config import Place, settings
from examples.dashboard.home import home
from examples.dashboard.models import db
from examples.dashboard.plugin import plug_in, smartpush
from examples.dashboard.seed import fill_tables
from examples.dashboard.sending import outbox

csrf = CSRFProtect()


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The dashboard; without a `config` its place is read from the environment."""
    app = Flask("examples.dashboard")
    app.config.from_mapping(config or settings(Place.from_environment()))
    db.init_app(app)
    csrf.init_app(app)
    plug_in(app)
    install_guard(app, smartpush.is_public)
    for blueprint in (auth, home, campaigns, outbox):
        app.register_blueprint(blueprint)
    app.context_processor(in_every_page)
    app.register_error_handler(CSRFError, form_too_old)
    app.register_error_handler(403, not_allowed)
    app.register_error_handler(404, not_here)
    app.cli.command("init", help="Make the dashboard's own tables and fill them.")(fill_tables)
    return app


def in_every_page() -> dict[str, Any]:
    user = current_user()
    shops = {shop.handle: shop for shop in smartpush.shops()} if user else {}
    in_front = shops.get(session.get("shop", "")) or next(iter(shops.values()), None)
    zone = ZoneInfo(in_front.timezone if in_front else "UTC")
    return {
        "user": user,
        "shops": list(shops.values()),
        "shop_in_front": in_front,
        "here": lambda at: at.replace(tzinfo=UTC).astimezone(zone),
        "may": lambda action: user_may(user, action),
    }


def form_too_old(error: CSRFError) -> ResponseReturnValue:
    text = "This form was open for too long, or in another login. Nothing was changed."
    return render_template(
        "juniper/sorry.html",
        title="Please send it again",
        text=text,
        back=request.full_path.rstrip("?"),
    ), 400


def not_allowed(error: Exception) -> ResponseReturnValue:
    text = "Your login may look at campaigns but not change them. Ask a colleague who may."
    return render_template("juniper/sorry.html", title="That is not yours to do", text=text), 403


def not_here(error: Exception) -> ResponseReturnValue:
    text = "The page may have been removed, or the address has a typing error."
    return render_template("juniper/sorry.html", title="There is nothing here", text=text), 404
