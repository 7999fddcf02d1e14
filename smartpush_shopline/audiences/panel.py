"""The recipients of one campaign as a page shows them: numbers, steps, questions."""

from __future__ import annotations

from markupsafe import Markup
from sqlalchemy.orm import Session

from ..shops.models import Shop
from ..web import render, state
from . import between, delivery_panel, forecast, overlap, saving, sides, waterfall
from .models import DISCARDED, Audience
from .picker import assets, sum_of
from .resolve import Resolution, lists_of


def panel(session: Session, audience: Audience) -> Markup:
    """For the dashboard's own page of the campaign."""
    return assets() + bare(session, audience)


def bare(session: Session, audience: Audience, note: str = "") -> Markup:
    """As htmx swaps it. `note`: what went wrong, in a sentence."""
    facts = facts_of(session, audience)
    return Markup(render("_partials/audience_panel.html", note=note, **facts))  # noqa: S704


def facts_of(
    session: Session, audience: Audience, found: Resolution | None = None
) -> dict[str, object]:
    """`found`: what it comes to without smart sending, if that is known."""
    shop = session.get_one(Shop, audience.shop_id)
    saved = saving.saved_recipients(session, audience)
    now = forecast.expected(session, audience, state().settings, state().now(), found)
    threshold = state().settings.drift_threshold
    return {
        "shop": shop,
        "audience": audience,
        "is_saved": audience.is_saved,
        "is_discarded": audience.state == DISCARDED,
        "saved": len(saved),
        "gone": len(saved) - len(now.recipients),
        "total": sum_of(now),
        "between": between.look(session, audience, now, saved, threshold),
        "fall": waterfall.look(session, audience, now),
        "names": {pick.segment_id: pick.segment.name for pick in audience.picks},
        "may_take": state().may("choose", shop.card),
        "may_export": state().may("export", shop.card),
        **delivery_panel.facts_of(session, audience),
    }


def more_of(
    session: Session,
    audience: Audience,
    now: Resolution,
    asked: tuple[str | None, int | None] = (None, None),
) -> dict[str, object]:
    """What only the page of its own shows, of what it comes to now without smart sending.

    `asked`: mode and hours of smart sending to look at.
    """
    choice = saving.choice_of(audience)
    lists = lists_of(session, choice)
    settings, at = state().settings, state().now()
    return {
        "matrix": overlap.matrix(choice, lists),
        "doubts": overlap.doubts(choice, lists, now),
        "sides": sides.look(session, choice.without_pending_exclusions(), now, lists),
        "seen": forecast.look(session, audience, settings, at, *asked, found=now),
    }
