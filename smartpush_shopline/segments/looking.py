"""One segment as its page shows it: from the Admin's number to ours, and how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..contacts import reach
from ..contracts import CHANNELS
from ..shops.models import Shop
from . import publishing
from .bridging import Bridge, bridge
from .listing import facts_of
from .marking import mark_of
from .models import SHOPLINE, Segment, SegmentVersion
from .rulewords import what_changed
from .standing import GONE, standing

HISTORY = 50

@dataclass(frozen=True, slots=True)
class Chapter:
    """One version in the history; what differs from the one before it is said."""

    version: int
    cause: str
    count: int
    joined: int
    left: int
    published_at: datetime
    name: str
    renamed: bool
    rule: str
    """What changed about the rule, in words; empty when nothing did."""


@dataclass(frozen=True, slots=True)
class NewRule:
    """The last change of the rule, and whom it moved, lists that were read again included."""

    at: datetime
    words: str
    joined: int
    left: int


@dataclass(frozen=True, slots=True)
class View:
    segment: Segment
    version: SegmentVersion | None
    standing: str
    bridges: Sequence[Bridge]
    new_rule: NewRule | None
    history: Sequence[Chapter]
    older: int
    may_check: bool
    mark: str


def look(
    session: Session, segment: Segment, *, may_check: bool, now: datetime, seen: str = ""
) -> View | None:
    """None when it is as the browser has `seen` it."""
    reached = {name: reach.load(session, segment.shop_id, name) for name in CHANNELS}
    minute = int(now.timestamp()) // 60
    doubted = session.get_one(Shop, segment.shop_id).doubted_since
    mark = mark_of(
        minute, doubted, facts_of(segment), *(people for each in reached.values()
                                   for people in each.verdicts.values())
    )
    if mark == seen:
        return None
    version = publishing.current_version(session, segment)
    word = standing(segment, version.count if version else None, doubted)
    bridges = [
        bridge(name, segment, version.members, each) for name, each in reached.items() if version
    ]
    total = session.scalars(
        select(func.count(SegmentVersion.id)).where(SegmentVersion.segment_id == segment.id)
    ).one()
    versions = _newest(session, segment)
    history = chapters(segment, versions)
    return View(
        segment=segment,
        version=version,
        standing=word,
        bridges=bridges,
        new_rule=_new_rule(versions),
        history=history,
        older=total - len(history),
        may_check=may_check and segment.source == SHOPLINE and word != GONE,
        mark=mark,
    )


def _newest(session: Session, segment: Segment) -> Sequence[SegmentVersion]:
    """One more than is shown: what differs from the one before is said."""
    return session.scalars(
        select(SegmentVersion)
        .where(SegmentVersion.segment_id == segment.id)
        .order_by(SegmentVersion.version.desc())
        .limit(HISTORY + 1)
    ).all()


def chapters(segment: Segment, versions: Sequence[SegmentVersion]) -> list[Chapter]:
    earlier: list[SegmentVersion | None] = [*versions[1:], None]
    return [
        Chapter(
            version=each.version,
            cause=each.cause,
            count=each.count,
            joined=each.joined,
            left=each.left,
            published_at=each.published_at,
            name=each.name,
            renamed=each.name != segment.name,
            rule=_changed(before, each),
        )
        for each, before in zip(versions, earlier, strict=True)
    ][:HISTORY]


def _changed(before: SegmentVersion | None, after: SegmentVersion) -> str:
    if before is None or before.definition == after.definition:
        return ""
    return what_changed(before.definition, after.definition)


def _new_rule(versions: Sequence[SegmentVersion]) -> NewRule | None:
    """Between the newest versions, which have the rule of now, and the one before them.

    The store may serve an old list at first; what was read again for that belongs to the change.
    """
    rule = versions[0].definition if versions else ""
    under = list(takewhile(lambda each: each.definition == rule, versions))
    if len(under) == len(versions):
        return None
    before, first = versions[len(under)], under[-1]
    *_between, last = takewhile(lambda each: each.cause == first.cause, reversed(under))
    return NewRule(
        first.published_at,
        what_changed(before.definition, rule),
        len(last.members - before.members),
        len(before.members - last.members),
    )
