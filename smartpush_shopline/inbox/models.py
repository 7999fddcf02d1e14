"""What SHOPLINE posted: one row per message, stored before anything is done with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Base

RECEIVED, WORKING, DONE, PARKED, IGNORED = "received", "working", "done", "parked", "ignored"
STATES = (RECEIVED, WORKING, PARKED, DONE, IGNORED)


class Delivery(Base):
    """One message. `claimed_until` ends by itself, so a dead worker's row comes back.

    `reason` is a word of `inbox.words`, which makes a sentence of it and `error`.
    """

    __tablename__ = "smartpush_delivery"
    __table_args__ = (
        UniqueConstraint("shop_id", "delivery_ref"),
        Index(None, "state", "next_try_at"),
        Index(None, "shop_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"))
    delivery_ref: Mapped[str] = mapped_column(String(100))
    topic: Mapped[str] = mapped_column(String(60))
    body: Mapped[bytes | None]
    subject_ref: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20), default=RECEIVED)
    received_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    worked_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)

    def state_at(self, now: datetime) -> str:
        """`working` is no state of the row: it is a claim, and a claim has an end."""
        claimed = self.claimed_until is not None and self.claimed_until >= now
        return WORKING if self.state == RECEIVED and claimed else self.state
