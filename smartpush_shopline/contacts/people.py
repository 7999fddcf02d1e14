"""Bringing people in: profile, statements of consent and reach, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ..contracts import CHANNELS, Person
from ..shopline import Customer, CustomerNow, Member
from . import bounces, consent, ledger, numbering, opting_out, reach, rows, tombstones
from .changing import Change, Keys, email_key, numbers_of, sharing
from .models import Contact
from .rows import Row
from .suppression import keeping


def upsert_customers(
    session: Session,
    shop_id: int,
    customers: Sequence[Customer],
    source: str,
    now: datetime,
    *,
    act: ledger.Act | None = None,
) -> int:
    """Take the store's word for these customers; an older word never replaces a newer one.

    `act`: the store said it because somebody opted in or out, so `updated_at` dates that.
    Returns how many of them are contacts: all but the erased.
    """
    said = {customer.ref: customer for customer in customers}
    new = _missing(session, shop_id, Contact.customer_ref, list(said), now)
    incoming = Keys.of(said.values())
    keeping.pass_gate(session, shop_id)
    change = Change.of(session, shop_id, Contact.customer_ref, said, incoming, new)
    statements: list[ledger.Statement] = []
    before = {contact.number: bounces.keys_of(contact) for contact in change.contacts}
    for contact in change.contacts:
        customer = said[str(contact.customer_ref)]
        is_news = _is_news(contact, customer)
        statements += ledger.statements(
            contact, customer, source, now, act=act, is_news=is_news
        )
        if is_news:
            _fill(contact, customer)
    moved = [c for c in change.contacts if bounces.keys_of(c) != before[c.number]]
    statements += keeping.statements(session, shop_id, moved)
    statements += bounces.left_behind(session, moved, before, statements, now)
    ledger.record(session, statements, now)
    change.derive()
    return len(change.contacts)


def set_figures(session: Session, shop_id: int, told: Mapping[str, CustomerNow]) -> None:
    """How much these customers have bought by now, which `updated_at` may not date.

    Locks nobody where nothing differs, which is the rule.
    """
    asked = select(Contact.customer_ref, Contact.orders_count, Contact.total_spent).where(
        Contact.shop_id == shop_id,
        Contact.customer_ref.in_(list(told)),
        Contact.deleted_at.is_(None),
    )
    here = {str(row.customer_ref): row for row in session.execute(asked)}
    moved = [ref for ref, row in here.items() if _new_figures(row, told[ref])]
    if not moved:
        return
    change = Change.of(session, shop_id, Contact.customer_ref, moved, Keys())
    for contact in change.contacts:
        for name, value in _new_figures(contact, told[str(contact.customer_ref)]).items():
            setattr(contact, name, value)
    change.derive()


def _new_figures(contact: Any, now: CustomerNow) -> dict[str, Any]:
    told = {name: getattr(now, name) for name in _FIGURES}
    return {n: v for n, v in told.items() if v is not None and v != getattr(contact, n)}


def numbers_of_members(
    session: Session, shop_id: int, members: Sequence[Member], now: datetime
) -> list[int]:
    """The numbers of a segment's members. One we never heard of becomes a contact at once."""
    refs = [member.ref for member in members]
    known = numbers_of(session, shop_id, Contact.customer_ref, refs)
    known |= _erased(session, shop_id, Contact.customer_ref, refs, known)
    strangers = [_as_customer(member) for member in members if member.ref not in known]
    if strangers:
        upsert_customers(session, shop_id, strangers, "store", now)
        known |= numbers_of(session, shop_id, Contact.customer_ref, refs)
        known |= _erased(session, shop_id, Contact.customer_ref, refs, known)
    return [known[ref] for ref in refs]


