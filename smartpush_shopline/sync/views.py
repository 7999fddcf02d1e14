"""The overview, the progress it looks up, and "Check now"."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from .. import htmx
from ..contacts import consent_notes
from ..segments import looking
from ..segments.marking import no_news
from ..segments.models import SHOPLINE
from ..segments.standing import GONE, standing
from ..segments.views import get_own, seen_mark
from ..shops.finding import connected, find_in_front, gone, shop_in_front, waiting
from ..shops.models import Shop
from ..shops.words import troubles
from ..web import page_or_partial, render, state
from . import facts, overview, staleness

blueprint = Blueprint("overview", __name__)
NOW = "_partials/overview_now.html"
POLLED = "_partials/overview_polled.html"


@blueprint.get("/")
def index() -> Response:
    with state().database.read() as session:
        shop = find_in_front(session)
        if shop is not None:
            return page_or_partial("overview.html", NOW, **_whole(session, shop))
        pending = waiting(session)
        lost = troubles(gone(session))
    if not pending and not lost and not state().may("view", None):
        abort(403)
    return page_or_partial(
        "overview.html", "overview.html", shop=None, waiting=pending, troubles=lost
    )


def _whole(session: Session, shop: Shop) -> dict[str, Any]:
    return {
        "shop": shop,
        "shops": connected(session),
        "waiting": waiting(session),
        "troubles": troubles([shop, *gone(session)]),
        "notes": consent_notes.notes(session, state(), shop),
        "may_suppress": state().may("suppress", shop.card),
        "now": _now(session, shop),
        "fresh": overview.freshness(session, shop, state().now()),
        "reaches": overview.reach_cards(session, shop.id),
    }


def _now(session: Session, shop: Shop) -> overview.Now:
    return overview.look(
        session,
        shop,
        state().now(),
        may_check=state().may("sync", shop.card),
        admin_url=state().settings.store_url(shop.handle) + "/admin",
    )


@blueprint.get("/progress")
def progress() -> BaseResponse:
    """The overview while something changes by itself; it stops asking when all is done."""
    if not htmx.wants_partial():
        return redirect(url_for("smartpush.overview.index"), 303)
    with state().database.read() as session:
        shown = _whole(session, shop_in_front(session))
    if shown["now"].mark == seen_mark():
        return no_news()
    return page_or_partial("overview.html", POLLED, **shown)


@blueprint.get("/status.json")
def status() -> Response:
    """The overview of every store in numbers, for scripts. Times are ISO 8601 in UTC."""
    with state().database.read() as session:
        shops = connected(session)
        if not shops and not state().may("view", None):
            abort(403)
        return jsonify(shops=[facts.of_store(session, shop, state().now()) for shop in shops])


@blueprint.post("/segments/<int:segment_id>/check")
def check(segment_id: int) -> BaseResponse:
    """A person asks for a fresh reading; it goes before everything else."""
    mine = state()
    with mine.database.begin() as session:
        shop, segment = get_own(session, segment_id, "sync")
        if segment.source == SHOPLINE and standing(segment, None) != GONE:
            staleness.mark_stale(session, segment, staleness.PERSON, mine.now())
    mine.ring("sync", shop.id)
    from_overview = request.args.get("back") == "overview"
    if htmx.wants_partial():
        return _overview_piece() if from_overview else _segment_piece(segment_id)
    if from_overview:
        return redirect(url_for("smartpush.overview.index"), 303)
    return redirect(url_for("smartpush.segments.page", segment_id=segment_id), 303)


def _overview_piece() -> Response:
    with state().database.read() as session:
        return Response(render(NOW, **_whole(session, shop_in_front(session))))


def _segment_piece(segment_id: int) -> Response:
    with state().database.read() as session:
        shop, segment = get_own(session, segment_id, "sync")
        view = looking.look(session, segment, may_check=True, now=state().now())
    return Response(render("_partials/segment_now.html", shop=shop, view=view))
