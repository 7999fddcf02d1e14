"""`smartpush.contacts`: what the dashboard learned about people's consent by itself.

Each call is one transaction of its own and counts from its return on. Call it after your own
commit: on SQLite only one of two transactions can write.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import web
from ..contracts import CHANNELS, ShopCard
from ..shops.models import PENDING, UNINSTALLED, Shop
from . import opting_out
from .opting_out import BOUNCED, COMPLAINED, Report, Who


class Contacts:
    """A person is named by `email`, `phone`, `host_ref` or `customer_ref`, or several of them.

    `shop` narrows it to one store; without it, every connected store is meant. `at` is when it
    happened; without it, now. All three return how many people it concerns. Nothing said here
    is lifted by the store's flags: only by a newer, explicit opt-in.
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
    if channel not in CHANNELS:
        raise ValueError(f"There is no channel {channel}; there are {', '.join(CHANNELS)}.")
    if not any((who.email, who.phone, who.host_ref, who.customer_ref)):
        raise ValueError("Say whom it is about: email, phone, host_ref or customer_ref.")
    mine, now = web.state(), web.state().now()
    report = Report(channel, state, source[:20], at or now, evidence)
    with mine.database.read() as session:
        shops = [shop.id] if shop else _connected(session)
    return sum(
        mine.database.retrying(
            lambda session, each=each: opting_out.record_or_keep(session, each, who, report, now)  # type: ignore[misc]
        )
        for each in shops
    )


def _connected(session: Session) -> list[int]:
    there = select(Shop.id).where(Shop.status.not_in((PENDING, UNINSTALLED)))
    return list(session.scalars(there.order_by(Shop.id)))
