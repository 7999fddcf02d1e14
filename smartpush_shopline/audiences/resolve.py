"""From a choice to people: set algebra over pinned versions and one reading of reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyroaring import BitMap
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ..contacts import reach
from ..members import union
from ..segments.models import Segment, SegmentVersion
from .choice import Choice
from .models import ALL, EVERYONE, EXCLUDE, INCLUDE

RECENTLY_WRITTEN = "recently_written"
REASONS = (
    "excluded",
    *(v for v in reach.VERDICTS if v != reach.SENDABLE),
    "same_address",
    RECENTLY_WRITTEN,
)
"""Why somebody in the chosen lists is not written to, in the order in which it is decided."""
LEFT_LIST = "left_list"
SINCE_SAVED = (LEFT_LIST, *REASONS)
"""The same for recipients that were saved: a list that is heeded at sending may have lost them."""
_SEGMENT, _VERSION = Segment.__table__, SegmentVersion.__table__
_VERSIONS = (
    select(_VERSION.c.id, _VERSION.c.members)
    .join_from(_VERSION, _SEGMENT, _SEGMENT.c.id == _VERSION.c.segment_id)
    .where(
        _VERSION.c.id.in_(bindparam("wanted", expanding=True)),
        _SEGMENT.c.shop_id == bindparam("shop_id"),
    )
)


Lists = Mapping[int, BitMap]
"""Members by version."""


class LeftOut(Mapping[str, BitMap]):
    """People by reason. Most readers only count, so a set is made when it is asked for."""

    def __init__(self, left: BitMap, here: reach.Reach, known: dict[str, BitMap]) -> None:
        self._left, self._here, self._known = left, here, known

    def __getitem__(self, reason: str) -> BitMap:
        if reason in self._known:
            return self._known[reason]
        return self._left & self._here.verdicts[reason]

    def __iter__(self) -> Iterator[str]:
        return iter(REASONS)

    def __len__(self) -> int:
        return len(REASONS)

    def counts(self) -> dict[str, int]:
        known = {reason: len(people) for reason, people in self._known.items()}
        found = self._here.count(self._left) | known
        return {reason: found[reason] for reason in REASONS}


@dataclass(frozen=True, slots=True)
class Resolution:
    """Each chosen person is either a recipient or under exactly one reason.

    `undecided`: segments of which the saved list counts, because the newest moved too much.
    """

    chosen: int
    reasons: Mapping[str, BitMap]
    recipients: BitMap
    undecided: frozenset[int] = frozenset()

    def counts(self) -> dict[str, int]:
        """People by reason, and "sendable": their sum is `chosen`."""
        if isinstance(self.reasons, LeftOut):
            found = self.reasons.counts()
        else:
            found = {reason: len(people) for reason, people in self.reasons.items()}
        return found | {reach.SENDABLE: len(self.recipients)}


def resolve(session: Session, choice: Choice, lists: Lists | None = None) -> Resolution:
    """Who a choice reaches now, and why it does not reach the others. `lists`: if known."""
    here = reach.load(session, choice.shop_id, choice.channel)
    lists = lists_of(session, choice) if lists is None else lists
    chosen = chosen_of(choice, lists, here)
    return split(session, choice, chosen, excluded_of(choice, lists, chosen), here)



def chosen_of(choice: Choice, lists: Lists, here: reach.Reach) -> BitMap:
    """The people of the included segments. A list that is missing has nobody."""
    if choice.scope == EVERYONE:
        return here.everyone
    found = [lists.get(pick.version_id or 0, BitMap()) for pick in choice.of(INCLUDE)]
    return intersection(found) if choice.combine == ALL else union(found)


def excluded_of(choice: Choice, lists: Lists, chosen: BitMap) -> BitMap:
    """An exclusion whose list is not known yet, or not this shop's, excludes everybody."""
    return chosen & union(
        chosen if pick.version_id is None else lists.get(pick.version_id, chosen)
        for pick in choice.of(EXCLUDE)
    )


def intersection(sets: Sequence[BitMap]) -> BitMap:
    """In all of them; of no sets at all it is nobody."""
    return BitMap.intersection(*sets) if sets else BitMap()


def split(
    session: Session, choice: Choice, chosen: BitMap, excluded: BitMap, here: reach.Reach
) -> Resolution:
    left = chosen - excluded
    sendable = left & here.sendable
    twice = here.same_address(sendable)
    known = {"excluded": excluded, "same_address": twice, RECENTLY_WRITTEN: BitMap()}
    reasons = LeftOut(left, here, known)
    return Resolution(len(chosen), reasons, sendable - twice)


def lists_of(session: Session, choice: Choice) -> dict[int, BitMap]:
    """The chosen versions, of this shop's segments only."""
    wanted = [pick.version_id for pick in choice.picks if pick.version_id]
    if not wanted:
        return {}
    rows = session.execute(_VERSIONS, {"wanted": wanted, "shop_id": choice.shop_id})
    return {row.id: row.members for row in rows}
