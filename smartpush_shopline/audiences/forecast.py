"""Who would get it when it is due: as saved, minus who fell away, minus smart sending's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..settings import Settings
from . import recall, smart
from .choice import Choice
from .models import HELD, SCHEDULED, Audience
from .resolve import Lists, Resolution


def expected(
    session: Session,
    audience: Audience,
    settings: Settings,
    now: datetime,
    found: Resolution | None = None,
) -> Resolution:
    """Once the sending began: as it was then. Nobody is skipped where smart sending holds.

    `found`: what it comes to without smart sending, if that is known.
    """
    found = found or recall.resolution_now(session, audience, settings.drift_threshold)
    rule = smart.rule_of(settings, audience)
    if audience.is_frozen or rule.mode != smart.SKIP:
        return found
    return smart.skip(session, audience, found, rule, due_at(audience, now))


def of_choice(
    session: Session, choice: Choice, lists: Lists, settings: Settings, now: datetime
) -> Resolution:
    """The same of a choice in a form."""
    found = recall.resolution_of(session, choice, settings.drift_threshold, lists)
    audience = session.get(Audience, choice.audience_id) if choice.audience_id else None
    if audience is None:
        rule, at = smart.setting_of(settings, choice.channel), now
    else:
        rule, at = smart.rule_of(settings, audience), due_at(audience, now)
    if (audience and audience.is_frozen) or rule.mode != smart.SKIP:
        return found
    return smart.skip(session, choice, found, rule, at)


def due_at(audience: Audience, now: datetime) -> datetime:
    """When it goes out, as far as one knows: never in the past."""
    at = audience.scheduled_at if audience.state in (SCHEDULED, HELD) else None
    return max(at, now) if at else now


@dataclass(frozen=True, slots=True)
class Look:
    """One setting of the slider: of `people` so many are within the window at `at`.

    `hours`: the window, 1 to 120.
    """

    mode: str
    hours: int
    people: int
    skipped: int
    last_free_at: datetime | None
    at: datetime
    is_due: bool


def look(
    session: Session,
    audience: Audience,
    settings: Settings,
    now: datetime,
    mode: str | None = None,
    hours: int | None = None,
    found: Resolution | None = None,
) -> Look:
    """What this window would mean; what is not given is as it is kept. `found` as in `expected`."""
    rule = smart.rule_of(settings, audience)
    window = smart.window_of(hours) if hours else rule.window
    found = found or recall.resolution_now(session, audience, settings.drift_threshold)
    people = found.recipients
    at = due_at(audience, now)
    seen = smart.preview(session, audience.shop_id, audience.channel, people, at, window)
    return Look(
        mode=mode if mode in smart.MODES else rule.mode,
        hours=smart.hours_of(window),
        people=len(people),
        skipped=seen.skipped,
        last_free_at=seen.last_free_at,
        at=at,
        is_due=at > now,
    )
