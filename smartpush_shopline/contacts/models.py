"""People, what they agreed to, and who may be written to."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pyroaring import BitMap
from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Base, Money
from ..members import Members


class Contact(Base):
    """A person the dashboard can write to. `number` is dense within the shop: 1, 2, 3, ...

    `*_stated` is what the store states now; `*_standing` is the sum of all facts in the ledger.
    The verdict of a channel is the stricter of the two.
    """

    __tablename__ = "smartpush_contact"
    __table_args__ = (
        UniqueConstraint("shop_id", "customer_ref"),
        UniqueConstraint("shop_id", "host_ref"),
        UniqueConstraint("shop_id", "number"),
        Index(None, "shop_id", "email_key"),
        Index(None, "shop_id", "phone"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"))
    number: Mapped[int]
    customer_ref: Mapped[str | None] = mapped_column(String(40))
    host_ref: Mapped[str | None] = mapped_column(String(255))
    first_name: Mapped[str] = mapped_column(String(255), default="")
    last_name: Mapped[str] = mapped_column(String(255), default="")
    email: Mapped[str | None] = mapped_column(String(320))
    email_key: Mapped[str | None] = mapped_column(String(320))
    phone: Mapped[str | None] = mapped_column(String(20))
    gender: Mapped[str | None] = mapped_column(String(10))
    birthday: Mapped[date | None]
    language: Mapped[str | None] = mapped_column(String(20))
    country_code: Mapped[str | None] = mapped_column(String(2))
    city: Mapped[str | None] = mapped_column(String(255))
    tags: Mapped[str] = mapped_column(Text, default="")
    orders_count: Mapped[int | None]
    total_spent: Mapped[Decimal | None] = mapped_column(Money)
    state: Mapped[int | None]
    email_stated: Mapped[str | None] = mapped_column(String(20))
    sms_stated: Mapped[str | None] = mapped_column(String(20))
    email_standing: Mapped[str | None] = mapped_column(String(20))
    sms_standing: Mapped[str | None] = mapped_column(String(20))
    remote_created_at: Mapped[datetime | None]
    remote_updated_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ConsentEvent(Base):
    """One fact: granted or withdrawn, on a channel, by whom, when. Only ever added."""

    __tablename__ = "smartpush_consent_event"
    __table_args__ = (Index(None, "contact_id", "channel"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("smartpush_contact.id"))
    channel: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    evidence: Mapped[str] = mapped_column(String(255), default="")
    explicit: Mapped[bool]
    dated: Mapped[bool]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class ReachChunk(Base):
    """The contacts of one verdict among 65,536 numbers. Derived in the transaction of the fact.

    `firsts` stands beside the mark of shared addresses only: [number, lowest number with the same
    address], for each of them that is not the lowest itself.
    """

    __tablename__ = "smartpush_reach"

    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20), primary_key=True)
    chunk: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    members: Mapped[BitMap] = mapped_column(Members)
    firsts: Mapped[list[list[int]] | None] = mapped_column(JSON(none_as_null=True))


class ChangedContact(Base):
    """Somebody of whom a message told: in which segments they are is still to be asked."""

    __tablename__ = "smartpush_changed_contact"

    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Tombstone(Base):
    """Somebody who was erased: a keyed hash of their id, and the number that leads to nobody."""

    __tablename__ = "smartpush_tombstone"

    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int]


class OptOutReading(Base):
    """How far the dashboard's own opt-outs were read for a store.

    `read_until` is the moment up to which all are known; None when that never succeeded.
    `error` is a code with its facts; `consent_notes` says it.
    """

    __tablename__ = "smartpush_opt_out_reading"

    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), primary_key=True)
    read_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    failed_since: Mapped[datetime | None]
    error: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))


class WriteBack(Base):
    """An opt-out that the store is to be told. It names nobody but by the contact.

    `error` is a code with its facts; `failure.sentence` says it.
    """

    __tablename__ = "smartpush_write_back"
    __table_args__ = (Index(None, "shop_id", "state", "next_try_at"),)

    contact_id: Mapped[int] = mapped_column(
        ForeignKey("smartpush_contact.id"), primary_key=True, autoincrement=False
    )
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"))
    state: Mapped[str] = mapped_column(String(20))
    occurred_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    done_at: Mapped[datetime | None]
