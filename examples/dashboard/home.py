"""The first page, and the choice of the store in front of the person."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from examples.dashboard.auth import safe_path
from examples.dashboard.models import Campaign, db
from examples.dashboard.plugin import smartpush

BY_ITSELF = ("recently_written", "opt_outs_unread")
"""What holds a campaign for a while only, with nothing for anybody to do."""

home = Blueprint("home", __name__)


@home.get("/")
def index() -> ResponseReturnValue:
    newest_first = select(Campaign).order_by(Campaign.updated_at.desc(), Campaign.id.desc())
    drafts = select(func.count()).where(Campaign.status == "draft")
    ready = db.session.scalars(newest_first.where(Campaign.status == "ready")).all()
    states = smartpush.audiences.states(campaign.ref for campaign in ready)
    return render_template(
        "juniper/home.html",
        recent=db.session.scalars(newest_first.limit(5)).all(),
        states=states,
        sizes=Counter(states.values()),
        drafts=db.session.scalar(drafts),
        held=[each for each in ready if states.get(each.ref) == "held" and needs_somebody(each)],
    )


def needs_somebody(campaign: Campaign) -> bool:
    return smartpush.audiences.get(campaign.ref).held_because not in BY_ITSELF


@home.post("/store")
def choose_shop() -> ResponseReturnValue:
    wanted = request.form.get("handle")
    if wanted in {shop.handle for shop in smartpush.shops()}:
        session["shop"] = wanted
    return redirect(safe_path(request.form.get("next")) or url_for(".index"), 303)
