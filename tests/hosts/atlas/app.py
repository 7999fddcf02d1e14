"""Atlas: an application factory, SQLite, CSRF tokens, a strict policy with nonces, two pickers.

Dark by `data-theme`; a guard that sends strangers to the login; migrations by Flask-Migrate.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from sqlalchemy.orm import Mapped, mapped_column
from wtforms import StringField

from smartpush_shopline import RecipientsField, ShopCard, SmartPush
from smartpush_shopline.migrations import include_name

db = SQLAlchemy()
smartpush = SmartPush(db=db)


class Campaign(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class CampaignForm(FlaskForm):
    name = StringField("Name")
    email = RecipientsField("Email", channel="email")
    sms = RecipientsField("SMS", channel="sms")


@smartpush.authorizer
def may(action: str, shop: ShopCard | None) -> bool:
    return "user" in session


def create_app(config: Mapping[str, Any]) -> Flask:
    app = Flask(__name__)
    app.config.from_mapping(config, SMARTPUSH_BASE_TEMPLATE="atlas/smartpush.html")
    app.config["SMARTPUSH_LOGIN_ENDPOINT"] = "login"
    db.init_app(app)
    Migrate(app, db, include_name=include_name)
    CSRFProtect(app)
    smartpush.init_app(app, csp_nonce=nonce)
    app.before_request(guard)
    app.after_request(be_strict)
    app.context_processor(lambda: {"nonce": nonce})
    app.add_url_rule("/login", view_func=login, methods=["GET", "POST"])
    app.add_url_rule("/campaigns/<int:number>", view_func=campaign)
    app.add_url_rule("/campaigns/<int:number>/edit", view_func=edit, methods=["GET", "POST"])
    return app


def nonce() -> str:
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def be_strict(answer: Response) -> Response:
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'self'; connect-src 'self'; "
        f"img-src 'self'; script-src 'nonce-{nonce()}'; style-src 'nonce-{nonce()}'"
    )
    answer.headers["Content-Security-Policy"] = policy
    return answer


def guard() -> ResponseReturnValue | None:
    public = request.endpoint in ("login", "static") or smartpush.is_public(request.endpoint)
    return None if public or "user" in session else redirect(url_for("login"))


def login() -> ResponseReturnValue:
    if request.method == "POST":
        session["user"] = request.form["user"]
        return redirect(url_for("edit", number=1))
    return render_template("atlas/login.html")


def campaign(number: int) -> str:
    found = {field: smartpush.audiences.find(f"c{number}", field) for field in ("email", "sms")}
    return render_template("atlas/campaign.html", number=number, **found)


def edit(number: int) -> ResponseReturnValue:
    found = {field: smartpush.audiences.find(f"c{number}", field) for field in ("email", "sms")}
    form = CampaignForm(data={name: each.choice for name, each in found.items() if each})
    if not form.validate_on_submit():
        return render_template("atlas/edit.html", form=form)
    for field in (form.email, form.sms):
        smartpush.audiences.save(field.data, campaign_ref=f"c{number}", field=field.name)
    db.session.commit()
    return redirect(url_for("campaign", number=number), 303)
