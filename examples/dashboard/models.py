"""The dashboard's own tables. None of them knows the plugin, and the plugin knows none of them."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)

CHANNELS = {"email": "Email", "sms": "SMS"}


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class User(db.Model):
    """Somebody who signs in."""

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(255))


class Campaign(db.Model):
    """A message and its state. Who gets it is the plugin's to remember, under `ref`."""

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(10), default="draft")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

    @property
    def ref(self) -> str:
        return f"campaign-{self.id}"

    @property
    def channel_name(self) -> str:
        return CHANNELS[self.channel]


class Guest(db.Model):
    """Somebody on one of the dashboard's own lists, gathered long before the plugin came."""

    id: Mapped[int] = mapped_column(primary_key=True)
    list_ref: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(20), default="")
