"""The list behind a number: the people of one line, searched, some at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...contacts import finding
from ...contacts.models import Contact
from ...segments.models import Segment, SegmentVersion
from ...web import typed
from .. import recall
from ..models import Audience, AudiencePick
from ..receipt import reckoning_facts
from ..resolve import Resolution
from . import waterfall

PAGE_SIZE = 50
RECEIPT = "receipt."
"""Before the key of a receipt's line."""
SEGMENT, JOINED, LEFT, LOST = "segment", "joined", "left", "lost"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. `after`: the contact number behind which the page begins."""

    step: str = waterfall.RECIPIENTS
    query: str = ""
    after: int = 0

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Asked:
        after = args.get("after", "")
        return cls(
            step=args.get("step", "").replace("\0", "")[:60] or waterfall.RECIPIENTS,
            query=typed(args.get("q", "")),
            after=int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0,
        )

    def args(self, **other: Any) -> dict[str, Any]:
        mine = {"step": self.step, "q": self.query, "after": self.after} | other
        return {key: value for key, value in mine.items() if value not in ("", None, 0)}


@dataclass(frozen=True, slots=True)
class Line:
    """One person. The address is None for who may not see addresses."""

    number: int
    name: str
    address: str | None
    erased: bool


@dataclass(frozen=True, slots=True)
class Page:
    """`first`: the place of the first line in the whole list; unknown while searching."""

    asked: Asked
    title: str
    ref: str
    segment: str | None
    total: int
    lines: Sequence[Line]
    first: int | None
    before: int | None
    after: int | None


def look(
    session: Session, audience: Audience, asked: Asked, now: Resolution, *, addresses: bool
) -> Page | None:
    """None when this audience has no such list. `now`: what it comes to."""
    people = find_people(session, audience, asked.step, now)
    if people is None:
        return None
    contacts, more = _some(session, audience, people, asked, addresses)
    start = people.rank(asked.after) if asked.after else 0
    name, _colon, ref = asked.step.partition(":")
    return Page(
        asked=asked,
        title=name,
        ref=ref,
        segment=_segment_name(session, audience, ref),
        total=len(people),
        lines=[line(each, audience.channel, addresses) for each in contacts],
        first=None if asked.query else start + 1,
        before=_before(people, start) if asked.after and not asked.query else None,
        after=contacts[-1].number if more else None,
    )


def find_people(
    session: Session, audience: Audience, step: str, now: Resolution
) -> BitMap | None:
    """The people behind a line of this audience."""
    if step.startswith(RECEIPT):
        key = step.removeprefix(RECEIPT)
        return reckoning_facts.look(session, audience).people(key) if audience.is_frozen else None
    name, _colon, ref = step.partition(":")
    if name == LOST:
        return recall.recipients(session, audience) - now.recipients
    if name in (SEGMENT, JOINED, LEFT):
        pick = _pick(audience, ref)
        return _of_pick(session, pick, name) if pick else None
    return waterfall.look(session, audience, now).people(step)


def _pick(audience: Audience, ref: str) -> AudiencePick | None:
    return next((pick for pick in audience.picks if str(pick.segment_id) == ref), None)


def _of_pick(session: Session, pick: AudiencePick, name: str) -> BitMap:
    """The kept list itself, or what the newest one would add to it or take from it."""
    kept = _members(session, pick.version_id)
    if name == SEGMENT:
        return kept
    newest = _members(session, pick.segment.current_version_id)
    return newest - kept if name == JOINED else kept - newest


def _members(session: Session, version_id: int | None) -> BitMap:
    asked = select(SegmentVersion.members).where(SegmentVersion.id == version_id)
    found: BitMap | None = session.scalars(asked).one_or_none()
    return BitMap() if found is None else found


def _some(
    session: Session, audience: Audience, people: BitMap, asked: Asked, addresses: bool
) -> tuple[list[Contact], bool]:
    """A page of contacts, and whether there are more."""
    start = people.rank(asked.after) if asked.after else 0
    if not asked.query:
        numbers = people[start : start + PAGE_SIZE]
        contacts = finding.by_numbers(session, audience.shop_id, numbers)
        return contacts, bool(contacts) and start + PAGE_SIZE < len(people)
    later = people - BitMap(range(asked.after + 1))
    found = finding.search(
        session, audience.shop_id, asked.query, addresses=addresses, among=later
    )
    contacts = list(islice(found, PAGE_SIZE + 1))
    return contacts[:PAGE_SIZE], len(contacts) > PAGE_SIZE


def _before(people: BitMap, start: int) -> int:
    """Behind which number the page before this one begins."""
    begin = max(0, start - PAGE_SIZE)
    return int(people[begin - 1]) if begin else 0


def _segment_name(session: Session, audience: Audience, ref: str) -> str | None:
    pick = _pick(audience, ref)
    return session.get_one(Segment, pick.segment_id).name if pick else None


def line(contact: Contact, channel: str, addresses: bool) -> Line:
    address = finding.address_of(contact, channel) if addresses else None
    erased = contact.deleted_at is not None
    return Line(contact.number, finding.name_of(contact), address, erased)
