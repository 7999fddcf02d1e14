"""Named groups and the immutable versions of their members."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Base
from ..members import Members

SHOPLINE, SMARTPUSH, NATIVE = "shopline", "smartpush", "native"
SYNCING, READY, DELETED = "syncing", "ready", "deleted"


class Segment(Base):
    """One named group. `current_version_id` moves when a version is published, nothing else does.

    A stale segment is work to do: `stale_reason` says for whom, `next_try_at` when, and
    `turn` which of one kind goes first. After a change of its rule it becomes stale once more at
    `reread_at`, since the store may serve an old list for a while. `freshened_at`: when a page
    last asked for a newer list than it could offer. `differs_since`: since when the Admin has
    counted other people than the list has; None while they agree.
    """

    __tablename__ = "smartpush_segment"
    __table_args__ = (UniqueConstraint("shop_id", "source", "segment_ref"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"))
    source: Mapped[str] = mapped_column(String(20))
    segment_ref: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    definition: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(20), default=SYNCING)
    current_version_id: Mapped[int | None]
    admin_count: Mapped[int | None]
    stale_reason: Mapped[str | None] = mapped_column(String(20))
    turn: Mapped[int] = mapped_column(default=0)
    stale_since: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    count_checked_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    rule_changed_at: Mapped[datetime | None]
    reread_at: Mapped[datetime | None]
    freshened_at: Mapped[datetime | None]
    differs_since: Mapped[datetime | None]
    remote_updated_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SegmentVersion(Base):
    """One snapshot of a segment's members. Never changed after it was published."""

    __tablename__ = "smartpush_segment_version"
    __table_args__ = (UniqueConstraint("segment_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("smartpush_segment.id"))
    version: Mapped[int]
    members: Mapped[BitMap] = mapped_column(Members, deferred=True)
    count: Mapped[int]
    joined: Mapped[int]
    left: Mapped[int]
    cause: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(255))
    definition: Mapped[str] = mapped_column(Text)
    source_count: Mapped[int | None]
    digest: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]
