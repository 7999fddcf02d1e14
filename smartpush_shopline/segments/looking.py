"""One segment as its page shows it: from the Admin's number to ours, and how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..contacts import reach
from ..contracts import CHANNELS
from . import publishing
from .listing import facts_of
from .marking import mark_of
from .models import SHOPLINE, Segment, SegmentVersion
from .standing import GONE, standing

HISTORY = 50
NOT_READ = "not_read"


@dataclass(frozen=True, slots=True)
class Reason:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """start + extra == sendable + all reasons. `extra` are people who left in the Admin only."""

    channel: str
    start: int
    from_admin: bool
    reasons: Sequence[Reason]
    sendable: int
    extra: int


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
    redefined: bool


@dataclass(frozen=True, slots=True)
class View:
    segment: Segment
    version: SegmentVersion | None
    standing: str
    bridges: Sequence[Bridge]
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
    mark = mark_of(
        minute, facts_of(segment), *(people for each in reached.values()
                                   for people in each.verdicts.values())
    )
    if mark == seen:
        return None
    version = publishing.current_version(session, segment)
    word = standing(segment, version.count if version else None)
    bridges = [
        bridge(name, segment, version.members, each) for name, each in reached.items() if version
    ]
    total = session.scalars(
        select(func.count(SegmentVersion.id)).where(SegmentVersion.segment_id == segment.id)
    ).one()
    history = chapters(session, segment)
    return View(
        segment=segment,
        version=version,
        standing=word,
        bridges=bridges,
        history=history,
        older=total - len(history),
        may_check=may_check and segment.source == SHOPLINE and word != GONE,
        mark=mark,
    )


def bridge(channel: str, segment: Segment, members: BitMap, here: reach.Reach) -> Bridge:
    """From the Admin's count, when it is known, to who may be written to."""
    verdicts = here.split(members)
    sendable = len(verdicts.pop(reach.SENDABLE))
    start = segment.admin_count if segment.admin_count is not None else len(members)
    missing = start - len(members)
    reasons = [Reason(name, len(people)) for name, people in verdicts.items() if people]
    return Bridge(
        channel=channel,
        start=start,
        from_admin=segment.source == SHOPLINE and segment.admin_count is not None,
        reasons=[*reasons, *([Reason(NOT_READ, missing)] if missing > 0 else [])],
        sendable=sendable,
        extra=max(0, -missing),
    )


def chapters(session: Session, segment: Segment) -> list[Chapter]:
    """The newest versions first."""
    versions = session.scalars(
        select(SegmentVersion)
        .where(SegmentVersion.segment_id == segment.id)
        .order_by(SegmentVersion.version.desc())
        .limit(HISTORY + 1)
    ).all()
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
            redefined=before is not None and before.definition != each.definition,
        )
        for each, before in zip(versions, earlier, strict=True)
    ][:HISTORY]
