"""Contacts found by number, by address, or by a part of a name. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyroaring import BitMap
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from ..shopline.phones import parse_phone
from .models import Contact

_BATCH = 500


def by_numbers(session: Session, shop_id: int, numbers: Iterable[int]) -> list[Contact]:
    """In the order of their numbers; a number that leads to nobody is left out."""
    wanted = sorted(numbers)
    found: list[Contact] = []
    for at in range(0, len(wanted), _BATCH):
        asked = select(Contact).where(
            Contact.shop_id == shop_id, Contact.number.in_(wanted[at : at + _BATCH])
        )
        found += session.scalars(asked.order_by(Contact.number))
    return found


def by_address(
    session: Session, shop_id: int, address: str, default_country: str | None = None
) -> list[Contact]:
    """Everybody with exactly this e-mail address or telephone number, who is gone last."""
    key = address.strip().casefold()
    if not key:
        return []
    phone = None if "@" in key else parse_phone(key, default_country)
    same = Contact.email_key == key if phone is None else Contact.phone == phone
    order = (Contact.deleted_at.is_not(None), Contact.number)
    asked = select(Contact).where(Contact.shop_id == shop_id, same).order_by(*order)
    return list(session.scalars(asked))


def sharing(session: Session, contact: Contact, channel: str) -> list[Contact]:
    """The others with this contact's address on a channel."""
    column = Contact.email_key if channel == "email" else Contact.phone
    address = contact.email_key if channel == "email" else contact.phone
    if not address:
        return []
    asked = select(Contact).where(
        Contact.shop_id == contact.shop_id, column == address, Contact.id != contact.id
    )
    return list(session.scalars(asked.order_by(Contact.number)))


def search(
    session: Session, shop_id: int, words: str, *, addresses: bool, among: BitMap | None = None
) -> Iterator[Contact]:
    """By number, those whose name has every word. `addresses`: look there, too.

    Read as far as somebody listens: a page of matches does not read a million rows.
    """
    every = [_has(word, addresses) for word in words.split()]
    asked = select(Contact.number).where(
        Contact.shop_id == shop_id, Contact.deleted_at.is_(None), and_(True, *every)
    )
    rows = session.execute(asked.order_by(Contact.number).execution_options(yield_per=_BATCH))
    for page in rows.partitions(_BATCH):
        numbers = BitMap(row.number for row in page)
        yield from by_numbers(
            session, shop_id, numbers if among is None else numbers & among
        )


def _has(word: str, addresses: bool) -> ColumnElement[bool]:
    name = Contact.last_name + Contact.first_name + " " + Contact.last_name
    places: list[Any] = [name.icontains(word, autoescape=True)]
    if addresses:
        places.append(Contact.email_key.contains(word.casefold(), autoescape=True))
        digits = word.removeprefix("+").removeprefix("00")
        if digits.isascii() and digits.isdigit() and len(digits) > 2:
            national = digits.removeprefix("0")  # 0912 ... is +886 912 ...
            places.append(Contact.phone.contains(national))
    return or_(*places)


def name_of(contact: Contact) -> str:
    """The name as its language writes it: 陳小明, Ada Lin."""
    first, last = contact.first_name.strip(), contact.last_name.strip()
    if first and last and not (first + last).isascii() and len(first + last) <= 6:
        return last + first
    return " ".join(part for part in (first, last) if part)


def address_of(contact: Contact, channel: str) -> str | None:
    return contact.email if channel == "email" else contact.phone
