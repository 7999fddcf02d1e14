"""Installed stores, who works on one right now, and the next contact number of each."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..contracts import ShopCard
from ..database import Base

PENDING, ACTIVE, PAUSED, UNAUTHORISED, UNINSTALLED = (
    "pending",
    "active",
    "paused",
    "needs_authorisation",
    "uninstalled",
)


TRIED = (ACTIVE, PAUSED, UNAUTHORISED)
"""These have a night: a store that is paused or shut us out is tried once in each."""


class Shop(Base):
    """One SHOPLINE store that installed us. `pending` until a permitted person connects it."""

    __tablename__ = "smartpush_shop"
    __table_args__ = (UniqueConstraint("app_key", "handle"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    app_key: Mapped[str] = mapped_column(String(100))
    handle: Mapped[str] = mapped_column(String(100))
    store_ref: Mapped[str | None] = mapped_column(String(40), index=True)
    merchant_ref: Mapped[str | None] = mapped_column(String(40))
    domain: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    currency: Mapped[str] = mapped_column(String(3), default="")
    language: Mapped[str | None] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default=PENDING)
    reason: Mapped[str | None] = mapped_column(String(40))
    """Why it is not active, in one word; `words.py` says it to a person."""
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What SHOPLINE answered then, as a code with its facts."""
    scopes: Mapped[str] = mapped_column(Text, default="")
    token: Mapped[bytes | None]
    token_expires_at: Mapped[datetime | None]
    is_private: Mapped[bool] = mapped_column(default=False)
    """Its token was typed in by a person: it lives three years and is never refreshed by us."""
    confirm_at: Mapped[datetime | None]
    """When to ask the store whether we are still in it; none while nobody doubts it."""
    customers_read_at: Mapped[datetime | None]
    """When the last full reading of its customers began; `customers_cursor` is where one that
    asks for changes only goes on."""
    customers_cursor: Mapped[datetime | None]
    customers_uncounted: Mapped[int] = mapped_column(default=0)
    """So many more are here than the store counts, and a full reading found none of them deleted:
    what it counts may be something else."""
    readings_in_vain: Mapped[int] = mapped_column(default=0)
    """Full readings in a row after which more of them remained than before."""
    people_changed_at: Mapped[datetime | None]
    """When a message last told of a customer or an order: any segment may be another one since."""
    changes_at: Mapped[datetime | None]
    """When to ask in which segments those people are; none while there is nobody to ask about."""
    changes_paused_until: Mapped[datetime | None]
    """Not before: these questions keep to a share of the pace."""
    changes_checked_at: Mapped[datetime | None]
    """Until when all changes of people that were told have been asked about."""
    changes_asked_at: Mapped[datetime | None]
    """Since when the store is being asked about them; none while it is not."""
    thinned_at: Mapped[datetime | None]
    """When its old segment versions were last thinned."""
    last_nightly_date: Mapped[date | None]
    installed_at: Mapped[datetime]
    connected_at: Mapped[datetime | None]
    last_webhook_at: Mapped[datetime | None]

    @property
    def changes_due_at(self) -> datetime | None:
        at, paused = self.changes_at, self.changes_paused_until
        return max(at, paused) if at and paused else at

    @property
    def doubted_since(self) -> datetime | None:
        """When people last changed, while the store is asked about them, or soon will be."""
        asked = self.status == ACTIVE and (self.changes_at or self.changes_asked_at)
        return self.people_changed_at if asked else None

    @property
    def card(self) -> ShopCard:
        return ShopCard(self.id, self.handle, self.name, self.timezone, self.currency)


class ShopLease(Base):
    """Who may call this store's API now. `epoch` grows with every new holder.

    `calls_left` is what the last one left of the API's burst at `until`; None: nobody has called.
    """

    __tablename__ = "smartpush_shop_lease"

    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(64))
    epoch: Mapped[int] = mapped_column(default=0)
    until: Mapped[float] = mapped_column(default=0.0)
    calls_left: Mapped[float | None]


class ShopReserve(Base):
    """Calls without the lease, of all processes: when the burst they share is full again, by the
    database's clock. Apart from the lease, so that nobody waits there for a page being written.
    """

    __tablename__ = "smartpush_shop_reserve"

    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), primary_key=True)
    full_at: Mapped[float] = mapped_column(default=0.0)


class ShopCounter(Base):
    """The last contact number handed out. Apart from the lease, so neither waits for the other.

    `salt` keys the hashes of the erased, who must not be numbered again.
    """

    __tablename__ = "smartpush_shop_counter"

    shop_id: Mapped[int] = mapped_column(ForeignKey("smartpush_shop.id"), primary_key=True)
    last_number: Mapped[int] = mapped_column(default=0)
    salt: Mapped[bytes] = mapped_column(default=lambda: secrets.token_bytes(32))


class Redaction(Base):
    """A request to erase, and the receipt of it. It outlives the store it is about.

    `sealed` says, encrypted, whom to erase, and goes when that is done; `subject` is a keyed hash.
    """

    __tablename__ = "smartpush_redaction"
    __table_args__ = (Index(None, "state", "next_try_at"), {"info": {"outlives_the_shop": True}})

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int | None] = mapped_column(index=True)
    handle: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str | None] = mapped_column(String(64))
    sealed: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    erased: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    done_at: Mapped[datetime | None]
