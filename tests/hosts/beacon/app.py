"""Beacon: one module that is the app, PostgreSQL, htmx of its own, a picker in a dialog.

Dark by a class; no CSRF tokens; HTTP basic login; a request class of its own.
"""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, Request, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from wtforms import Form, StringField

from smartpush_shopline import Person, RecipientsField, SegmentCard, ShopCard, SmartPush


class BeaconRequest(Request):
    """Knows who is in front."""

    @property
    def person(self) -> str | None:
        return self.authorization.username if self.authorization else None


app = Flask(__name__)
app.request_class = BeaconRequest
app.config.from_prefixed_env("BEACON")
app.config |= {"SMARTPUSH_HTMX": "host", "SMARTPUSH_BASE_TEMPLATE": "beacon/smartpush.html"}
db = SQLAlchemy(app)
smartpush = SmartPush(db=db)


class CampaignForm(Form):
    name = StringField("Name")
    who = RecipientsField("Who gets it", channel="email")


class Readers:
    """A segment of Beacon's own."""

    def list(self, shop: ShopCard) -> list[SegmentCard]:
        return [SegmentCard("readers", "Beacon's readers", 1)]

    def members(self, shop: ShopCard, ref: str) -> list[Person]:
        return [Person("reader-1", email="ada@example.com")]


@smartpush.authorizer
def may(action: str, shop: ShopCard | None) -> bool:
    return getattr(request, "person", None) is not None


smartpush.init_app(app, native_segments=Readers())


@app.before_request
def guard() -> Response | None:
    person: Any = getattr(request, "person", None)
    if person or request.endpoint == "static" or smartpush.is_public(request.endpoint):
        return None
    return Response("Sign in.", 401, {"WWW-Authenticate": "Basic"})


@app.context_processor
def in_every_page() -> dict[str, object]:
    return {"smartpush_assets": smartpush.assets, "database": os.path.basename(db.engine.name)}


@app.get("/")
def home() -> str:
    return render_template("beacon/home.html", audience=smartpush.audiences.find("spring"))


@app.route("/recipients", methods=["GET", "POST"])
def recipients() -> ResponseReturnValue:
    """With htmx the inside of the dialog, without it a page."""
    saved = smartpush.audiences.find("spring")
    form = CampaignForm(request.form, data={"who": saved.choice} if saved else None)
    if request.method == "POST" and form.validate():
        smartpush.audiences.save(form.who.data, campaign_ref="spring")
        db.session.commit()
        if "HX-Request" in request.headers:
            return "", 200, {"HX-Redirect": "/"}
        return "", 303, {"Location": "/"}
    piece = "HX-Request" in request.headers
    return render_template("beacon/form.html" if piece else "beacon/form_page.html", form=form)
