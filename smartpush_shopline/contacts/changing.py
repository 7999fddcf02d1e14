"""Contacts about to change: locked together with all who share an address with them.

The order is always the same: number the unknown ones, lock the chunks of reach, then read the
contacts afresh, change them, and derive their verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ..members import chunks_of
from . import reach
from .models import Contact, ReachChunk

_BATCH = 500
"""Values per IN (...): few enough for every database, many enough for a page."""


def email_key(email: str | None) -> str | None:
    """Two addresses with one key reach the same mailbox as far as anyone can tell."""
    return email.strip().casefold() if email and email.strip() else None


@dataclass(slots=True)
class Keys:
    """Addresses that bind people to each other."""

    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, people: Iterable[Any]) -> Keys:
        """Of anything with `email` and `phone`."""
        every = list(people)
        emails = {key for person in every if (key := email_key(person.email))}
        return cls(emails, {person.phone for person in every if person.phone})

    def __or__(self, other: Keys) -> Keys:
        return Keys(self.emails | other.emails, self.phones | other.phones)

    def __le__(self, other: Keys) -> bool:
        return self.emails <= other.emails and self.phones <= other.phones


@dataclass(slots=True)
class Change:
    """Contacts about to change, locked together with all who share an address with them."""

    session: Session
    contacts: list[Contact]
    everybody: list[Contact]
    keys: Keys
    chunks: list[ReachChunk]

    @classmethod
    def of(
        cls,
        session: Session,
        shop_id: int,
        column: InstrumentedAttribute[Any],
        refs: Sequence[Any],
        incoming: Keys,
    ) -> Change:
        contacts = load(session, shop_id, column, refs)
        while True:
            keys = Keys.of(contacts) | incoming
            numbers = {c.number for c in (*contacts, *_sharing(session, shop_id, keys))}
            chunks = reach.lock(session, shop_id, numbers)
            contacts = load(session, shop_id, column, refs)
            everybody = [*contacts, *_sharing(session, shop_id, keys)]
            locked = set(chunks_of(numbers))
            # Nobody moved between the look and the lock, neither these nor to their addresses.
            if Keys.of(contacts) <= keys and locked.issuperset(
                chunks_of(c.number for c in everybody)
            ):
                unique = list({c.number: c for c in everybody}.values())
                return cls(session, contacts, unique, keys, chunks)

    def derive(self) -> None:
        """Put them, and all bound to them by the address of a channel, under their verdicts."""
        mine = {contact.number for contact in self.contacts}
        for channel, bound in (("email", self.keys.emails), ("sms", self.keys.phones)):
            numbers = mine | {
                contact.number
                for contact in self.everybody
                if reach.address_key(channel, contact) in bound
            }
            reach.derive(self.chunks, channel, self.everybody, numbers)
        self.session.flush()


def _sharing(session: Session, shop_id: int, keys: Keys) -> list[Contact]:
    return load(session, shop_id, Contact.email_key, sorted(keys.emails)) + load(
        session, shop_id, Contact.phone, sorted(keys.phones)
    )


def load(
    session: Session, shop_id: int, column: InstrumentedAttribute[Any], values: Sequence[Any]
) -> list[Contact]:
    found: list[Contact] = []
    for some in batches(values):
        asked = select(Contact).where(Contact.shop_id == shop_id, column.in_(some))
        found += session.scalars(asked.execution_options(populate_existing=True))
    return found


def numbers_of(
    session: Session, shop_id: int, column: InstrumentedAttribute[Any], values: Sequence[Any]
) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for some in batches(values):
        asked = select(column, Contact.number).where(Contact.shop_id == shop_id, column.in_(some))
        found.update((ref, number) for ref, number in session.execute(asked))
    return found


def batches(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))
