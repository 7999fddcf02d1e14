"""What a person is asked before a campaign goes out: how many, on which channel, when."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup
from sqlalchemy.orm import Session

from ...shops.models import Shop
from ...web import render, state
from .. import recall, smart
from ..deciding import between
from ..models import Audience
from ..picking.picker import assets
from ..sending import holding_words


def draw(session: Session, audience: Audience, action: str, back: str) -> Markup:
    """A form that posts `revision` to `action`; `back` is where to go without sending."""
    facts = facts_of(session, audience, action, back)
    return assets() + Markup(render("_partials/audience_confirm.html", **facts))  # noqa: S704


def facts_of(
    session: Session, audience: Audience, action: str, back: str, mode: str | None = None
) -> dict[str, object]:
    """As if it went out at this moment. `mode`: of smart sending, instead of the campaign's."""
    now, settings = state().now(), state().settings
    rule = smart.rule_of(settings, audience)
    rule = replace(rule, mode=mode or rule.mode)
    found = recall.resolution_now(session, audience, settings.drift_threshold)
    without = smart.skip(session, audience, found, rule, now)
    recent = found.recipients - without.recipients
    waits = rule.mode == smart.HOLD and bool(recent)
    asked = between.held_by(session, audience, settings.drift_threshold)
    return {
        "shop": session.get_one(Shop, audience.shop_id),
        "audience": audience,
        "people": len((without if rule.mode == smart.SKIP else found).recipients),
        "skipped": len(recent) if rule.mode == smart.SKIP else 0,
        "free_at": smart.last_free_at(session, audience, recent, rule, now) if waits else None,
        "held": holding_words.why(audience, asked) if asked else "",
        "now": now,
        "action": action,
        "back": back,
    }
