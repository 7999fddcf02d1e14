"""Contacts about to change: locked together with all who share an address with them.

The order is always the same: number the unknown ones, lock the chunks of reach, then read the
contacts afresh, change them, and derive their verdicts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute, Session

from ..members import chunks_of
from . import reach, rows
from .models import ReachChunk
from .rows import Row


def email_key(email: str | None) -> str | None:
    """Two addresses with one key reach the same mailbox as far as anyone can tell."""
    return (email.strip().casefold() or None) if email else None


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
    contacts: list[Row]
    everybody: list[Row]
    keys: Keys
    chunks: list[ReachChunk]

    @classmethod
    def of(
        cls,
        session: Session,
        shop_id: int,
        column: InstrumentedAttribute[Any],
        refs: Collection[Any],
        incoming: Keys,
        new: Sequence[Row] = (),
    ) -> Change:
        """`new` are numbered, and in no table yet."""
        wanted = set(refs)
        there = wanted.difference(getattr(row, column.key) for row in new)
        looked = rows.find(session, shop_id, column.key, sorted(there))
        known, before = {row.number for row in looked}, Keys.of(looked)
        made = {row.number for row in new}
        while True:
            keys = before | incoming
            numbers = known | sharing(session, shop_id, keys)
            locked = set(chunks_of(numbers | made))
            chunks = reach.lock(session, shop_id, numbers | made)
            numbers |= sharing(session, shop_id, keys)
            everybody = rows.load(session, shop_id, numbers)
            contacts = [row for row in everybody if getattr(row, column.key) in wanted]
            before = Keys.of(contacts)
            # Nobody moved between the look and the lock, neither these nor to their addresses.
            if before <= keys and locked.issuperset(chunks_of(numbers)):
                return cls(session, [*contacts, *new], [*everybody, *new], keys, chunks)

    def derive(self) -> None:
        """Write them, and put them and all bound to them by an address under their verdicts."""
        rows.save(self.session, self.everybody)
        mine = {contact.number for contact in self.contacts}
        for channel, bound in (("email", self.keys.emails), ("sms", self.keys.phones)):
            numbers = mine | {
                contact.number
                for contact in self.everybody
                if reach.address_key(channel, contact) in bound
            }
            reach.derive(self.chunks, channel, self.everybody, numbers)
        self.session.flush()


def sharing(session: Session, shop_id: int, keys: Keys) -> set[int]:
    """The numbers of all contacts with one of these addresses."""
    by_email = numbers_having(session, shop_id, "email_key", sorted(keys.emails))
    return by_email | numbers_having(session, shop_id, "phone", sorted(keys.phones))


def numbers_having(
    session: Session, shop_id: int, column: str, values: Sequence[Any]
) -> set[int]:
    """The numbers of all contacts with one of these values there."""
    return {
        row.number for row in rows.find(session, shop_id, column, values)
    }


def numbers_of(
    session: Session, shop_id: int, column: InstrumentedAttribute[Any], values: Sequence[Any]
) -> dict[Any, int]:
    found = rows.find(session, shop_id, column.key, values)
    return {row.value: row.number for row in found}
