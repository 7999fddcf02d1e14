"""A shop with invented contacts in every mix of consent, derived as the product derives it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple, cast

from pyroaring import BitMap
from sqlalchemy import insert
from sqlalchemy.orm import Session

from smartpush_shopline.contacts import consent, numbering, reach
from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.contacts.rows import Row
from smartpush_shopline.contracts import CHANNELS
from smartpush_shopline.database import Database
from smartpush_shopline.members import CHUNK
from smartpush_shopline.shops.models import Shop, ShopCounter

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)

_EMAIL = {
    consent.SUBSCRIBED: 55,
    consent.UNSUBSCRIBED: 12,
    consent.NOT_SUBSCRIBED: 25,
    consent.PENDING: 4,
    consent.INVALID: 4,
}
_SMS = {
    consent.SUBSCRIBED: 30,
    consent.UNSUBSCRIBED: 10,
    consent.NOT_SUBSCRIBED: 55,
    consent.PENDING: 3,
    consent.INVALID: 2,
}
_NO_EMAIL, _NO_PHONE = 0.08, 0.35
_BLACKLISTED, _DELETED, _OPTED_OUT_WITH_US = 0.01, 0.005, 0.01
_PAIRS = 0.001
"""Two people each who have one address and mostly one phone: 0.2 % of all share one."""


class Person(NamedTuple):
    """The columns of a contact that are filled; what verdicts are derived from is among them."""

    shop_id: int
    number: int
    customer_ref: str
    first_name: str
    last_name: str
    tags: str
    email: str | None
    email_key: str | None
    phone: str | None
    state: int
    email_stated: str
    email_standing: str
    sms_stated: str
    sms_standing: str
    recorded_at: datetime
    remote_updated_at: datetime
    deleted_at: datetime | None


def customer_ref(number: int) -> str:
    return f"35{number:020}"


def email_of(number: int) -> str:
    return f"person{number:08}@example.com"


def phone_of(number: int) -> str:
    return f"+8869{number:08}"


def make_shop(
    database: Database,
    size: int,
    random: Random,
    *,
    only_reach: bool = False,
    all_sendable: bool = False,
) -> int:
    """One shop with this many contacts, with the reach of all of them.

    `only_reach` leaves the contacts' own rows out: choosing and counting read none of them.
    `all_sendable`: everybody has an address of their own and is subscribed on both channels.
    """
    with database.begin() as session:
        shop = Shop(
            app_key="benchmark",
            handle="alder",
            name="Alder",
            status="active",
            installed_at=LONG_AGO,
        )
        session.add(shop)
        session.flush()
        session.add(ShopCounter(shop_id=shop.id))
        shop_id = shop.id
    done = 0
    while done < size:
        with database.begin() as session:
            numbers = _next_numbers(session, shop_id, size - done)
            people = list(_people(shop_id, numbers, random))
            if all_sendable:
                people = [_sendable(person) for person in people]
            _add(session, people, numbers, only_reach)
            done += len(people)
    if not all_sendable:
        _check_reach(database, shop_id, size)
    return shop_id


def _next_numbers(session: Session, shop_id: int, left: int) -> range:
    """Up to the end of the present chunk of reach."""
    counter = numbering.lock_counter(session, shop_id)
    room = CHUNK - (counter.last_number + 1) % CHUNK
    return numbering.hand_out(session, counter, min(left, room))


def _add(session: Session, people: list[Person], numbers: range, only_reach: bool) -> None:
    if not only_reach:
        rows = [person._asdict() for person in people]
        session.execute(insert(Contact.__table__), rows)  # type: ignore[arg-type]
    chunks = reach.lock(session, people[0].shop_id, numbers)
    for channel in CHANNELS:
        reach.derive(chunks, channel, cast("list[Row]", people), numbers)


def _sendable(person: Person) -> Person:
    address, yes = email_of(person.number), consent.SUBSCRIBED
    return person._replace(
        email=address,
        email_key=address,
        phone=phone_of(person.number),
        state=3,
        email_stated=yes,
        email_standing=yes,
        sms_stated=yes,
        sms_standing=yes,
        deleted_at=None,
    )


def _people(shop_id: int, numbers: range, random: Random) -> Iterator[Person]:
    email = _consents(_EMAIL, len(numbers), random)
    sms = _consents(_SMS, len(numbers), random)
    same_as = _pairs(numbers, random)
    for number, email_stated, sms_stated in zip(numbers, email, sms, strict=True):
        owner = same_as.get(number, number)
        has_email = number in same_as or random.random() >= _NO_EMAIL
        address = email_of(owner) if has_email else None
        opted_out = random.random() < _OPTED_OUT_WITH_US
        yield Person(
            shop_id=shop_id,
            number=number,
            customer_ref=customer_ref(number),
            first_name="Ada",
            last_name=f"Alder {number}",
            tags="",
            email=address,
            email_key=address,
            phone=None if random.random() < _NO_PHONE else phone_of(owner),
            state=0 if random.random() < _BLACKLISTED else 3,
            email_stated=email_stated,
            email_standing=consent.UNSUBSCRIBED if opted_out else email_stated,
            sms_stated=sms_stated,
            sms_standing=sms_stated,
            recorded_at=LONG_AGO,
            remote_updated_at=LONG_AGO,
            deleted_at=LONG_AGO if random.random() < _DELETED else None,
        )


def _consents(weights: dict[str, int], how_many: int, random: Random) -> list[str]:
    return random.choices(list(weights), weights=list(weights.values()), k=how_many)


def _pairs(numbers: range, random: Random) -> dict[int, int]:
    """Number → number of whose address it has; both of a pair are in it."""
    half = round(len(numbers) * _PAIRS)
    chosen = random.sample(numbers, half * 2)
    owners = chosen[:half]
    return dict(zip(owners, owners, strict=True)) | dict(zip(chosen[half:], owners, strict=True))


def _check_reach(database: Database, shop_id: int, size: int) -> None:
    """The invariant of reach: verdicts are disjoint and their union is everybody."""
    for channel in CHANNELS:
        with database.read() as session:
            found = reach.load(session, shop_id, channel)
        if found.everyone != BitMap(range(1, size + 1)):
            raise AssertionError(f"Some contacts have no verdict for {channel}.")
        if sum(len(people) for people in found.verdicts.values()) != size:
            raise AssertionError(f"Some contacts have two verdicts for {channel}.")
        empty = [verdict for verdict, people in found.verdicts.items() if not people]
        if size >= CHUNK and (empty or not found.shares_address):
            raise AssertionError(f"Nobody is {', '.join(empty) or 'sharing'} for {channel}.")
