"""From what the Admin has today to who was written to: each line a set of people.

The lists of today are compared with the pinned ones person by person; all else is as it was when
the sending began, and as it went since. Nothing is estimated, so it adds up or says that it does
not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from ...members import union
from ..choice import Choice, Pick
from ..models import EXCLUDE, INCLUDE
from ..resolve import LEFT_LIST, RECENTLY_WRITTEN, SINCE_SAVED, Lists

TODAY, JOINED, LEFT, NEW, GONE, SINCE, WHILE, SENT = (
    "today",
    "joined",
    "left",
    "new",
    "gone",
    "since",
    "while",
    "sent",
)
_BY_NATURE = (LEFT_LIST, RECENTLY_WRITTEN)
"""Reasons that can only apply after it was saved."""
People = Mapping[str, BitMap]


@dataclass(frozen=True, slots=True)
class Line:
    """People who make the difference. `sign`: -1 for those who did not get it, +1 for those who
    are counted although the Admin's list of today does not have them.

    `name`: "joined" or "left" a segment since it was pinned, "new" or "gone" contacts, a reason;
    "since" with a `reason` that began after it was saved, "while" with one that began after the
    freeze; or where a batch is: "unsent", "uncertain", "cancelled".
    """

    name: str
    people: BitMap
    sign: int = -1
    segment_id: int | None = None
    reason: str = ""

    @property
    def key(self) -> str:
        ref = self.reason or self.segment_id
        return self.name if ref is None or ref == "" else f"{self.name}:{ref}"

    @property
    def change(self) -> int:
        return self.sign * len(self.people)


@dataclass(frozen=True, slots=True)
class Reckoning:
    today: BitMap
    lines: Sequence[Line]
    sent: BitMap

    @property
    def fewer(self) -> int:
        """How many less than the Admin says; below nought when it is more."""
        return len(self.today) - len(self.sent)

    @property
    def adds_up(self) -> bool:
        """Person by person, not only in number."""
        left = self.today
        for line in self.lines:
            others = left.isdisjoint(line.people) if line.sign > 0 else line.people <= left
            if not others:
                return False
            left = left | line.people if line.sign > 0 else left - line.people
        return left == self.sent

    def people(self, key: str) -> BitMap | None:
        """The list behind one line; None when there is no such line."""
        if key in (TODAY, SENT):
            return self.today if key == TODAY else self.sent
        return next((line.people for line in self.lines if line.key == key), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a sending. `lists`: members by version; `newest`: the choice with the
    lists of today, `heeded` with those of the freeze; `went`: people by where their batch is,
    "sent" among them.
    """

    choice: Choice
    newest: Choice
    heeded: Choice
    lists: Lists
    today: BitMap
    saved: BitMap
    frozen: BitMap
    reasons: People
    lost: People
    went: People


def reckon(facts: Facts) -> Reckoning:
    chosen = union([facts.frozen, *facts.reasons.values()])
    lines = [
        *_moved(facts, chosen),
        *_excluded(facts),
        *_reasons(facts),
        *(Line(WHILE, people, reason=reason) for reason, people in facts.lost.items()),
        *(Line(state, people) for state, people in facts.went.items() if state != SENT),
    ]
    sent = facts.went.get(SENT, BitMap())
    return Reckoning(facts.today, [line for line in lines if line.people], sent)


def _moved(facts: Facts, chosen: BitMap) -> Iterator[Line]:
    """Between the pinned lists and those of today; what no segment explains is about contacts."""
    new, gone = facts.today - chosen, chosen - facts.today
    pairs = list(zip(facts.choice.of(INCLUDE), facts.newest.of(INCLUDE), strict=True))
    for pick, now in pairs:
        joined = new & (_list(facts, now) - _list(facts, pick))
        new = new - joined
        yield Line(JOINED, joined, segment_id=pick.segment_id)
    yield Line(NEW, new)
    for pick, now in pairs:
        left = gone & (_list(facts, pick) - _list(facts, now))
        gone = gone - left
        yield Line(LEFT, left, +1, pick.segment_id)
    yield Line(GONE, gone, +1)


def _excluded(facts: Facts) -> Iterator[Line]:
    out = facts.reasons.get("excluded", BitMap())
    for pick, then in zip(facts.choice.of(EXCLUDE), facts.heeded.of(EXCLUDE), strict=True):
        here = out & (_list(facts, pick) | _list(facts, then))
        out = out - here
        yield Line("excluded", here, segment_id=pick.segment_id)
    yield Line("excluded", out)


def _reasons(facts: Facts) -> Iterator[Line]:
    for reason in SINCE_SAVED:
        people = facts.reasons.get(reason, BitMap())
        if reason == "excluded":
            continue
        if reason in _BY_NATURE:
            yield Line(reason, people)
            continue
        yield Line(SINCE, people & facts.saved, reason=reason)
        yield Line(reason, people - facts.saved)


def _list(facts: Facts, pick: Pick) -> BitMap:
    return facts.lists.get(pick.version_id or 0, BitMap())
