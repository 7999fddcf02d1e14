"""The pages of the segments: all of them, and one."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from .. import htmx
from ..i18n import gettext as _
from ..shops.finding import shop_in_front
from ..shops.models import Shop
from ..web import allow, friendly, page_or_partial, state
from . import listing, looking
from .marking import no_news
from .models import Segment

blueprint = Blueprint("segments", __name__)


@blueprint.get("/segments")
def index() -> Response:
    question = listing.Question.of(request.args)
    with state().database.read() as session:
        shop = shop_in_front(session)
        found = listing.look(session, shop, question, state().now(), seen_mark())
    if found is None:
        return no_news()
    return page_or_partial(
        "segments.html", "_partials/segments_table.html", shop=shop, listing=found
    )


@blueprint.get("/segments/<int:segment_id>")
def page(segment_id: int) -> Response:
    with state().database.read() as session:
        shop, segment = get_own(session, segment_id, "view")
        view = looking.look(
            session,
            segment,
            may_check=state().may("sync", shop.card),
            now=state().now(),
            seen=seen_mark(),
        )
    if view is None:
        return no_news()
    return page_or_partial("segment.html", "_partials/segment_now.html", shop=shop, view=view)


def seen_mark() -> str:
    """What the browser shows already; only a poll is answered by nothing."""
    return request.args.get("seen", "") if htmx.wants_partial() else ""


def get_own(session: Session, segment_id: int, action: str) -> tuple[Shop, Segment]:
    """The segment and its store, or a friendly page when this person sees no such segment."""
    shop_in_front(session)
    segment = session.get(Segment, segment_id)
    shop = session.get_one(Shop, segment.shop_id) if segment else None
    if segment is None or shop is None or not state().may("view", shop.card):
        friendly(
            _("This segment is not here"),
            _("It may belong to another store, or the address is not complete."),
            404,
        )
    allow(action, shop.card)
    return shop, segment
