"""What a person answers between choosing and sending: use, keep, swap, discard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from ... import htmx, signals
from ...errors import NotFound, RecipientsFixed, StaleChoice
from ...i18n import gettext as _
from ...segments.models import DELETED, Segment, SegmentVersion
from ...web import allow, announce, friendly, id_of, page_or_partial, state, typed
from .. import saving
from ..deciding import answering, previewing
from ..models import HELD, Audience
from ..sending import holding, reasons, story
from . import panel
from .views import get_own

blueprint = Blueprint("answers", __name__)
MOST_OFFERS = 50
HOUR = timedelta(hours=1)


@blueprint.post("/audiences/<int:audience_id>/take")
def take(audience_id: int) -> BaseResponse:
    """The newest list of one chosen segment."""
    now = state().now()
    return _answer(
        audience_id,
        lambda s, a: saving.take_newer(s, a, _segment_id(), now),
        "take",
        pins=True,
    )


@blueprint.get("/audiences/<int:audience_id>/take")
def preview(audience_id: int) -> Response:
    """What the newest list of one chosen segment would make of the count; nothing is changed."""
    segment_id, mine = request.args.get("segment_id", type=id_of) or 0, state()
    with mine.database.read() as session:
        shop, audience = get_own(session, audience_id, "view")
        try:
            seen = previewing.of_newest(session, audience, segment_id, mine.settings, mine.now())
        except NotFound:
            _not_chosen()
        facts = {"audience": audience, "seen": seen, "back": way_back(audience_id)}
        may_send = audience.state != HELD or mine.may("send", shop.card)  # it is sent by the answer
        facts |= {"shop": shop, "may_take": mine.may("choose", shop.card) and may_send}
        return page_or_partial("take.html", "_partials/audience_taken.html", **facts)


@blueprint.post("/audiences/<int:audience_id>/keep")
def keep(audience_id: int) -> BaseResponse:
    """The list that was saved."""
    return _answer(audience_id, lambda s, a: answering.keep(s, a, _segment_id()), "keep")


@blueprint.post("/audiences/<int:audience_id>/swap")
def swap(audience_id: int) -> BaseResponse:
    """Another segment in the place of one."""
    other, now = request.form.get("other_id", type=id_of) or 0, state().now()
    return _answer(
        audience_id,
        lambda s, a: answering.swap(s, a, _segment_id(), other, now),
        "swap",
        pins=True,
    )


@blueprint.post("/audiences/<int:audience_id>/discard")
def discard(audience_id: int) -> BaseResponse:
    """Nobody receives it."""
    now = state().now()
    return _answer(audience_id, lambda s, a: answering.drop(s, a, now), story.CANCELLED)


@blueprint.post("/audiences/<int:audience_id>/otherwise")
def otherwise(audience_id: int) -> BaseResponse:
    """What happens to what is held when nobody decides, and until when."""
    wanted, hours = request.form.get("otherwise"), request.form.get("hours", 0, type=int)
    later = next((each for each in holding.LATER if each / HOUR == hours), timedelta(0))
    now = state().now()
    return _answer(audience_id, lambda s, a: holding.change(s, a, wanted, later, now))


@blueprint.get("/audiences/<int:audience_id>/swap")
def offers(audience_id: int) -> Response:
    """Which segment to choose instead."""
    query = typed(request.args.get("q", ""))
    segment_id = request.args.get("segment_id", type=id_of) or 0
    with state().database.read() as session:
        shop, audience = get_own(session, audience_id, "choose")
        pick = next((p for p in audience.picks if p.segment_id == segment_id), None)
        if pick is None:
            _not_chosen()
        rows = session.execute(_instead(audience, query)).all()
    return page_or_partial(
        "swap.html", "swap.html", shop=shop, audience=audience, pick=pick, rows=rows, query=query
    )


def _instead(audience: Audience, query: str) -> Any:
    """Segments that have a list and are not chosen yet."""
    chosen = [pick.segment_id for pick in audience.picks]
    here = (
        Segment.shop_id == audience.shop_id,
        Segment.state != DELETED,
        Segment.id.not_in(chosen),
        *((Segment.name.icontains(query, autoescape=True),) if query else ()),
    )
    return (
        select(Segment, SegmentVersion)
        .join(SegmentVersion, SegmentVersion.id == Segment.current_version_id)
        .where(*here)
        .order_by(Segment.name, Segment.id)
        .limit(MOST_OFFERS)
    )


def _answer(
    audience_id: int,
    act: Callable[[Session, Audience], None],
    did: str = "",
    *,
    pins: bool = False,
) -> BaseResponse:
    """Act on the audience as it was shown; who came second is told, and sees it as it is.

    `did`: what this decides, when it is held. `pins`: its people are worked out anew, which is
    told after the commit.
    """
    note = ""
    try:
        with state().database.begin() as session:
            shop, _audience = get_own(session, audience_id, "choose")
            audience = answering.lock(session, audience_id, _revision())
            if audience.state == HELD:  # the answer sends it, or takes it back
                allow("send", shop.card)
            is_held = story.is_open(audience)
            act(session, audience)
            if is_held and did:
                segment_id = request.form.get("other_id", type=id_of) or _segment_id()
                about = story.about(session, audience, segment_id)
                story.tell(audience, did, state().now(), **about)
            holding.go_on(session, audience, state().settings.drift_threshold)
            news = saving.news_of(session, audience) if pins else None
        if news is not None:
            announce(signals.audience_pinned, **news)
        state().ring("send")
    except NotFound:
        _not_chosen()
    except StaleChoice:
        note = _("Somebody changed these recipients meanwhile. Here they are as they are now.")
    except RecipientsFixed:
        note = why_fixed(audience_id)
    if htmx.wants_partial():
        with state().database.read() as session:
            return Response(panel.bare(session, session.get_one(Audience, audience_id), note))
    if note:
        friendly(_("These recipients changed"), note, 409,
                 action_label=_("Look at them"), action_url=way_back(audience_id))
    return redirect(way_back(audience_id), 303)


def _segment_id() -> int:
    return request.form.get("segment_id", type=id_of) or 0


def _revision() -> int | None:
    return request.form.get("revision", None, type=int)


def _not_chosen() -> Any:
    friendly(
        _("This campaign did not choose that segment"),
        _("Somebody may have changed its recipients meanwhile. Look at them again."),
        404,
    )


def why_fixed(audience_id: int) -> str:
    """Read anew: the transaction that was refused is rolled back."""
    with state().database.read() as session:
        return reasons.fixed(session.get_one(Audience, audience_id))


def way_back(audience_id: int) -> str:
    """A path of this site, never an address that came along."""
    back = request.values.get("back", "")
    is_path = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if is_path else url_for("smartpush.audiences.page", audience_id=audience_id)
