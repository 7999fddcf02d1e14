"""The first page, and the choice of the store in front of the person."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from examples.dashboard.auth import safe_path
from examples.dashboard.models import Campaign, db
from examples.dashboard.plugin import smartpush

home = Blueprint("home", __name__)


@home.get("/")
def index() -> ResponseReturnValue:
    newest_first = select(Campaign).order_by(Campaign.updated_at.desc(), Campaign.id.desc())
    by_status = select(Campaign.status, func.count().label("size")).group_by(Campaign.status)
    return render_template(
        "juniper/home.html",
        recent=db.session.scalars(newest_first.limit(5)).all(),
        sizes={row.status: row.size for row in db.session.execute(by_status)},
    )


@home.post("/store")
def choose_shop() -> ResponseReturnValue:
    wanted = request.form.get("handle")
    if wanted in {shop.handle for shop in smartpush.shops()}:
        session["shop"] = wanted
    return redirect(safe_path(request.form.get("next")) or url_for(".index"), 303)
