"""Opt-outs of nobody, and the files they come in by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ...database import Base


class Suppression(Base):
    """An opt-out or bounce of an address that no contact has, known by a keyed hash alone
    (docs/adr/0008).

    Whoever turns up with the address gets it as a fact. It outlives an erasure.
    """

    __tablename__ = "smartpush_suppression"

    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    evidence: Mapped[str] = mapped_column(String(255), default="")
    dated: Mapped[bool]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class SuppressionFile(Base):
    """A file of opt-outs on its way in. Its content is encrypted, and goes when it is done.

    `lines` are those that were worked, so where a restart goes on; `counts` are of addresses, by
    outcome.
    """

    __tablename__ = "smartpush_suppression_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    channels: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20))
    lines: Mapped[int] = mapped_column(default=0)
    problems: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    error: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(String(32))
    claimed_until: Mapped[datetime | None]


class SuppressionFilePart(Base):
    """A piece of the file, encrypted."""

    __tablename__ = "smartpush_suppression_file_part"

    file_id: Mapped[int] = mapped_column(
        ForeignKey("smartpush_suppression_file.id"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes]


class SuppressionProblem(Base):
    """A line of the file that was not taken as it stands, and why. It names nobody."""

    __tablename__ = "smartpush_suppression_problem"
    __table_args__ = (Index(None, "file_id", "line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("smartpush_suppression_file.id"))
    line: Mapped[int]
    reason: Mapped[str] = mapped_column(String(40))
