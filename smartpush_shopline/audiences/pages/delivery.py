"""How far a campaign is, what a person may do about it, and its receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from flask import Blueprint, Response, abort, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from ... import htmx
from ...errors import CannotSend, NotFound, StaleChoice
from ...i18n import gettext as _
from ...web import friendly, id_of, page_or_partial, state, wants_json
from .. import delivery
from ..models import HELD, SCHEDULED, Audience
from ..receipt import making, words
from ..sending import freezing, holding_words, reasons, scheduling
from . import confirming, delivery_panel, panel
from .answers import way_back
from .views import get_own

blueprint = Blueprint("delivery", __name__)
Deed = Callable[[Session, Audience], object]


@blueprint.get("/audiences/<int:audience_id>/delivery")
def progress(audience_id: int) -> BaseResponse:
    """The piece that looks again by itself: while something is being sent, and when it is due.

    Once that ends, or it is held, the rest of the panel has changed, too. `seen`: the state there.
    """
    with state().database.read() as session:
        _shop, audience = get_own(session, audience_id, "view")
        if not htmx.wants_partial():
            return redirect(way_back(audience_id), 303)
        seen = request.args.get("seen") if audience.state in (SCHEDULED, HELD) else None
        if seen == audience.state or delivery_panel.is_moving(session, audience):
            return Response(delivery_panel.bare(session, audience))
        return htmx.instead(panel.bare(session, audience), f"#audience-panel-{audience_id}")


@blueprint.get("/audiences/<int:audience_id>/delivery/release")
def confirm(audience_id: int) -> Response:
    """Asks before what was held goes out; nothing is changed."""
    here = url_for("smartpush.delivery.act", audience_id=audience_id, verb="release")
    with state().database.read() as session:
        _shop, audience = get_own(session, audience_id, "send")
        if not scheduling.may_release(audience):
            _refuse(audience_id, _("Somebody has decided about this already."))
        back, mode = way_back(audience_id), scheduling.RELEASED
        facts = confirming.facts_of(session, audience, here, back, mode)
        return page_or_partial("confirm.html", "_partials/audience_confirm.html", **facts)


@blueprint.post("/audiences/<int:audience_id>/delivery/<verb>")
def act(audience_id: int, verb: str) -> BaseResponse:
    deed = _deeds().get(verb)
    if deed is None:
        abort(404)
    note = _do(audience_id, deed)
    state().ring("send")
    if htmx.wants_partial():
        with state().database.read() as session:
            audience = session.get_one(Audience, audience_id)
            return Response(delivery_panel.bare(session, audience, note))
    if note:
        _refuse(audience_id, note)
    return redirect(way_back(audience_id), 303)


def _refuse(audience_id: int, why: str) -> NoReturn:
    friendly(_("That could not be done"), why, 409,
             action_label=_("Look at it"), action_url=way_back(audience_id))


def _do(audience_id: int, deed: Deed) -> str:
    """A sentence when it could not be done."""
    try:
        with state().database.begin() as session:
            get_own(session, audience_id, "send")
            audience = freezing.lock(session, audience_id)
            delivery.notice_dead(session, audience_id, state().now())
            deed(session, audience)
    except CannotSend as refusal:
        return reasons.held(refusal.reason)
    except StaleChoice:
        return _("Somebody changed these recipients meanwhile. Look at them again, then send.")
    except NotFound:
        return _("Somebody has decided about this already.")
    return ""


def _deeds() -> dict[str, Deed]:
    now, threshold = state().now(), state().settings.drift_threshold
    revision = request.form.get("revision", type=int)
    return {
        "pause": lambda s, a: delivery.pause(s, a, now),
        "resume": lambda s, a: delivery.resume(s, a),
        "cancel": lambda s, a: scheduling.cancel(s, a, now),
        "release": lambda s, a: scheduling.release(s, a, now, threshold, revision),
        "send-again": lambda s, a: delivery.send_again(s, a, _number(s, a)),
        "mark-sent": lambda s, a: delivery.mark_sent(s, a, now, _number(s, a)),
    }


def _number(session: Session, audience: Audience) -> int | None:
    """Of one batch, 0 when it cannot be read; None means all that wait for a decision.

    Raises CannotSend when these are others than the person saw.
    """
    given, many = request.form.get("number"), request.form.get("many", type=int)
    if given is not None:
        return id_of(given) or 0
    if many != len(delivery.undecided(session, audience.id, state().now())):
        raise CannotSend("Other batches wait for a decision by now.", reason="others")
    return None


@blueprint.get("/audiences/<int:audience_id>/receipt")
def receipt(audience_id: int) -> ResponseReturnValue:
    """For a person to read or print; JSON for a program that asks for it."""
    with state().database.read() as session:
        shop, audience = get_own(session, audience_id, "view")
        try:
            found = making.receipt(session, audience, state().now())
        except NotFound:
            friendly(
                _("There is no receipt yet"),
                _("It is written when the sending begins, with everybody as it was then."),
                404,
            )
    if wants_json() or request.args.get("format") == "json":
        return jsonify(found)
    return page_or_partial(
        "receipt.html",
        "receipt.html",
        shop=shop,
        audience=audience,
        receipt=found,
        telling=words,
        seen_at=state().now(),
        story=holding_words.story(audience, shop.timezone),
    )


