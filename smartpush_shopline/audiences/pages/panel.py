"""The recipients of one campaign as a page shows them: numbers, steps, questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from pyroaring import BitMap
from sqlalchemy.orm import Session

from ...shops.models import Shop
from ...web import render, state
from .. import delivery, forecast, recall, smart
from ..choice import Choice
from ..deciding import between, previewing
from ..deciding.between import Question
from ..models import CANCELLED, DISCARDED, HELD, SENT, Audience
from ..picking import overlap, sides
from ..picking.picker import assets, sum_of
from ..resolve import Lists, Resolution
from ..sending import holding, holding_words
from ..why import waterfall
from . import delivery_panel


def panel(session: Session, audience: Audience) -> Markup:
    """For the dashboard's own page of the campaign."""
    return assets() + bare(session, audience)


def bare(session: Session, audience: Audience, note: str = "") -> Markup:
    """As htmx swaps it. `note`: what went wrong, in a sentence."""
    facts = facts_of(session, audience)
    return Markup(render("_partials/audience_panel.html", note=note, **facts))  # noqa: S704


@dataclass(frozen=True, slots=True)
class Reading:
    """What all parts of a page are worked out from, read once. `found`: what it comes to now
    without smart sending; `newest`: the choice with the lists that are heeded."""

    asked: Sequence[Question]
    saved: BitMap
    found: Resolution
    choice: Choice
    newest: Choice
    lists: Lists


def read(session: Session, audience: Audience) -> Reading:
    threshold = state().settings.drift_threshold
    is_over = audience.state == CANCELLED  # asked again once somebody schedules it again
    asked = [] if is_over else between.questions(session, audience, threshold)
    saved = recall.recipients(session, audience)
    found = recall.resolution_now(session, audience, threshold, saved)
    return Reading(asked, saved, found, *waterfall.lists_in_use(session, audience, found))


def facts_of(
    session: Session, audience: Audience, reading: Reading | None = None
) -> dict[str, object]:
    reading = reading or read(session, audience)
    shop, saved = session.get_one(Shop, audience.shop_id), reading.saved
    settings, at = state().settings, state().now()
    now = forecast.expected(session, audience, settings, at, reading.found)
    return {
        "shop": shop,
        "audience": audience,
        "is_saved": audience.is_saved,
        "is_discarded": audience.state == DISCARDED,
        "saved": len(saved),
        "gone": len(saved) - len(now.recipients),
        "total": sum_of(now),
        "between": between.look(reading.asked, now, saved),
        "heading": heading_of(session, audience, reading.asked, waterfall.RECIPIENTS),
        "is_asked": holding.is_asked(audience, reading.asked),
        "moved": holding_words.moved,
        "sends": _answers(session, audience, reading, len(now.recipients)),
        "fall": waterfall.fall(reading.choice, reading.lists, now, reading.newest),
        "smart": smart.in_force(settings, audience),
        "names": {pick.segment_id: pick.segment.name for pick in audience.picks},
        "may_take": state().may("choose", shop.card),
        "may_export": state().may("export", shop.card),
        **delivery_panel.facts_of(session, audience),
    }


def heading_of(
    session: Session, audience: Audience, asked: Sequence[Question], step: str
) -> str:
    """What the list of who receives it is called by now; empty for every other list."""
    if step != waterfall.RECIPIENTS:
        return ""
    if not audience.is_frozen:
        if audience.state == CANCELLED:
            return "would"
        return "as_saved" if holding.is_asked(audience, asked) else ""
    went = delivery.progress(session, audience.id, state().now())
    return "received" if audience.state == SENT and went.sent == went.total else "fixed"


def _answers(
    session: Session, audience: Audience, reading: Reading, kept: int
) -> dict[str, int]:
    """How many each answer sends it to, while it is held by one question: "keep" and "take"."""
    must = [each for each in reading.asked if each.must]
    if audience.state != HELD or len(must) != 1 or must[0].kind == between.WAITING:
        return {}
    if must[0].kind != between.HELD:
        return {"keep": kept}
    segment_id = must[0].pick.segment_id
    seen = previewing.of_newest(session, audience, segment_id, state().settings, state().now())
    return {"keep": kept, "take": seen.after}


def more_of(
    session: Session,
    audience: Audience,
    reading: Reading,
    asked: tuple[str | None, int | None] = (None, None),
) -> dict[str, object]:
    """What only the page of its own shows. `asked`: mode and hours of smart sending to look at."""
    choice, lists, now = reading.choice, reading.lists, reading.found
    return {
        "matrix": overlap.matrix(choice, lists),
        "doubts": overlap.doubts(choice, lists, now),
        "sides": sides.look(session, choice.without_pending_exclusions(), now, lists),
        "seen": forecast.look(
            session, audience, state().settings, state().now(), *asked, found=now
        ),
    }
