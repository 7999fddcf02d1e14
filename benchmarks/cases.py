"""What is measured. Each case is ours and the baseline's answer to one everyday question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from random import Random

from sqlalchemy import text

from smartpush_shopline.audiences import saving
from smartpush_shopline.audiences.models import INCLUDE
from smartpush_shopline.audiences.resolve import resolve
from smartpush_shopline.contacts import people
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shopline.models import SUBSCRIBED, UNSUBSCRIBED, Consent, Customer

from . import baseline
from .lists import Lists, some_of
from .measuring import Result, Work, in_turns, seconds
from .people import LONG_AGO, customer_ref, email_of, phone_of
from .places import Place


@dataclass(frozen=True, slots=True)
class Bench:
    """A filled database and how often it is asked."""

    place: Place
    size: int
    lists: Lists
    rounds: int
    random: Random
    serial: Iterator[int] = field(default_factory=lambda: count(1))

    def measure(
        self,
        name: str,
        ours: Work,
        about: str,
        theirs: Work,
        *,
        ours_per_round: int = 4,
        before: Work = lambda: None,
    ) -> Result:
        mine, others = in_turns(ours, theirs, before, self.rounds, ours_per_round)
        return Result(name, self.place.engine_name, self.size, mine, about, others)

    def fastest(self, name: str, statements: dict[str, str], ask: Callable[[str], object]) -> str:
        """The name of the statement that answers soonest; each is tried twice."""
        took = {way: min(seconds(partial(ask, way)) for _ in range(2)) for way in statements}
        for way, best in sorted(took.items(), key=lambda item: item[1]):
            print(f"  {name}, baseline by {way}: {best * 1000:,.0f} ms", flush=True)
        return min(took, key=lambda way: took[way])


def count_by_reason(bench: Bench) -> list[Result]:
    """The picker's live count, after every click: on a connection in use, and on a new one."""
    statements = baseline.count_statements(bench.lists)

    def ours() -> dict[str, int]:
        with bench.place.database.read() as session:
            return resolve(session, bench.lists.choice).counts()

    def theirs(way: str) -> dict[str, int]:
        with bench.place.database.read() as session:
            return baseline.counts(session.execute(text(statements[way])).one()._asdict())

    for way in statements:
        if theirs(way) != ours():
            raise AssertionError(f"Different counts by {way}: {theirs(way)}, ours {ours()}.")
    best = bench.fastest("count", statements, theirs)
    about = f"one SELECT over a row per member ({best})"
    return [
        bench.measure(name, ours, about, lambda: theirs(best), ours_per_round=20, before=before)
        for name, before in (
            ("audience_count_by_reason", lambda: None),
            ("audience_count_by_reason_new_connection", bench.place.start_cold),
        )
    ]


def save_audience(bench: Bench) -> list[Result]:
    """The campaign form is saved: who gets it is kept, and why the others do not."""
    statements = baseline.save_statements(bench.lists)

    def ours() -> str:
        campaign = f"campaign-{next(bench.serial)}"
        with bench.place.database.begin() as session:
            saving.save(session, bench.lists.choice, campaign, datetime.now(UTC))
        return campaign

    def theirs(way: str) -> int:
        audience_id = next(bench.serial)
        with bench.place.database.begin() as session:
            session.execute(text(statements[way]), {"audience_id": audience_id})
        return audience_id

    with bench.place.database.read() as session:
        people_chosen = resolve(session, bench.lists.choice).recipients
    for way in statements:
        audience_id = theirs(way)
        with bench.place.database.read() as session:
            if baseline.recipients(session, audience_id) != people_chosen:
                raise AssertionError(f"Other recipients by {way}.")
    best = bench.fastest("save", statements, theirs)
    about = f"INSERT ... SELECT of a row per recipient, reasons not kept ({best})"
    return [bench.measure("audience_save", ours, about, lambda: theirs(best))]


def change_consent(bench: Bench) -> list[Result]:
    """A webhook says that one customer unsubscribed, or subscribed again."""

    def ours() -> None:
        serial = next(bench.serial)
        customer = _customer(bench.random.randint(1, bench.size), serial)
        with bench.place.database.begin() as session:
            people.upsert_customers(
                session,
                bench.lists.choice.shop_id,
                [customer],
                "webhook",
                datetime.now(UTC),
            )

    def theirs() -> None:
        with bench.place.database.begin() as session:
            number = bench.random.randint(1, bench.size)
            baseline.change_consent(session, number, bench.lists.choice.shop_id, datetime.now(UTC))

    about = "UPDATE of the contact and its verdict row and INSERT of the fact, by plain SQL"
    return [bench.measure("one_consent_change", ours, about, theirs, ours_per_round=10)]


def _customer(number: int, serial: int) -> Customer:
    """As the webhook tells of it: the whole customer, mostly as it is known."""
    at = LONG_AGO + timedelta(minutes=serial)
    consent = Consent(UNSUBSCRIBED if serial % 2 else SUBSCRIBED, at, explicit=True)
    nothing_said = dict.fromkeys(field.name for field in fields(Customer))
    said = {
        "ref": customer_ref(number),
        "email": email_of(number),
        "phone": phone_of(number),
        "first_name": "Ada",
        "last_name": f"Alder {number}",
        "state": 3,
        "tags": (),
        "email_consent": consent,
        "updated_at": at,
    }
    return Customer(**(nothing_said | said))  # type: ignore[arg-type]


def publish_version(bench: Bench) -> list[Result]:
    """A segment of half the people was read again, and they are other people."""
    segment_id = bench.lists.segments(INCLUDE)[-1]
    versions = [some_of(bench.size, 0.5, bench.random) for _ in range(3)]

    def ours() -> None:
        members = versions[next(bench.serial) % len(versions)]
        with bench.place.database.begin() as session:
            segment = session.get_one(Segment, segment_id)
            publishing.publish(
                session, segment, members, len(members), "nightly", datetime.now(UTC)
            )

    def theirs() -> None:
        members = versions[next(bench.serial) % len(versions)]
        with bench.place.database.begin() as session:
            baseline.replace_members(session, segment_id, members)

    with bench.place.database.begin() as session:
        baseline.drop_second_index(session)
    about = "DELETE and INSERT of the segment's rows, the earlier list not kept"
    return [bench.measure("publish_version", ours, about, theirs)]


# What changes contacts and lists comes last: until then both sides give the same counts.
ALL = (count_by_reason, save_audience, change_consent, publish_version)
