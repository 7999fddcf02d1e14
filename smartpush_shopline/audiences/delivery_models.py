"""What became of a frozen list: its batches, who was left out, and who was written to when."""

from __future__ import annotations

from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Base
from ..members import Members

PENDING, HANDED_OUT, SENT, UNCERTAIN, PARKED, CANCELLED = (
    "pending",
    "handed_out",
    "sent",
    "uncertain",
    "parked",
    "cancelled",
)
BATCH_STATES = (PENDING, HANDED_OUT, SENT, UNCERTAIN, PARKED, CANCELLED)
AT_THE_FREEZE = 0
"""Where a batch's number stands in `LeftOut`: batches themselves begin at 1."""


class AudienceBatch(Base):
    """Some of the people of a frozen list. `members` shrinks once, when it is handed out.

    `uncertain`: handed out, and nobody knows whether it was sent. `parked`: the sender failed.
    Neither is sent again unless a person says so. `key` stays the same for ever.
    """

    __tablename__ = "smartpush_audience_batch"
    __table_args__ = (
        UniqueConstraint("audience_id", "number"),
        Index(None, "audience_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    audience_id: Mapped[int] = mapped_column(ForeignKey("smartpush_audience.id"))
    number: Mapped[int]
    members: Mapped[BitMap] = mapped_column(Members)
    count: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), default=PENDING)
    key: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None]
    handed_out_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class LeftOut(Base):
    """People who do not get it for one reason: those of the freeze, and of each batch since."""

    __tablename__ = "smartpush_audience_left_out"

    audience_id: Mapped[int] = mapped_column(ForeignKey("smartpush_audience.id"), primary_key=True)
    batch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(20), primary_key=True)
    members: Mapped[BitMap] = mapped_column(Members)
    count: Mapped[int]


class SendHour(Base):
    """Who was written to on a channel in one hour (hours since 1970), among 65,536 numbers."""

    __tablename__ = "smartpush_send_hour"

    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chunk: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    members: Mapped[BitMap] = mapped_column(Members)
