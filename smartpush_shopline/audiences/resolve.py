"""From a choice to people: set algebra over pinned versions and one reading of reach."""

from __future__ import annotations

from dataclasses import dataclass

from pyroaring import BitMap
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ..contacts import reach
from ..members import union
from ..segments.models import Segment, SegmentVersion
from .choice import Choice
from .models import EVERYONE, EXCLUDE, INCLUDE

REASONS = ("excluded", *(v for v in reach.VERDICTS if v != reach.SENDABLE), "same_address")
"""Why somebody in the chosen lists is not written to, in the order in which it is decided."""
_VERSIONS = (
    select(SegmentVersion.id, SegmentVersion.members)
    .join(Segment, Segment.id == SegmentVersion.segment_id)
    .where(
        SegmentVersion.id.in_(bindparam("wanted", expanding=True)),
        Segment.shop_id == bindparam("shop_id"),
    )
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Each chosen person is either a recipient or under exactly one reason."""

    chosen: int
    reasons: dict[str, BitMap]
    recipients: BitMap

    def counts(self) -> dict[str, int]:
        """People by reason, and "sendable": their sum is `chosen`."""
        found = {reason: len(people) for reason, people in self.reasons.items()}
        return found | {reach.SENDABLE: len(self.recipients)}


def resolve(session: Session, choice: Choice) -> Resolution:
    """Who a choice reaches now, and why it does not reach the others."""
    here = reach.load(session, choice.shop_id, choice.channel)
    lists = _members(session, choice)
    if choice.scope == EVERYONE:
        chosen = here.everyone
    else:
        chosen = union(lists[pick.version_id] for pick in choice.of(INCLUDE) if pick.version_id)
    excluded = union(lists[pick.version_id] for pick in choice.of(EXCLUDE) if pick.version_id)
    return split(session, choice, chosen, chosen & excluded, here)


def split(
    session: Session, choice: Choice, chosen: BitMap, excluded: BitMap, here: reach.Reach
) -> Resolution:
    verdicts = here.split(chosen - excluded)
    sendable = verdicts.pop(reach.SENDABLE)
    twice = here.same_address(sendable)
    reasons = {"excluded": excluded, **verdicts, "same_address": twice}
    return Resolution(len(chosen), reasons, sendable - twice)


def _members(session: Session, choice: Choice) -> dict[int, BitMap]:
    """The chosen versions, of this shop's segments only."""
    wanted = [pick.version_id for pick in choice.picks if pick.version_id]
    if not wanted:
        return {}
    rows = session.execute(_VERSIONS, {"wanted": wanted, "shop_id": choice.shop_id})
    return {row.id: row.members for row in rows}