def numbers_of_people(
    session: Session, shop_id: int, people: Iterable[Person], now: datetime
) -> list[int]:
    """The numbers of a dashboard's own people.

    Somebody with the address of a contact is that contact; a stranger becomes one without
    consent, so is not written to.
    """
    by_ref = {person.host_ref: person for person in people}
    known = numbers_of(session, shop_id, Contact.host_ref, list(by_ref))
    known |= _erased(session, shop_id, Contact.host_ref, list(by_ref), known)
    strangers = [person for ref, person in by_ref.items() if ref not in known]
    known |= _by_address(session, shop_id, strangers)
    unknown = {p.host_ref: p for p in strangers if p.host_ref not in known}
    if unknown:
        _add_people(session, shop_id, unknown, now)
        known |= numbers_of(session, shop_id, Contact.host_ref, list(unknown))
        known |= _erased(session, shop_id, Contact.host_ref, list(unknown), known)
    by_address = [p.host_ref for p in strangers if p.host_ref not in unknown]
    _bind_by_ref(session, shop_id, {ref: known[ref] for ref in by_address}, now)
    return [known[ref] for ref in by_ref]


def _bind_by_ref(session: Session, shop_id: int, numbers: dict[str, int], now: datetime) -> None:
    """The dashboard told of an opt-out by its own name of somebody whom we know by address."""
    by_address = {
        keeping.of_host(channel, ref): (channel, number)
        for ref, number in numbers.items()
        for channel in CHANNELS
    }
    for address, row in keeping.find(session, shop_id, by_address).items():
        channel, number = by_address[address]
        report = opting_out.Report(
            channel, consent.UNSUBSCRIBED, row.source, row.occurred_at, row.evidence, row.dated
        )
        opting_out.record(session, shop_id, [number], report, now)


def delete_customer(session: Session, shop_id: int, customer_ref: str, now: datetime) -> int:
    """The store deleted the customer: nobody to write to any more, and nobody's address.

    One we never heard of is noted as well, so that what was said before the deletion and arrives
    after it does not bring the person back. An opt-out of ours or a bounce stays with the address:
    who signs up again is another customer.
    """
    make_missing(session, shop_id, Contact.customer_ref, [customer_ref], now)
    keeping.close_gate(session, shop_id)
    change = Change.of(session, shop_id, Contact.customer_ref, [customer_ref], Keys())
    keeping.keep(session, shop_id, _outliving(session, change.contacts), now)
    for contact in change.contacts:
        contact.deleted_at = now
        contact.remote_updated_at = max(contact.remote_updated_at or now, now)
    change.derive()
    return len(change.contacts)


def _outliving(session: Session, contacts: list[Row]) -> list[keeping.Kept]:
    facts = ledger.facts_of(session, {contact.id for contact in contacts})
    standing = [
        (channel, key, consent.standing_fact(facts[contact.number, channel]))
        for contact in contacts
        for channel in CHANNELS
        if (key := reach.address_key(channel, contact))
    ]
    return [
        keeping.Kept(keeping.of_fact(channel, key, fact), fact)
        for channel, key, fact in standing
        if fact is not None and (consent.is_own_opt_out(fact) or fact.state == consent.INVALID)
    ]


def _erased(
    session: Session,
    shop_id: int,
    column: InstrumentedAttribute[Any],
    refs: Sequence[str],
    known: dict[Any, int],
) -> dict[str, int]:
    """The numbers of those who were erased: they lead to nobody, and stay theirs."""
    unknown = [ref for ref in refs if ref not in known]
    return tombstones.find(session, shop_id, column.key, unknown) if unknown else {}


def make_missing(
    session: Session,
    shop_id: int,
    column: InstrumentedAttribute[Any],
    refs: Sequence[str],
    now: datetime,
) -> list[Row]:
    """Empty contacts, numbered, for the references that have none. Returns the new ones."""
    made = _missing(session, shop_id, column, refs, now)
    rows.save(session, made)
    return made


