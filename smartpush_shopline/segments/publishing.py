"""Versions: published in one short transaction, never changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from ..members import digest
from .models import DELETED, READY, SYNCING, Segment, SegmentVersion


@dataclass(frozen=True, slots=True)
class Published:
    """What a reading led to. `version` is None when the list was the same as before."""

    segment_id: int
    version: int | None
    joined: int
    left: int


def find_segment(session: Session, shop_id: int, source: str, ref: str) -> Segment | None:
    return session.scalars(
        select(Segment).where(
            Segment.shop_id == shop_id, Segment.source == source, Segment.segment_ref == ref
        )
    ).one_or_none()


def add_segment(
    session: Session, shop_id: int, source: str, ref: str, name: str, now: datetime
) -> Segment:
    segment = Segment(
        shop_id=shop_id, source=source, segment_ref=ref, name=name, state=SYNCING, created_at=now
    )
    session.add(segment)
    session.flush()
    return segment


def current_version(session: Session, segment: Segment) -> SegmentVersion | None:
    """With its members."""
    if segment.current_version_id is None:
        return None
    return session.get(
        SegmentVersion, segment.current_version_id, options=[undefer(SegmentVersion.members)]
    )


def publish(
    session: Session,
    segment: Segment,
    members: BitMap,
    source_count: int | None,
    cause: str,
    now: datetime,
    *,
    was_read: bool = True,
) -> Published:
    """Make these members the current list of the segment, under its present definition.

    The same people under the same definition write the checking times only; a changed definition
    publishes even when the people are the same. Without `was_read` it is made of single changes,
    so only the count was checked.
    """
    session.flush()  # a name or rule that was just changed would be lost by reading afresh
    session.refresh(segment, with_for_update=True)
    definition = segment.definition
    before = current_version(session, segment)
    (mark_read if was_read else mark_counted)(segment, source_count, len(members), now)
    if before and before.digest == digest(members) and before.definition == definition:
        return Published(segment.id, None, 0, 0)
    earlier = before.members if before else BitMap()
    version = SegmentVersion(
        segment_id=segment.id,
        version=before.version + 1 if before else 1,
        members=members,
        count=len(members),
        joined=len(members - earlier),
        left=len(earlier - members),
        cause=cause,
        name=segment.name,
        definition=definition,
        source_count=source_count,
        digest=digest(members),
        published_at=now,
    )
    session.add(version)
    session.flush()
    segment.current_version_id = version.id
    return Published(segment.id, version.version, version.joined, version.left)


def mark_read(
    segment: Segment, source_count: int | None, here: int | None, now: datetime
) -> None:
    """The segment was read person by person, so its count was checked as well."""
    mark_counted(segment, source_count, here, now)
    segment.state, segment.read_at = READY, now
    segment.stale_reason = segment.stale_since = segment.next_try_at = segment.error = None
    segment.attempts = 0


def mark_counted(
    segment: Segment, source_count: int | None, here: int | None, now: datetime
) -> None:
    """How many the Admin counts, and how many are `here` in the list; nobody was read."""
    segment.admin_count, segment.count_checked_at = source_count, now
    agree = source_count is None or here is None or source_count == here
    segment.differs_since = None if agree else segment.differs_since or now


def mark_deleted(segment: Segment, now: datetime) -> None:
    """Deleted in the Admin. Its versions stay: campaigns that chose it keep their people."""
    segment.state, segment.changed_at, segment.reread_at = DELETED, now, None
    segment.stale_reason = segment.stale_since = segment.next_try_at = segment.error = None


def restore(segment: Segment) -> None:
    """It is in the Admin after all."""
    segment.state = SYNCING if segment.current_version_id is None else READY


def rename(segment: Segment, name: str) -> None:
    """A rename changes the row only; versions keep the name of their day."""
    segment.name = name
