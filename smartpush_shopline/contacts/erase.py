"""Erasing a person: the row is emptied, the number never used again, and nobody brings them back.

Versions, choices and receipts then hold a number that leads to nobody (docs/adr/0007).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, false, or_, select, update
from sqlalchemy.orm import Session

from ..contracts import CHANNELS
from ..inbox.forgetting import forget
from ..shops.models import ShopCounter
from . import consent, ledger, numbering, people, reach, tombstones
from .changing import Change, Keys, email_key
from .models import ConsentEvent, Contact, WriteBack
from .rows import Row
from .suppression import keeping

SOURCE = "erasure"


@dataclass(frozen=True, slots=True)
class Who:
    """All that a request says about the person; at least one of them."""

    customer_ref: str | None = None
    email: str | None = None
    phone: str | None = None

    @property
    def is_anybody(self) -> bool:
        return bool(self.customer_ref or email_key(self.email) or self.phone)


def find(session: Session, shop_id: int, who: Who) -> list[int]:
    """The ids of their contacts.

    A customer is known by id alone: another customer with the same address may be somebody else.
    What the dashboard itself knows under that address, without a customer, goes as well.
    """
    asked = select(Contact.id).where(
        Contact.shop_id == shop_id, or_(false(), *_same_person(who))
    )
    return list(session.scalars(asked))


def _same_person(who: Who) -> Iterable[ColumnElement[bool]]:
    key = email_key(who.email)
    if who.customer_ref is None:
        if key:
            yield Contact.email_key == key
        if who.phone:
            yield Contact.phone == who.phone
        return
    yield Contact.customer_ref == who.customer_ref
    of_the_dashboard = Contact.customer_ref.is_(None)
    if key:
        yield of_the_dashboard & (Contact.email_key == key)
    if who.phone:
        yield of_the_dashboard & (Contact.phone == who.phone) & Contact.email_key.is_(None)


def erase(session: Session, shop_id: int, who: Who, now: datetime) -> dict[str, int]:
    """All of it in the caller's transaction. Returns what was erased, in counts.

    One we never heard of gets a number and a tombstone too, so that a page read before the
    request and written after it makes nobody.
    """
    counter = numbering.lock_counter(session, shop_id)
    refs = [who.customer_ref] if who.customer_ref else []
    made = people.make_missing(session, shop_id, Contact.customer_ref, refs, now)
    ids = find(session, shop_id, who)
    keeping.close_gate(session, shop_id)
    change = Change.of(session, shop_id, Contact.id, ids, Keys())
    words, refs_in_messages = _words(change.contacts, who), _refs(change.contacts, who)
    heirs = _heirs(change)
    keeping.forget_evidence(session, shop_id, _addresses(change.contacts, who))
    keeping.keep(session, shop_id, list(_outliving(change.contacts, now)), now)
    for contact in change.contacts:
        _bury(session, counter, contact)
        _empty(contact, now)
    ledger.record(session, [_opt_out(heir, channel, now) for heir, channel in heirs], now)
    change.derive()
    evidence = update(ConsentEvent).where(ConsentEvent.contact_id.in_(ids))
    session.execute(evidence.values(evidence=""))
    session.execute(delete(WriteBack).where(WriteBack.contact_id.in_(ids)))
    emptied = forget(session, shop_id, refs_in_messages, words)
    return {"contacts": len(change.contacts) - len(made), "deliveries": emptied}


def _words(contacts: Iterable[Row], who: Who) -> set[str]:
    """Addresses that name them in a message."""
    found = {who.email, who.phone}
    for contact in contacts:
        found |= {contact.email, contact.phone}
    return {word for word in found if word}


def _refs(contacts: Iterable[Row], who: Who) -> set[str]:
    found = {who.customer_ref, *(contact.customer_ref for contact in contacts)}
    return {ref for ref in found if ref}


def _bury(session: Session, counter: ShopCounter, contact: Row) -> None:
    for column in (Contact.customer_ref, Contact.host_ref):
        ref = getattr(contact, column.key)
        if ref:
            tombstones.place(session, counter, column.key, ref, contact.number)


def _empty(contact: Row, now: datetime) -> None:
    for column in Contact.__table__.columns:
        if column.key not in _KEPT:
            setattr(contact, column.key, None if column.nullable else "")
    contact.deleted_at = now


_KEPT = {"id", "shop_id", "number", "recorded_at", "deleted_at"}


def _heirs(change: Change) -> list[tuple[Row, str]]:
    """Others at an address whose opt-out goes with the erased: it stays an opt-out for them."""
    erased = {contact.number for contact in change.contacts}
    alive = [c for c in change.everybody if c.number not in erased and c.deleted_at is None]
    found = []
    for channel in CHANNELS:
        out = {
            reach.address_key(channel, contact)
            for contact in change.contacts
            if contact.deleted_at is None and _is_out(contact, channel)
        } - {None}
        found += [(c, channel) for c in alive if reach.address_key(channel, c) in out]
    return found


def _addresses(contacts: Iterable[Row], who: Who) -> set[keeping.Address]:
    found = {("email", email_key(who.email)), ("sms", who.phone)}
    for contact in contacts:
        found |= {(channel, reach.address_key(channel, contact)) for channel in CHANNELS}
    return {(channel, key) for channel, key in found if key}


def _outliving(contacts: Iterable[Row], now: datetime) -> Iterator[keeping.Kept]:
    """Their opt-outs, for the address alone: whoever comes with it is not written to."""
    for contact in contacts:
        for channel in CHANNELS:
            key = reach.address_key(channel, contact)
            if key and _is_out(contact, channel):
                fact = consent.Fact(consent.UNSUBSCRIBED, SOURCE, now)
                yield keeping.Kept((channel, key), fact)


def _is_out(contact: Row, channel: str) -> bool:
    standing, stated = (getattr(contact, f"{channel}_{what}") for what in ("standing", "stated"))
    return contact.state == reach.BLACKLISTED_STATE or (
        consent.stricter(standing, stated) == consent.UNSUBSCRIBED
    )


def _opt_out(contact: Row, channel: str, now: datetime) -> ledger.Statement:
    return ledger.Statement(contact, channel, consent.Fact(consent.UNSUBSCRIBED, SOURCE, now))
