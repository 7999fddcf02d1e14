"""What a campaign resolved to: the choice, the versions it was given, the people as saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Base
from ..members import Members
from ..segments.models import Segment, SegmentVersion

EVERYONE, SEGMENTS = "everyone", "segments"
INCLUDE, EXCLUDE = "include", "exclude"
ANY, ALL = "any", "all"
PINNED, NEWEST = "pinned", "newest"
OPENED, SAVED, DISCARDED = "opened", "saved", "discarded"
UNDECIDED = "undecided"
"""Why it was cancelled, or sent as saved: nobody decided in time."""
SCHEDULED, HELD, SENDING, SENT, CANCELLED = "scheduled", "held", "sending", "sent", "cancelled"


class Audience(Base):
    """The recipients of one campaign. One opened from the Admin has no campaign until it is saved.

    `recipients` are the people as they were when the choice was saved; by itself it only shrinks.
    """

    __tablename__ = "smartpush_audience"
    __table_args__ = (UniqueConstraint("campaign_ref", "field"), UniqueConstraint("launch_key"))

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"))
    campaign_ref: Mapped[str | None] = mapped_column(String(255))
    field: Mapped[str] = mapped_column(String(60), default="recipients")
    channel: Mapped[str] = mapped_column(String(10))
    scope: Mapped[str] = mapped_column(String(10), default=SEGMENTS)
    combine: Mapped[str] = mapped_column(String(5), default=ANY)
    state: Mapped[str] = mapped_column(String(20))
    recipients: Mapped[BitMap | None] = mapped_column(Members, deferred=True)
    digest: Mapped[str | None] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(default=0)
    launch_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime | None]
    scheduled_at: Mapped[datetime | None]
    held_because: Mapped[str | None] = mapped_column(String(40))
    """Why a due campaign was not sent, in one word; `sending/reasons.py` says it to a person."""
    held_at: Mapped[datetime | None]
    decide_by: Mapped[datetime | None]
    """Until when a person may decide about a held campaign; then `otherwise` applies."""
    held_story: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    """When it was held, what was asked, what was decided; see `sending/story.py`."""
    otherwise: Mapped[str | None] = mapped_column(String(10))
    """send (what was saved) or cancel; none for what the setting says."""
    smart_mode: Mapped[str | None] = mapped_column(String(10))
    """Smart sending of this campaign: off, skip or hold; none for what the setting says."""
    smart_hours: Mapped[int | None]
    """Its window, 1 to 120; none for what the setting says."""
    frozen_at: Mapped[datetime | None]
    frozen: Mapped[BitMap | None] = mapped_column(Members, deferred=True)
    """The people it was sent to, fixed once, when the sending began."""
    frozen_digest: Mapped[str | None] = mapped_column(String(64))
    frozen_facts: Mapped[dict[str, Any] | None] = mapped_column(JSON, deferred=True)
    """What the receipt says of the chosen lists, as they were at that moment."""
    paused_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    picks: Mapped[list[AudiencePick]] = relationship(
        cascade="all, delete-orphan", order_by="AudiencePick.id"
    )
    reasons: Mapped[list[AudienceReason]] = relationship(cascade="all, delete-orphan")

    @property
    def is_saved(self) -> bool:
        """A person said that these are the recipients, whatever became of it since."""
        return self.saved_at is not None and self.state not in (OPENED, DISCARDED)

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def is_waiting(self) -> bool:
        """A chosen segment has no list yet."""
        return any(pick.version_id is None for pick in self.picks)

    def let_go(self) -> None:
        """Nothing holds it any more."""
        self.held_because = self.held_at = self.decide_by = None


class AudiencePick(Base):
    """One segment version chosen as recipients or as an exclusion. Without a version it is pending:
    it takes the segment's first list when that comes (`firsts.py`), and stays on it.

    `declined_version_id`: the newer version that a person saw and did not want; not asked again.
    `heeded_version_id`: once the sending began, the one that counted then; kept as the chosen one.
    """

    __tablename__ = "smartpush_audience_pick"
    __table_args__ = (UniqueConstraint("audience_id", "segment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    audience_id: Mapped[int] = mapped_column(ForeignKey("smartpush_audience.id"))
    mode: Mapped[str] = mapped_column(String(10))
    segment_id: Mapped[int] = mapped_column(ForeignKey("smartpush_segment.id"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("smartpush_segment_version.id"))
    policy: Mapped[str] = mapped_column(String(20), default=PINNED)
    declined_version_id: Mapped[int | None]
    heeded_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("smartpush_segment_version.id")
    )
    picked_at: Mapped[datetime]

    segment: Mapped[Segment] = relationship(lazy="joined")
    version: Mapped[SegmentVersion | None] = relationship(
        lazy="joined", foreign_keys=[version_id]
    )


class AudienceReason(Base):
    """The people of the chosen lists who were left out for one reason when the choice was saved."""

    __tablename__ = "smartpush_audience_reason"

    audience_id: Mapped[int] = mapped_column(ForeignKey("smartpush_audience.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20), primary_key=True)
    members: Mapped[BitMap] = mapped_column(Members)
