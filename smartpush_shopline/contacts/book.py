"""`smartpush.contacts`: what the dashboard learned about people's consent by itself.

Each call is one transaction of its own and counts from its return on. Call it after your own
commit: on SQLite only one of two transactions can write.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import web
from ..contracts import CHANNELS, ShopCard
from ..shopline import parse_phone
from ..shops.models import Shop
from . import opting_out
from .consent import STORE_SOURCES
from .opting_out import BOUNCED, COMPLAINED, Report, Who


class Contacts:
    """A person is named by `email`, `phone`, `host_ref` or `customer_ref`, or several of them.

    `phone` is written with its country code, or is one of `SMARTPUSH_DEFAULT_COUNTRY`. `shop`
    narrows it to one store; without it, every store is meant that is connected or was: it may come
    back. `at` is when it happened, with a time zone; without it, now. All three return how many
    people it concerns. Nothing said here is lifted by the store's flags: only by a newer, explicit
    opt-in. What cannot be understood is a `ValueError`, and nothing is recorded.
    """

    def unsubscribe(
        self,
        *,
        channel: str = "email",
        email: str | None = None,
        phone: str | None = None,
        host_ref: str | None = None,
        customer_ref: str | None = None,
        shop: ShopCard | None = None,
        at: datetime | None = None,
        source: str = "dashboard",
        evidence: str = "",
    ) -> int:
        """They do not want messages on this channel any more.

        It binds everybody with the same address, now and later: an address that nobody has yet
        is kept, and whoever turns up with it is not written to. A `host_ref` or `customer_ref`
        that nobody has is not kept, and 0 is returned.
        """
        who = Who(email, phone, host_ref, customer_ref)
        return _tell(who, shop, channel, "unsubscribed", source, at, evidence)

    def report_complaint(
        self,
        *,
        channel: str = "email",
        email: str | None = None,
        phone: str | None = None,
        host_ref: str | None = None,
        customer_ref: str | None = None,
        shop: ShopCard | None = None,
        at: datetime | None = None,
        evidence: str = "",
    ) -> int:
        """They called a message spam: an opt-out, as with `unsubscribe`."""
        who = Who(email, phone, host_ref, customer_ref)
        return _tell(who, shop, channel, COMPLAINED, "complaint", at, evidence)

    def report_bounce(
        self,
        *,
        channel: str = "email",
        email: str | None = None,
        phone: str | None = None,
        host_ref: str | None = None,
        customer_ref: str | None = None,
        shop: ShopCard | None = None,
        at: datetime | None = None,
        evidence: str = "",
    ) -> int:
        """The address does not exist (a hard bounce; do not report a full mailbox).

        Everybody with the address is "address not valid" until they have another one, or a newer
        opt-in. An address that nobody has yet is kept, as with `unsubscribe`.
        """
        who = Who(email, phone, host_ref, customer_ref)
        return _tell(who, shop, channel, BOUNCED, "bounce", at, evidence)


def _tell(
    who: Who,
    shop: ShopCard | None,
    channel: str,
    state: str,
    source: str,
    at: datetime | None,
    evidence: str,
) -> int:
    mine, now = web.state(), web.state().now()
    who = _understood(who, mine.settings.default_country)
    _check(channel, source, at)
    report = Report(channel, state, source[:20], at or now, evidence)
    with mine.database.read() as session:
        shops = [shop.id] if shop else _ever_connected(session)
    return sum(
        mine.database.retrying(
            lambda session, each=each: opting_out.record_or_keep(session, each, who, report, now)  # type: ignore[misc]
        )
        for each in shops
    )


def _understood(who: Who, country: str | None) -> Who:
    """With the telephone number as contacts have it: another one would be kept in vain."""
    known = replace(who, phone=parse_phone(who.phone, country))
    if any((known.email, known.phone, known.host_ref, known.customer_ref)):
        return known
    if who.phone:
        raise ValueError("This is no telephone number, or its country is not known: +886912345678.")
    raise ValueError("Say whom it is about: email, phone, host_ref or customer_ref.")


def _check(channel: str, source: str, at: datetime | None) -> None:
    if channel not in CHANNELS:
        raise ValueError(f"There is no channel {channel}; there are {', '.join(CHANNELS)}.")
    if source in STORE_SOURCES:
        raise ValueError(f"The source {source} is what SHOPLINE says, and easier to lift.")
    if at is not None and at.tzinfo is None:
        raise ValueError("Say `at` with a time zone.")


def _ever_connected(session: Session) -> list[int]:
    there = select(Shop.id).where(Shop.connected_at.is_not(None))
    return list(session.scalars(there.order_by(Shop.id)))