def _missing(
    session: Session,
    shop_id: int,
    column: InstrumentedAttribute[Any],
    refs: Sequence[str],
    now: datetime,
) -> list[Row]:
    """As `make_missing`, not written yet; under the lock that hands out numbers.

    Whoever was erased is not made again, whatever page, list or delivery still names them.
    """
    if len(numbers_of(session, shop_id, column, refs)) == len(refs):
        return []
    counter = numbering.lock_counter(session, shop_id)
    known = numbers_of(session, shop_id, column, refs)
    known |= _erased(session, shop_id, column, refs, known)
    missing = [ref for ref in refs if ref not in known]
    numbers = numbering.hand_out(session, counter, len(missing))
    return [
        rows.new(shop_id, number, now, **{column.key: ref})
        for number, ref in zip(numbers, missing, strict=True)
    ]


def _add_people(
    session: Session, shop_id: int, unknown: dict[str, Person], now: datetime
) -> None:
    new = _missing(session, shop_id, Contact.host_ref, list(unknown), now)
    keeping.pass_gate(session, shop_id)
    change = Change.of(
        session, shop_id, Contact.host_ref, unknown, Keys.of(unknown.values()), new
    )
    for contact in change.contacts:
        person = unknown[str(contact.host_ref)]
        contact.email, contact.email_key = person.email, email_key(person.email)
        contact.phone = person.phone
    ledger.record(session, keeping.statements(session, shop_id, change.contacts), now)
    change.derive()


def _by_address(session: Session, shop_id: int, people: list[Person]) -> dict[str, int]:
    """host_ref → number of the contact with the same e-mail address, else the same phone."""
    keys = Keys.of(people)
    found: dict[str, int] = {}
    there = rows.load(session, shop_id, sharing(session, shop_id, keys))
    by_email, by_phone = _lowest(there, "email"), _lowest(there, "sms")
    for person in people:
        number = by_email.get(email_key(person.email)) or by_phone.get(person.phone)
        if number is not None:
            found[person.host_ref] = number
    return found


def _lowest(contacts: list[Row], channel: str) -> dict[str | None, int]:
    alive = [contact for contact in contacts if contact.deleted_at is None]
    alive.sort(key=lambda contact: -contact.number)
    return {reach.address_key(channel, contact): contact.number for contact in alive}


def _is_news(contact: Row, customer: Customer) -> bool:
    known, said = contact.remote_updated_at, customer.updated_at
    if contact.deleted_at is not None:
        return known is not None and said is not None and bool(said > known)
    return known is None or said is None or bool(said >= known)


def _fill(contact: Row, customer: Customer) -> None:
    """The profile as the store has it now. What the payload does not carry stays as it was."""
    contact.email, contact.email_key = customer.email, email_key(customer.email)
    contact.phone = customer.phone
    contact.first_name = customer.first_name or ""
    contact.last_name = customer.last_name or customer.nick_name or ""
    contact.tags = ",".join(customer.tags)
    contact.state = customer.state if customer.state is not None else contact.state
    contact.deleted_at = None
    contact.remote_updated_at = customer.updated_at or contact.remote_updated_at
    contact.remote_created_at = customer.created_at or contact.remote_created_at
    for name in _SOMETIMES:
        value = getattr(customer, name)
        if value is not None:
            setattr(contact, name, value)


_FIGURES = ("orders_count", "total_spent")
_SOMETIMES = (
    "gender",
    "birthday",
    "language",
    "country_code",
    "city",
    *_FIGURES,
)


def _as_customer(member: Member) -> Customer:
    """A stub: the little that a member says about itself, until the customer itself is read."""
    return Customer(
        ref=member.ref,
        email=member.email,
        phone=member.phone,
        first_name=member.first_name,
        last_name=member.last_name,
        nick_name=member.nick_name,
        state=member.state,
        tags=member.tags,
        orders_count=member.orders_count,
        total_spent=member.total_spent,
        email_consent=member.email_consent,
        sms_consent=member.sms_consent,
        gender=None,
        birthday=None,
        language=None,
        country_code=None,
        city=None,
        currency=None,
        created_at=None,
        updated_at=None,
    )
