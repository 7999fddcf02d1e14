"""A segment that was chosen before it had a list takes its first one, once, by the saved wish.

It stays on that list, as if it had been there when it was chosen. Whoever was counted when the
choice was saved stays counted as then: only the people of the new list are added or excluded.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ... import signals
from ...contacts import reach
from ...members import union
from ...segments.models import Segment
from ...web import State, announce
from .. import recall, saving
from ..choice import Choice
from ..models import HELD, INCLUDE, SAVED, SCHEDULED, Audience, AudiencePick
from ..resolve import Lists, Resolution, chosen_of, excluded_of, lists_of, split
from . import freezing


def take_all(state: State, shop_id: int | None = None) -> None:
    """Wherever a first list has come. Harmless in many workers: each row is locked, then looked
    at again."""
    with state.database.read() as session:
        ids = list(session.scalars(_ready(shop_id)))
    for audience_id in ids:
        news = state.database.retrying(partial(_take_and_tell, audience_id=audience_id))
        if news is not None:
            announce(signals.audience_pinned, **news)


def _ready(shop_id: int | None) -> Any:
    asked = (
        select(AudiencePick.audience_id)
        .join(Segment, Segment.id == AudiencePick.segment_id)
        .join(Audience, Audience.id == AudiencePick.audience_id)
        .where(
            AudiencePick.version_id.is_(None),
            Segment.current_version_id.is_not(None),
            Audience.state.in_((SAVED, SCHEDULED, HELD)),
            Audience.frozen_at.is_(None),
        )
        .distinct()
    )
    return asked if shop_id is None else asked.where(Audience.shop_id == shop_id)


def _take_and_tell(session: Session, audience_id: int) -> dict[str, Any] | None:
    """What is told after the commit; None when there was nothing to take."""
    if not take(session, audience_id):
        return None
    return saving.news_of(session, session.get_one(Audience, audience_id))


def take(session: Session, audience_id: int) -> bool:
    """Whether there was anything to take. The revision stays: nobody answered anything."""
    audience = freezing.lock(session, audience_id)
    came = [
        pick
        for pick in audience.picks
        if pick.version_id is None and pick.segment.current_version_id is not None
    ]
    if not came or audience.is_frozen or not audience.is_saved:
        return False
    for pick in came:
        pick.version_id = pick.segment.current_version_id
    choice = recall.choice_of(audience).without_pending_exclusions()
    lists = lists_of(session, choice)
    new = union(lists[pick.version_id] for pick in came if pick.mode == INCLUDE and pick.version_id)
    found = _counted(session, audience, choice, lists, new)
    saving.keep_people(session, audience, found)
    session.flush()
    session.expire(audience, ["picks"])
    return True


def _counted(
    session: Session, audience: Audience, choice: Choice, lists: Lists, new: BitMap
) -> Resolution:
    """Whoever was left out when it was saved, and is not in the new list, stays left out."""
    here = reach.load(session, audience.shop_id, audience.channel)
    then = {row.reason: row.members - new for row in audience.reasons}
    before = recall.recipients(session, audience) | union(
        row.members for row in audience.reasons
    )
    chosen = chosen_of(choice, lists, here) & (before | new)
    asked = chosen - union(then.values())
    found = split(session, choice, asked, excluded_of(choice, lists, asked), here)
    reasons = {
        reason: people | (then.get(reason, BitMap()) & chosen)
        for reason, people in found.reasons.items()
    }
    return Resolution(len(chosen), reasons, found.recipients)
