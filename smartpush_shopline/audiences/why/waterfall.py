"""From the chosen segments to who receives it, step by step, each step a set of people.

Bitmap algebra only: no step costs a query, and the steps add up because each takes its people
from what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyroaring import BitMap
from sqlalchemy.orm import Session

from ...members import union
from .. import heeding, recall
from ..choice import Choice, Pick
from ..models import EVERYONE, EXCLUDE, INCLUDE, Audience
from ..resolve import SINCE_SAVED, Lists, Resolution, lists_of

UNION, OVERLAP, NOT_IN_ALL, EXCLUDED, RECIPIENTS = (
    "union",
    "overlap",
    "not_in_all",
    "excluded",
    "recipients",
)


@dataclass(frozen=True, slots=True)
class Step:
    """People who fall away here. `segment_id` when one segment excludes them."""

    name: str
    people: BitMap
    left: int
    """How many are left after it."""
    segment_id: int | None = None

    @property
    def key(self) -> str:
        return self.name if self.segment_id is None else f"{self.name}:{self.segment_id}"

    @property
    def count(self) -> int:
        return len(self.people)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """len(union) == len(recipients) + the steps' people, nobody twice."""

    union: BitMap
    overlap: BitMap
    """Who is in more than one of the chosen segments."""
    segments: int
    steps: Sequence[Step]
    recipients: BitMap

    @property
    def adds_up(self) -> bool:
        return len(self.union) == len(self.recipients) + sum(step.count for step in self.steps)

    def people(self, key: str) -> BitMap | None:
        """The list behind one line; None when there is no such line."""
        known = {UNION: self.union, OVERLAP: self.overlap, RECIPIENTS: self.recipients}
        return known.get(key) if key in known else self._of_step(key)

    def _of_step(self, key: str) -> BitMap | None:
        return next((step.people for step in self.steps if step.key == key), None)


def look(session: Session, audience: Audience, now: Resolution) -> Waterfall:
    """A saved audience, as it would be sent now. `now`: what it comes to."""
    choice, newest, lists = lists_in_use(session, audience, now)
    return fall(choice, lists, now, newest)


def lists_in_use(
    session: Session, audience: Audience, now: Resolution
) -> tuple[Choice, Choice, Lists]:
    """The choice as saved, the same with the lists that are heeded, and the lists of both."""
    choice = recall.choice_of(audience)
    newest = heeding.heeded(audience, choice, now.undecided)
    both = Choice(choice.shop_id, choice.channel, picks=(*choice.picks, *newest.picks))
    return choice, newest, lists_of(session, both)


def fall(
    choice: Choice, lists: Lists, found: Resolution, newest: Choice | None = None
) -> Waterfall:
    """`newest` names the lists that are heeded besides the chosen ones."""
    included = [_list(lists, pick) for pick in choice.of(INCLUDE) if pick.version_id]
    everybody = union([found.recipients, *found.reasons.values()])
    start = everybody if choice.scope == EVERYONE else union(included) | everybody
    out = _Falling(start)
    out.drop(NOT_IN_ALL, start - everybody)
    for pick, members in _exclusions(choice, newest or choice, lists):
        out.drop(EXCLUDED, found.reasons[EXCLUDED] & members, pick.segment_id)
    for reason in SINCE_SAVED:
        out.drop(reason, found.reasons.get(reason, BitMap()))
    return Waterfall(start, more_than_once(included), len(included), out.steps, found.recipients)


class _Falling:
    """What is left, and what fell away so far. Steps without anybody are not kept."""

    def __init__(self, start: BitMap) -> None:
        self._left = start
        self.steps: list[Step] = []

    def drop(self, name: str, people: BitMap, segment_id: int | None = None) -> None:
        gone = self._left & people
        self._left = self._left - gone
        if gone:
            self.steps.append(Step(name, gone, len(self._left), segment_id))


def _exclusions(choice: Choice, newest: Choice, lists: Lists) -> Iterator[tuple[Pick, BitMap]]:
    for pick, heeded in zip(choice.of(EXCLUDE), newest.of(EXCLUDE), strict=True):
        yield pick, _list(lists, pick) | _list(lists, heeded)


def _list(lists: Mapping[int, BitMap], pick: Pick) -> BitMap:
    return lists.get(pick.version_id or 0, BitMap())


def more_than_once(sets: Sequence[BitMap]) -> BitMap:
    seen, again = BitMap(), BitMap()
    for each in sets:
        again |= seen & each
        seen |= each
    return again
