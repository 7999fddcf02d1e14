"""Between choosing and sending: what applies by itself, and what only a person may decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...segments.models import DELETED, SegmentVersion
from ...segments.rulewords import is_understood, what_changed
from .. import drift, recall
from ..models import INCLUDE, NEWEST, Audience, AudiencePick
from ..resolve import SINCE_SAVED, Resolution, lists_of

NEWER, HELD, GONE, WAITING = "newer", "held", "deleted", "waiting"
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Lost:
    """People who were to receive it and will not, for one reason."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Change:
    """A rule before and after, cut to where they differ.

    `words` say what became of it, empty for a rule in a notation that is not understood.
    """

    before: str
    after: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One chosen segment about which a person may decide, or has to (`must`).

    `kind`: "newer" list, "held" because it moved too much, "deleted" in the Admin, or "waiting"
    for a first list. `answered`: a person said to keep what there is.
    """

    kind: str
    pick: AudiencePick
    current: SegmentVersion | None = None
    joined: int = 0
    left: int = 0
    moved: float = 0.0
    rule: Change | None = None
    answered: bool = False

    @property
    def must(self) -> bool:
        if self.kind == GONE:
            heeded = self.pick.policy == NEWEST and not self.answered
            return heeded or self.pick.version_id is None
        return self.kind in (HELD, WAITING)

    @property
    def percent(self) -> int:
        return round(100 * self.moved)


@dataclass(frozen=True, slots=True)
class Between:
    by_itself: Sequence[Lost]
    questions: Sequence[Question]

    @property
    def is_held(self) -> bool:
        return any(each.must for each in self.questions)

    def about(self, segment_id: int) -> Question | None:
        return next((q for q in self.questions if q.pick.segment_id == segment_id), None)


def look(asked: Sequence[Question], now: Resolution, saved: BitMap) -> Between:
    """`now`: what it comes to while nobody has answered, see `heeding`."""
    by_itself = [
        Lost(name, saved.intersection_cardinality(now.reasons[name]))
        for name in SINCE_SAVED
        if name in now.reasons and not saved.isdisjoint(now.reasons[name])
    ]
    return Between(by_itself, asked)


def questions(session: Session, audience: Audience, threshold: float) -> list[Question]:
    """In the order of the picks; three queries, however many there are."""
    current = _current(session, audience)
    lists = lists_of(session, recall.choice_of(audience)) if current else {}
    saved = recall.recipients(session, audience) if current else BitMap()
    found = (_question(pick, current, lists, saved, threshold) for pick in audience.picks)
    return [question for question in found if question]


def held_by(session: Session, audience: Audience, threshold: float) -> list[Question]:
    """What has to be decided before this may go out; nothing, as a rule."""
    return [each for each in questions(session, audience, threshold) if each.must]


def _current(session: Session, audience: Audience) -> dict[int, tuple[SegmentVersion, BitMap]]:
    """The newest versions of the chosen segments that are not the chosen ones."""
    ids = [
        pick.segment.current_version_id
        for pick in audience.picks
        if pick.segment.current_version_id not in (None, pick.version_id)
    ]
    if not ids:
        return {}
    asked = select(SegmentVersion, SegmentVersion.members).where(SegmentVersion.id.in_(ids))
    return {version.segment_id: (version, members) for version, members in session.execute(asked)}


def _question(
    pick: AudiencePick,
    current: dict[int, tuple[SegmentVersion, BitMap]],
    lists: dict[int, BitMap],
    saved: BitMap,
    threshold: float,
) -> Question | None:
    if pick.segment.state == DELETED:
        answered = pick.declined_version_id is not None and (
            pick.declined_version_id == pick.version_id
        )
        return Question(GONE, pick, answered=answered)
    newest = current.get(pick.segment_id)
    if pick.version_id is None:
        return Question(WAITING, pick, newest[0] if newest else None)
    found = _moved(pick, *newest, lists, saved, threshold) if newest else None
    return None if found and _applies_by_itself(found) else found


def _applies_by_itself(question: Question) -> bool:
    """A list that is heeded took away whom it takes away, and using it would add nobody."""
    gains = question.joined if question.pick.mode == INCLUDE else question.left
    heeded = question.kind == NEWER and question.pick.policy == NEWEST
    return heeded and not gains and question.rule is None


def _moved(
    pick: AudiencePick,
    version: SegmentVersion,
    members: BitMap,
    lists: dict[int, BitMap],
    saved: BitMap,
    threshold: float,
) -> Question:
    kept = lists.get(pick.version_id or 0, BitMap())
    share = drift.share(pick.mode, kept, members, saved)
    is_held = pick.policy == NEWEST and drift.held(share, threshold)
    return Question(
        kind=HELD if is_held else NEWER,
        pick=pick,
        current=version,
        joined=len(members - kept),
        left=len(kept - members),
        moved=share,
        rule=_change(pick.version.definition if pick.version else "", version.definition),
        answered=pick.declined_version_id == version.id,
    )


def _change(before: str, after: str) -> Change | None:
    if before == after:
        return None
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    start = max(0, same - _SHOWN // 2)
    words = what_changed(before, after) if is_understood(before, after) else ""
    return Change(_cut(before, start), _cut(after, start), words)


def _cut(text: str, start: int) -> str:
    part = text[start : start + _SHOWN]
    return ("…" if start else "") + part + ("…" if start + _SHOWN < len(text) else "")
