"""From a choice to people: set algebra over pinned versions and one reading of reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..contacts import reach
from ..contacts.models import Contact
from ..members import union
from ..segments.models import Segment, SegmentVersion
from .choice import Choice
from .models import EVERYONE, EXCLUDE, INCLUDE

REASONS = ("excluded", *(v for v in reach.VERDICTS if v != reach.SENDABLE), "same_address")
"""Why somebody in the chosen lists is not written to, in the order in which it is decided."""
_BATCH = 1000


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
    twice = _twice(session, choice, sendable & here.shares_address)
    reasons = {"excluded": excluded, **verdicts, "same_address": twice}
    return Resolution(len(chosen), reasons, sendable - twice)


def _members(session: Session, choice: Choice) -> dict[int, BitMap]:
    """The chosen versions, of this shop's segments only."""
    wanted = [pick.version_id for pick in choice.picks if pick.version_id]
    if not wanted:
        return {}
    rows = session.execute(
        select(SegmentVersion.id, SegmentVersion.members)
        .join(Segment, Segment.id == SegmentVersion.segment_id)
        .where(SegmentVersion.id.in_(wanted), Segment.shop_id == choice.shop_id)
    )
    return {version_id: members for version_id, members in rows}


def _twice(session: Session, choice: Choice, sharing: BitMap) -> BitMap:
    """Of those who share an address, all but the lowest number per address."""
    column = Contact.email_key if choice.channel == "email" else Contact.phone
    seen: set[str | None] = set()
    twice = BitMap()
    for some in _batches(sharing):
        rows = session.execute(
            select(Contact.number, column)
            .where(Contact.shop_id == choice.shop_id, Contact.number.in_(some))
            .order_by(Contact.number)
        )
        for number, address in rows:
            if address in seen:
                twice.add(number)
            seen.add(address)
    return twice


def _batches(numbers: BitMap) -> Iterable[list[int]]:
    """In ascending order, so that the lowest number of an address is met first."""
    return (list(numbers[at : at + _BATCH]) for at in range(0, len(numbers), _BATCH))
