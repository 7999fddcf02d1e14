"""What a newer list would make of the count, before a person takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ...errors import NotFound
from ...segments.models import SegmentVersion
from ...settings import Settings
from .. import forecast, recall
from ..models import Audience, AudiencePick


@dataclass(frozen=True, slots=True)
class Preview:
    """People who would receive it: `before` with the lists as they are, `after` with `newest`."""

    pick: AudiencePick
    newest: SegmentVersion
    before: int
    after: int


def of_newest(
    session: Session, audience: Audience, segment_id: int, settings: Settings, now: datetime
) -> Preview:
    """Exactly what `saving.take_newer` would come to. Raises NotFound without a newer list."""
    pick = next((each for each in audience.picks if each.segment_id == segment_id), None)
    newest_id = pick.segment.current_version_id if pick else None
    if pick is None or newest_id in (None, pick.version_id):
        raise NotFound("There is no newer list of that segment.")
    choice = recall.choice_of(audience).at_version(segment_id, newest_id)
    found = recall.resolution_anew(session, audience, choice, settings.drift_threshold)
    after = forecast.expected(session, audience, settings, now, found).recipients
    before = forecast.expected(session, audience, settings, now).recipients
    newest = session.get_one(SegmentVersion, newest_id)
    return Preview(pick, newest, len(before), len(after))
