"""The cast, a clock that a test moves, and small words for what a merchant would notice."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from smartpush_shopline.audiences import recall
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.audiences.resolve import Resolution
from smartpush_shopline.contacts import people, reach
from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.database import Database
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import SHOPLINE, Segment, SegmentVersion
from smartpush_shopline.shopline import Consent, Customer, Token
from smartpush_shopline.shops import install
from smartpush_shopline.shops.models import ShopCounter

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Noon in Taipei, an hour before midnight in New York."""
YESTERDAY, LAST_YEAR = NOW - timedelta(days=1), NOW - timedelta(days=365)
APP_KEY, APP_SECRET = "demo_app_key", "test_app_secret_0123456789abcdef"
FERNET_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
TOKEN = Token("a-token", NOW + timedelta(hours=10), frozenset({"read_customers"}))


def hurry(engine: Engine) -> None:
    """A test's SQLite file need not survive a power cut."""

    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF").close()

    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare)


class Clock:
    """Stands still until somebody moves it."""

    def __init__(self, time: datetime = NOW) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **amount: float) -> None:
        self.time += timedelta(**amount)


def says(state: str | None, at: datetime | None = None) -> Consent | None:
    """A statement of the store, with its own date or without."""
    return Consent(state, at, explicit=at is not None) if state else None


def customer(ref: str, **fields: Any) -> Customer:
    """Somebody registered, of whom nothing but the id is known."""
    blank = Customer(
        ref=ref,
        email=None,
        phone=None,
        first_name=None,
        last_name=None,
        nick_name=None,
        gender=None,
        birthday=None,
        language=None,
        country_code=None,
        city=None,
        tags=(),
        state=3,
        orders_count=None,
        total_spent=None,
        currency=None,
        created_at=LAST_YEAR,
        updated_at=LAST_YEAR,
        email_consent=None,
        sms_consent=None,
    )
    return replace(blank, **fields)


def _cast(ref: str, name: str, email: Consent | None, sms: Consent | None) -> Customer:
    return customer(
        ref,
        email=f"{name.lower()}@example.com",
        phone=f"+88690000000{ref}",
        first_name=name,
        last_name="Lin",
        email_consent=email,
        sms_consent=sms,
    )


YES, NEVER = says("subscribed", LAST_YEAR), says("not_subscribed")
ADA = _cast("1", "Ada", YES, YES)
BEA = _cast("2", "Bea", NEVER, YES)
CYD = replace(
    _cast("3", "Cyd", says("unsubscribed", YESTERDAY), NEVER), updated_at=YESTERDAY
)
DEE = _cast("4", "Dee", NEVER, NEVER)
CAST = (ADA, BEA, CYD, DEE)


@dataclass
class People:
    """The people of one shop, spoken of by their customer ids."""

    database: Database
    shop_id: int
    clock: Clock = field(default_factory=Clock)

    def begin(self) -> AbstractContextManager[Session]:
        return self.database.begin()

    def take(
        self, *customers: Customer, source: str = "store", act: tuple[str, str] | None = None
    ) -> None:
        """The store's word for these customers."""
        with self.begin() as session:
            people.upsert_customers(
                session,
                self.shop_id,
                customers,
                source,
                self.clock(),
                act=act,
            )

    def delete(self, ref: str) -> None:
        with self.begin() as session:
            people.delete_customer(session, self.shop_id, ref, self.clock())

    def find(self, ref: str) -> Contact:
        with self.database.read() as session:
            return session.scalars(
                select(Contact).where(
                    Contact.shop_id == self.shop_id, Contact.customer_ref == ref
                )
            ).one()

    def all(self) -> list[Contact]:
        with self.database.read() as session:
            asked = select(Contact).where(Contact.shop_id == self.shop_id)
            return list(session.scalars(asked.order_by(Contact.number)))

    def numbers(self, *refs: str) -> BitMap:
        return BitMap(self.find(ref).number for ref in refs)

    def refs(self, numbers: Iterable[int]) -> set[str | None]:
        wanted = set(numbers)
        return {contact.customer_ref for contact in self.all() if contact.number in wanted}

    def reach(self, channel: str = "email") -> reach.Reach:
        with self.database.read() as session:
            return reach.load(session, self.shop_id, channel)

    def verdict(self, ref: str, channel: str = "email") -> str:
        """The one verdict of this customer; fails when there is none or more than one."""
        number = self.find(ref).number
        [found] = [
            name for name, members in self.reach(channel).verdicts.items() if number in members
        ]
        return found

    def start_numbers_at(self, last_number: int) -> None:
        with self.begin() as session:
            session.get_one(ShopCounter, self.shop_id).last_number = last_number

    def segment(
        self, name: str, *refs: str, version: bool = True, source: str = SHOPLINE
    ) -> Segment:
        """A segment with these members as its newest version; made when it is not there."""
        with self.begin() as session:
            found = publishing.find_segment(session, self.shop_id, source, name)
            segment = found or publishing.add_segment(
                session, self.shop_id, source, name, name, self.clock()
            )
            if version:
                members = self.numbers(*refs)
                publishing.publish(
                    session, segment, members, len(members), "import", self.clock()
                )
        return segment


def make_shop(database: Database, handle: str = "alder", **facts: Any) -> int:
    """A connected store; returns its id."""
    with database.begin() as session:
        shop = install.record_install(session, APP_KEY, handle, TOKEN, [FERNET_KEY], NOW)
        install.connect(shop, NOW)
        for name, value in facts.items():
            setattr(shop, name, value)
        return shop.id


def versions(database: Database, segment_id: int) -> list[SegmentVersion]:
    with database.read() as session:
        return list(
            session.scalars(
                select(SegmentVersion)
                .where(SegmentVersion.segment_id == segment_id)
                .order_by(SegmentVersion.version)
            )
        )


def as_now(session: Session, audience: Audience) -> Resolution:
    """What it comes to now, however much a list moved that is heeded."""
    return recall.resolution_now(session, audience, math.inf)


def people_now(session: Session, audience: Audience) -> BitMap:
    return as_now(session, audience).recipients


def wait_for(true: Callable[[], Any], seconds: float = 5.0) -> Any:
    """Look again and again, at most this long."""
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, "It did not happen in time."
        time.sleep(0.002)
    return found


def meet(folder: str, how_many: int) -> None:
    """Wait until this many processes are here, so that they really work at once."""
    Path(tempfile.mkstemp(dir=folder)[1]).touch()
    wait_for(lambda: len(list(Path(folder).iterdir())) >= how_many, 30)


def webhook(
    topic: str,
    payload: Any,
    *,
    ref: str = "message-1",
    shop: str | None = "1610418123456",
    handle: str = "alder",
    secret: str = APP_SECRET,
) -> dict[str, Any]:
    """`data` and `headers` as SHOPLINE posts them. A payload of bytes is sent as it is."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopline-Topic": topic,
        "X-Shopline-Hmac-Sha256": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
        "X-Shopline-Shop-Domain": f"{handle}.myshopline.com",
        "X-Shopline-Webhook-Id": ref,
    }
    return {"data": body, "headers": headers | ({"X-Shopline-Shop-Id": shop} if shop else {})}
