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

from . import consent, ledger, numbering
from .changing import Change, Keys, email_key
from .consent import Fact
from .models import ConsentEvent, Contact
from .rows import Row


@dataclass(frozen=True, slots=True)
class Report:
    """One statement: `state` on `channel`, according to `source`, at `occurred_at`."""

    channel: str
    state: str
    source: str
    occurred_at: datetime
    evidence: str = ""


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


def keep_address(
    session: Session, shop_id: int, who: Who, channel: str, now: datetime
) -> list[int]:
    """A contact without a name for an address that nobody has, so that it is remembered."""
    email = who.email if channel == "email" else None
    phone = who.phone if channel == "sms" else None
    if not email_key(email) and not phone:
        return []
    counter = numbering.lock_counter(session, shop_id)
    found = find(session, shop_id, Who(email, phone))
    if found:
        return found  # somebody came meanwhile
    [number] = numbering.hand_out(session, counter, 1)
    contact = Contact(shop_id=shop_id, number=number, recorded_at=now, email=email, phone=phone)
    contact.email_key = email_key(email)
    session.add(contact)
    session.flush()
    return [number]


def record(
    session: Session, shop_id: int, numbers: Iterable[int], report: Report, now: datetime
) -> int:
    """Add the fact to each of these contacts. Flushes; returns how many facts are new."""
    change = Change.of(session, shop_id, Contact.number, sorted(numbers), Keys())
    fact = Fact(report.state, report.source, report.occurred_at)
    new = [
        ledger.Statement(contact, report.channel, fact)
        for contact in change.contacts
        if contact.deleted_at is None and not _is_told(session, contact, report)
    ]
    ledger.record(session, new, now)
    _note_evidence(session, new, report)
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


def _note_evidence(session: Session, new: list[ledger.Statement], report: Report) -> None:
    if not report.evidence:
        return
    session.flush()
    for statement in new:
        event = session.scalars(
            select(ConsentEvent)
            .where(
                ConsentEvent.contact_id == statement.contact.id,
                ConsentEvent.channel == report.channel,
                ConsentEvent.source == report.source,
            )
            .order_by(ConsentEvent.id.desc())
            .limit(1)
        ).one_or_none()
        if event is not None and not event.evidence:
            event.evidence = report.evidence[:255]


BOUNCED, COMPLAINED = consent.INVALID, consent.UNSUBSCRIBED
