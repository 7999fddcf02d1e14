"""What the dashboard learns of its own: somebody unsubscribed, a message bounced, a complaint.

A fact in the ledger and the verdict that follows from it, in one transaction with the same locks
as what the store says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from . import consent, ledger
from .changing import Change, Keys, email_key
from .consent import Fact
from .models import ConsentEvent, Contact
from .rows import Row
from .suppression import keeping


@dataclass(frozen=True, slots=True)
class Report:
    """One statement: `state` on `channel`, according to `source`, at `occurred_at`."""

    channel: str
    state: str
    source: str
    occurred_at: datetime
    evidence: str = ""
    dated: bool = True


@dataclass(frozen=True, slots=True)
class Who:
    """A person, by any of these. Everybody with the address is meant."""

    email: str | None = None
    phone: str | None = None
    host_ref: str | None = None
    customer_ref: str | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if key := email_key(self.email):
            yield Contact.email_key == key
        if self.phone:
            yield Contact.phone == self.phone
        if self.host_ref:
            yield Contact.host_ref == self.host_ref
        if self.customer_ref:
            yield Contact.customer_ref == self.customer_ref


def find(session: Session, shop_id: int, who: Who) -> list[int]:
    """The numbers of the contacts meant."""
    asked = select(Contact.number).where(
        Contact.shop_id == shop_id,
        Contact.deleted_at.is_(None),
        or_(false(), *who.conditions()),
    )
    return list(session.scalars(asked.order_by(Contact.number)))


def record_or_keep(
    session: Session, shop_id: int, who: Who, report: Report, now: datetime
) -> int:
    """An opt-out or a bounce that holds for the address even when nobody has it yet.

    Returns how many it concerns; an address that is kept counts as one.
    """
    keeping.close_gate(session, shop_id)
    numbers = find(session, shop_id, who)
    if numbers:
        record(session, shop_id, numbers, report, now)
        return len(numbers)
    key = email_key(who.email) if report.channel == "email" else who.phone
    if not key:
        return 0
    fact = Fact(report.state, report.source, report.occurred_at, report.dated)
    address = keeping.of_fact(report.channel, key, fact)
    kept = keeping.Kept(address, fact, report.evidence)
    keeping.keep(session, shop_id, [kept], now)
    return 1


def record(
    session: Session, shop_id: int, numbers: Iterable[int], report: Report, now: datetime
) -> int:
    """Add the fact to each of these contacts. Flushes; returns how many facts are new."""
    change = Change.of(session, shop_id, Contact.number, sorted(numbers), Keys())
    fact = Fact(report.state, report.source, report.occurred_at, report.dated)
    new = [
        ledger.Statement(contact, report.channel, fact, report.evidence)
        for contact in change.contacts
        if contact.deleted_at is None and not _is_told(session, contact, report)
    ]
    ledger.record(session, new, now)
    change.derive()
    return len(new)


def _is_told(session: Session, contact: Row, report: Report) -> bool:
    """The same source says again what already stands: one fact is enough."""
    if getattr(contact, f"{report.channel}_standing") != report.state:
        return False
    asked = select(ConsentEvent.state, ConsentEvent.source).where(
        ConsentEvent.contact_id == contact.id, ConsentEvent.channel == report.channel
    )
    newest = session.execute(
        asked.order_by(ConsentEvent.occurred_at.desc(), ConsentEvent.id.desc()).limit(1)
    ).one_or_none()
    return newest is not None and tuple(newest) == (report.state, report.source)


BOUNCED, COMPLAINED = consent.INVALID, consent.UNSUBSCRIBED
