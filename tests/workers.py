"""What the tests have real processes do. Importable by name, so that a process can find it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import create_engine

from smartpush_shopline.audiences.sending import firsts, holding
from smartpush_shopline.contacts import people
from smartpush_shopline.contacts.suppression import many
from smartpush_shopline.database import Database
from smartpush_shopline.settings import Settings
from smartpush_shopline.shops.lease import Lease
from smartpush_shopline.shops.reserve import Reserve
from smartpush_shopline.sync import jobs
from tests.support import ADA, NOW, hurry, meet, says


@contextmanager
def opened(url: str) -> Iterator[Database]:
    host = create_engine(url)
    database = Database(host)
    hurry(database.engine)
    yield database
    host.dispose()
    database.engine.dispose()


MANY, ADDRESSES = 120, 90
"""People, and the addresses that they have; so few changes heal what an earlier one broke."""


def person(number: int, **changes: object) -> object:
    """One of many, of whom some share an address."""
    address = f"{number % ADDRESSES}@example.com"
    phone = f"+8869{number % ADDRESSES:08}"
    blank = replace(ADA, ref=str(number), email=address, phone=phone)
    return replace(blank, **changes)  # type: ignore[arg-type]


def change_people(url: str, shop_id: int, folder: str, size: int, seed: int, changes: int) -> int:
    """Opt-outs, opt-ins, blacklistings, moves and deletions, as fast as they go."""
    dice = random.Random(seed)
    with opened(url) as database:
        meet(folder, size)
        for step in range(changes):
            at = NOW + timedelta(seconds=dice.randint(0, 600), microseconds=seed * 1000 + step)
            number, kind = dice.randint(1, MANY), dice.randint(0, 9)
            said = says(dice.choice(["subscribed", "unsubscribed"]), at)
            lives_at = dice.randint(1, MANY) if kind == 1 else number
            new = person(
                number,
                updated_at=at,
                email_consent=said,
                email=f"{lives_at % ADDRESSES}@example.com",
                state=0 if kind == 2 else 3,
            )

            def work(session, new=new, kind=kind, number=number, at=at):  # type: ignore[no-untyped-def]
                if kind == 3:
                    people.delete_customer(session, shop_id, str(number), at)
                else:
                    people.upsert_customers(session, shop_id, [new], "webhook", at)

            database.retrying(work, attempts=10)
    return changes


def create_people(url: str, shop_id: int, folder: str, size: int, seed: int) -> int:
    """The same thirty new customers as everybody else here, in an order of one's own."""
    numbers = list(range(200, 230))
    random.Random(seed).shuffle(numbers)
    with opened(url) as database:
        meet(folder, size)
        for start in range(0, 30, 3):
            page = [person(number) for number in numbers[start : start + 3]]
            with database.begin() as session:  # nobody has to try twice
                people.upsert_customers(session, shop_id, page, "store", NOW)
    return len(numbers)


def arrive_or_opt_out(url: str, shop_id: int, folder: str, size: int, seed: int) -> int:
    """Two bring in the same people in an order of their own, two a list of their addresses."""
    numbers = list(range(300, 340))
    random.Random(seed).shuffle(numbers)
    yes = says("subscribed", NOW - timedelta(days=1))
    with opened(url) as database:
        meet(folder, size)
        for start in range(0, len(numbers), 4):
            some = numbers[start : start + 4]
            page = [person(n, email=f"n{n}@example.com", phone=None) for n in some]
            page = [replace(each, email_consent=yes, sms_consent=None) for each in page]  # type: ignore[type-var]
            listed = [many.OptOutOf("email", email=f"n{n}@example.com") for n in some]

            def work(session, page=page, listed=listed):  # type: ignore[no-untyped-def]
                if seed % 2:
                    people.upsert_customers(session, shop_id, page, "store", NOW)
                else:
                    many.suppress(session, shop_id, listed, "import", NOW)

            database.retrying(work, attempts=10)
    return len(numbers)


def take_turns(url: str, shop_id: int, folder: str, size: int, times: int) -> list[float]:
    """How long each call without the lease would have waited."""
    with opened(url) as database:
        pace = Reserve(database, shop_id, sleep=lambda _seconds: None)
        meet(folder, size)
        return [pace.wait() for _ in range(times)]


def take_lease(url: str, shop_id: int, folder: str, size: int) -> bool:
    with opened(url) as database:
        meet(folder, size)
        return Lease.take(database, shop_id) is not None


def claim_night(url: str, folder: str, size: int, number: int) -> None:
    """The clock's job, as it runs in a web worker."""
    with opened(url) as database:
        state = SimpleNamespace(database=database, now=lambda: NOW + timedelta(seconds=number))
        meet(folder, size)
        jobs.claim_nights(state)  # type: ignore[arg-type]


def decide_held(url: str, audience_id: int, folder: str, size: int, hours: int) -> str | None:
    """What a tick does when a deadline has passed, so many hours from the beginning."""
    with opened(url) as database:
        meet(folder, size)
        at, settings = NOW + timedelta(hours=hours), Settings(otherwise="send")
        return database.retrying(
            lambda session: holding.decide(session, audience_id, at, settings), attempts=10
        )


def take_first_list(url: str, audience_id: int, folder: str, size: int) -> bool:
    with opened(url) as database:
        meet(folder, size)
        return database.retrying(lambda session: firsts.take(session, audience_id), attempts=10)
