"""The piece of a campaign's page that says how far the sending is."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import request
from markupsafe import Markup
from sqlalchemy.orm import Session

from ...shops.models import Shop
from ...web import render, state
from .. import delivery, recall, smart
from ..deciding.between import held_by
from ..delivery_models import AudienceBatch
from ..models import CANCELLED, HELD, SCHEDULED, SENDING, SENT, Audience
from ..sending import holding, holding_words, scheduling

_SHOWN = 20
_SOON, _LATER, _AT_MOST = timedelta(seconds=3), timedelta(minutes=1), timedelta(hours=1)
STATES = (SCHEDULED, HELD, SENDING, SENT, CANCELLED)


def facts_of(session: Session, audience: Audience, note: str = "") -> dict[str, object]:
    """For `_partials/audience_delivery.html`, also inside the whole panel."""
    shop, now = session.get_one(Shop, audience.shop_id), state().now()
    undecided, went = _batches(session, audience, now)
    is_due = _is_due(audience, now)
    is_moving = is_due or _goes_out(audience, went)
    settings = state().settings
    matters = is_due or audience.decide_by
    asked = held_by(session, audience, settings.drift_threshold) if matters else []
    then = holding.otherwise_of(audience, settings)
    return {
        "shop": shop,
        "audience": audience,
        "went": went,
        "undecided": undecided[:_SHOWN],
        "more_undecided": max(0, len(undecided) - _SHOWN),
        "is_moving": is_moving,
        "again_in": _SOON if is_moving else _until_something_happens(audience, now),
        "is_due": is_due,
        "must_decide": bool(asked),
        "held": holding_words.why(audience, asked),
        "deadline": holding_words.deadline(audience, then, shop.timezone),
        "story": holding_words.story(audience, shop.timezone),
        "then": then,
        "later": holding.LATER if audience.decide_by else (),
        "within": settings.decide_within,
        "has_delivery": audience.state in STATES,
        "may_send": state().may("send", shop.card),
        "may_release": _may_release(session, audience, now),
        "may_answer": state().may("send", shop.card) and state().may("choose", shop.card),
        "back": request.values.get("back") or _here(),
        "delivery_note": note,
    }


def is_moving(session: Session, audience: Audience) -> bool:
    now = state().now()
    return _is_due(audience, now) or _goes_out(audience, _batches(session, audience, now)[1])


def _is_due(audience: Audience, now: datetime) -> bool:
    return audience.state == SCHEDULED and (audience.scheduled_at or now) <= now


def _may_release(session: Session, audience: Audience, now: datetime) -> bool:
    """Somebody would get it: not where everybody was written to recently."""
    if not scheduling.may_release(audience):
        return False
    settings = state().settings
    found = recall.resolution_now(session, audience, settings.drift_threshold)
    rule = smart.rule_of(settings, audience)
    return bool(smart.skip(session, audience, found, rule, now).recipients)


def _until_something_happens(audience: Audience, now: datetime) -> timedelta | None:
    """When the piece looks again: it becomes due, or its deadline is over. None for never."""
    known = {SCHEDULED: audience.scheduled_at, HELD: audience.decide_by or audience.scheduled_at}
    at = known.get(audience.state)
    if at is None:
        return None
    return min(at - now + _SOON, _AT_MOST) if at > now else _LATER


def _goes_out(audience: Audience, went: delivery.Progress) -> bool:
    is_sending = audience.state == SENDING and audience.paused_at is None
    return is_sending and bool(went.pending or went.handed_out)


def _batches(
    session: Session, audience: Audience, now: datetime
) -> tuple[list[AudienceBatch], delivery.Progress]:
    """Those to decide about, and how far it is. There are none before the sending began."""
    if not audience.is_frozen:
        return [], delivery.Progress()
    return (
        delivery.undecided(session, audience.id, now),
        delivery.progress(session, audience.id, now),
    )


def _here() -> str:
    """This page's path, with the mount point of a dashboard that is not at the root."""
    return request.root_path.rstrip("/") + request.full_path.rstrip("?")


def bare(session: Session, audience: Audience, note: str = "") -> Markup:
    html = render("_partials/audience_delivery.html", **facts_of(session, audience, note))
    return Markup(html)  # noqa: S704
