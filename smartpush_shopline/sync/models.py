"""One run of a longer synchronisation and how far it came."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Base
from ..members import Members

IMPORT, NIGHTLY, CHANGES = "import", "nightly", "changes"
RUNNING, DONE = "running", "done"


class SyncRun(Base):
    """A first import, a night, or a look at who changed. It goes on at `phase` and `page_info`.

    `seen` are the customers that a full read has met so far, of those numbered up to
    `last_number` when it began; `missing` are the others, still to be asked about one by one.
    `since` is the cursor, None when all customers are read; `newest_at` becomes the next one.
    `uncounted` are so many more customers here than the store counted, before a large store's were
    all read, without those found since; None where nobody asked.
    `changed` are those whose segments are still to be asked for, unless the night is `whole`.
    `error` is a code with its facts; `failure.sentence` says it.
    """

    __tablename__ = "smartpush_sync_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default=RUNNING)
    phase: Mapped[str] = mapped_column(String(20), default="shop")
    page_info: Mapped[str | None] = mapped_column(Text)
    contacts_done: Mapped[int] = mapped_column(default=0)
    contacts_total: Mapped[int | None]
    segments_total: Mapped[int | None]
    last_number: Mapped[int | None]
    seen: Mapped[BitMap | None] = mapped_column(Members, deferred=True)
    missing: Mapped[BitMap | None] = mapped_column(Members, deferred=True)
    uncounted: Mapped[int | None]
    whole: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime | None]
    newest_at: Mapped[datetime | None]
    changed: Mapped[BitMap | None] = mapped_column(Members, deferred=True)
    calls: Mapped[int] = mapped_column(default=0)
    findings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class UnfinishedReading(Base):
    """A long list of which some pages are read: whom they named, and the last of them.

    The rest is the segment as it stood when its reading began; other than now, it is begun anew.
    """

    __tablename__ = "smartpush_unfinished_reading"

    segment_id: Mapped[int] = mapped_column(ForeignKey("smartpush_segment.id"), primary_key=True)
    last_page: Mapped[str | None] = mapped_column(Text)
    seal: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    members: Mapped[BitMap] = mapped_column(Members)
    asked_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    definition: Mapped[str] = mapped_column(Text)
    rule_at: Mapped[datetime | None]
    kept_at: Mapped[datetime]


class SyncDelta(Base):
    """What a night learnt of changed people: who is in a segment or out of it, unlike before."""

    __tablename__ = "smartpush_sync_delta"

    run_id: Mapped[int] = mapped_column(ForeignKey("smartpush_sync_run.id"), primary_key=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("smartpush_segment.id"), primary_key=True)
    joined: Mapped[BitMap] = mapped_column(Members)
    left: Mapped[BitMap] = mapped_column(Members)
