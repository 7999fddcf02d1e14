"""What happened: deliveries, synchronisations, requests to erase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from .. import htmx
from ..i18n import gettext as _
from ..i18n import ngettext
from ..inbox.finding import Wanted
from ..inbox.models import PARKED, Delivery
from ..inbox.replaying import Replayed, replay
from ..segments.marking import mark_of, no_news
from ..segments.views import seen_mark
from ..shops import redact
from ..shops.finding import find_in_front, shop_in_front
from ..shops.models import Redaction, Shop
from ..web import allow, friendly, page_or_partial, render, state
from . import listing, message, past, subjects

blueprint = Blueprint("activity", __name__)
TABLE, RUNS = "_partials/activity_table.html", "_partials/activity_runs.html"
ERASURES, NOW = "_partials/activity_erasures.html", "_partials/activity_message_now.html"


@blueprint.get("/activity")
def index() -> BaseResponse:
    question = listing.Question.of(request.args)
    with state().database.read() as session:
        shop = find_in_front(session)
        if shop is None:
            return _without_a_store(session)
        found = listing.look(session, shop, question, state().now(), seen_mark())
        if found is None:
            return no_news()
        open_requests = _open(session, shop)
    return page_or_partial(
        "activity.html",
        TABLE,
        shop=shop,
        listing=found,
        open_requests=open_requests,
        may_replay=state().may("sync", shop.card),
    )


def _without_a_store(session: Session) -> BaseResponse:
    """The receipts of stores that are gone can still be seen."""
    if _requests(session, None):
        return redirect(url_for("smartpush.activity.erasures"), 303)
    shop_in_front(session)
    raise AssertionError("unreachable")


@blueprint.get("/activity/runs")
def runs() -> Response:
    with state().database.read() as session:
        shop = shop_in_front(session)
        found = past.runs(session, shop.id, state().now())
        open_requests = _open(session, shop)
    mark = mark_of(int(state().now().timestamp()) // 60, [each.mark for each in found])
    if mark == seen_mark():
        return no_news()
    return page_or_partial(
        "activity_runs.html", RUNS, shop=shop, runs=found, mark=mark, open_requests=open_requests
    )


@blueprint.get("/activity/erasures")
def erasures() -> Response:
    with state().database.read() as session:
        shop = find_in_front(session)
        found = _requests(session, shop)
    if shop is None:
        allow("erase", None)
    return page_or_partial("activity_erasures.html", ERASURES, shop=shop, requests=found)


@blueprint.post("/activity/erasures/<int:request_id>")
def decide(request_id: int) -> BaseResponse:
    """A person decides about a request that was refused: look again, or leave it."""
    decision = request.form.get("decision")
    if decision not in ("again", "leave"):
        abort(400)
    with state().database.begin() as session:
        asked = session.get(Redaction, request_id, with_for_update=True)
        shop = session.get(Shop, asked.shop_id) if asked and asked.shop_id else None
        allow("erase", shop.card if shop else None)
        if asked is None:
            abort(404)
        redact.decide(asked, again=decision == "again", now=state().now())
    state().ring("redact_stores")
    if htmx.wants_partial():
        return erasures()
    return redirect(url_for("smartpush.activity.erasures"), 303)


@blueprint.get("/activity/<int:delivery_id>")
def page(delivery_id: int) -> Response:
    with state().database.read() as session:
        shop, delivery = _own(session, delivery_id)
        shown = _message(session, shop, delivery)
    if shown.mark == seen_mark():
        return no_news()
    return page_or_partial("activity_message.html", NOW, shop=shop, message=shown)


def _message(session: Session, shop: Shop, delivery: Delivery) -> message.Message:
    return message.look(
        delivery,
        subjects.of(session, [delivery]).get(delivery.id),
        state().now(),
        may_read=state().may("export", shop.card),
        may_replay=state().may("sync", shop.card),
    )


@blueprint.post("/activity/<int:delivery_id>/replay")
def replay_one(delivery_id: int) -> BaseResponse:
    with state().database.begin() as session:
        shop, _delivery = _own(session, delivery_id)
        allow("sync", shop.card)
        replay(session, shop.id, Wanted(ids=[delivery_id]), state().now())
    state().ring("inbox")
    if not htmx.wants_partial():
        return redirect(url_for("smartpush.activity.page", delivery_id=delivery_id), 303)
    with state().database.read() as session:
        shop, delivery = _own(session, delivery_id)
        return Response(render(NOW, shop=shop, message=_message(session, shop, delivery)))


@blueprint.post("/activity/replay")
def replay_shown() -> BaseResponse:
    """All parked ones that the filter shows, not only those of this page."""
    question = listing.Question.of({**request.args.to_dict(), "show": PARKED})
    with state().database.begin() as session:
        shop = shop_in_front(session)
        allow("sync", shop.card)
        done = replay(session, shop.id, question.wanted(session, shop), state().now())
    state().ring("inbox")
    if not htmx.wants_partial():
        return redirect(url_for("smartpush.activity.index", **question.args(before=None)), 303)
    with state().database.read() as session:
        shop = shop_in_front(session)
        found = listing.look(session, shop, question, state().now())
        return Response(
            render(TABLE, shop=shop, listing=found, may_replay=True, said=_in_words(done))
        )


def _in_words(done: Replayed) -> str:
    count = len(done.ids)
    return ngettext("%(num)s message is tried again.", "%(num)s messages are tried again.", count)


def _open(session: Session, shop: Shop) -> Sequence[past.Request]:
    return [each for each in _requests(session, shop) if each.is_open]


def _requests(session: Session, shop: Shop | None) -> Sequence[past.Request]:
    card = shop.card if shop else None
    return past.requests(
        session,
        shop,
        state().now(),
        may_decide=state().may("erase", card),
        others=state().may("erase", None),
    )


def _own(session: Session, delivery_id: int) -> tuple[Shop, Delivery]:
    """The delivery and its store, or a friendly page when this person sees no such delivery."""
    shop_in_front(session)
    delivery: Any = session.get(Delivery, delivery_id)
    shop = session.get_one(Shop, delivery.shop_id) if delivery else None
    if shop is None or not state().may("view", shop.card):
        friendly(
            _("This message is not here"),
            _("It may belong to another store, or it is so old that its row was tidied away."),
            404,
        )
    return shop, delivery
