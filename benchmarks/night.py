"""A night of a large store: few changed, and no list but the time-based ones is read in full."""

from __future__ import annotations

from datetime import timedelta
from math import exp, log
from random import Random

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from smartpush_shopline.contacts import reach
from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.contracts import CHANNELS
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import SHOPLINE
from smartpush_shopline.shops.models import Shop
from smartpush_shopline.sync import runs
from smartpush_shopline.sync.models import NIGHTLY, SyncRun
from smartpush_shopline.sync.planning import pages

from .ground import Ground
from .lists import some_of
from .measuring import Figure
from .places import open_place
from .simulating import Simulation, simulate
from .store import BEGIN, MOVING, PAGE, STATES, Segment, Store, place_of

SEGMENTS, TIME_BASED = 100, 10
_STILL_SIZES, _MOVING_SIZES = (0.0005, 0.6), (0.005, 0.05)
"""Parts of all customers, as many small ones as large ones."""
_CHANGED = 0.01
_SHARE = 0.05
AFTER = timedelta(hours=14)
"""From the beginning, when all was equal, to the night."""


def nightly_pass(ground: Ground) -> list[Figure]:
    """What a night costs, and that afterwards nothing differs from the store."""
    random, store = Random(ground.size), Store(ground.size)
    _add_segments(store, random)
    with open_place(ground.engine_name, ground.place) as place:
        full = pages(store.size, PAGE) + sum(
            1 + pages(len(segment.members), PAGE) for segment in store.segments.values()
        )
        apart = sum(
            pages(len(segment.members), PAGE)
            for segment in store.segments.values()
            if segment.rule == MOVING
        )
        url = place.database.engine.url.render_as_string(hide_password=False)
        least = 2 * SEGMENTS + round(store.size * _CHANGED / 10)  # for trying it out on a small one
        budget = max(round(full * _SHARE * 0.9), least) + apart
        simulation = simulate(
            url, store, at=AFTER.total_seconds(), SMARTPUSH_NIGHT_BUDGET=budget
        )
        with simulation.state.database.begin() as session:
            _as_it_was(session, simulation.shop_id, store)
        _change(store, random)
        run = _night(simulation)
        _check(simulation)
    moving = sum(store.pages_read[s.ref] for s in store.segments.values() if s.rule == MOVING)
    spent = sum(store.calls.values()) - moving
    told = ", ".join(f"{how_many} {kind}" for kind, how_many in store.calls.most_common())
    plan = run.findings["plan"]["read"]
    return [
        ground.figure(
            "night_calls",
            spent / full,
            "of the calls of reading all",
            f"{spent} of {full:,}, and {moving} for {TIME_BASED} lists that move with time "
            f"({told}); lists read: {plan}; {len(store.changed):,} changed customers, "
            f"{SEGMENTS} segments, nothing differs afterwards",
            at_most=_SHARE,
        )
    ]


def _add_segments(store: Store, random: Random) -> None:
    for number in range(SEGMENTS):
        moves = number % (SEGMENTS // TIME_BASED) == 0
        least, most = _MOVING_SIZES if moves else _STILL_SIZES
        part = exp(random.uniform(log(least), log(most)))
        rule = {"rule": MOVING} if moves else {}
        store.add_segment(f"Segment {number}", some_of(store.size, part, random), **rule)


def _as_it_was(session: Session, shop_id: int, store: Store) -> None:
    """All is known as of the beginning; the lists were read on one of twenty days before."""
    shop = session.get_one(Shop, shop_id)
    shop.customers_read_at = shop.customers_cursor = BEGIN
    shop.last_nightly_date = BEGIN.date()
    for number, segment in enumerate(store.segments.values()):
        then = BEGIN - timedelta(days=number % 20)
        row = publishing.find_segment(
            session, shop_id, SHOPLINE, segment.ref
        ) or publishing.add_segment(session, shop_id, SHOPLINE, segment.ref, segment.name, then)
        row.definition = segment.rule
        publishing.publish(session, row, segment.members, len(segment.members), "first", then)


def _change(store: Store, random: Random) -> None:
    """Each changed customer goes in or out of two lists; time takes one of a hundred elsewhere."""
    at = BEGIN + timedelta(hours=1)
    store.changed = dict.fromkeys(
        random.sample(range(1, store.size + 1), round(store.size * _CHANGED)), at
    )
    still = [segment for segment in store.segments.values() if segment.rule != MOVING]
    moved: dict[str, BitMap] = {segment.ref: BitMap() for segment in still}
    for place in store.changed:
        for segment in random.sample(still, 2):
            moved[segment.ref].add(place)
    for segment in store.segments.values():
        if segment.rule == MOVING:
            gone = random.sample(list(segment.members), len(segment.members) // 100)
            segment.members = segment.members - BitMap(gone)
        else:
            segment.members = segment.members ^ moved[segment.ref]


def _night(simulation: Simulation) -> SyncRun:
    with simulation.state.database.begin() as session:
        run = runs.start(session, simulation.shop_id, NIGHTLY, simulation.time.now())

    def now() -> SyncRun:
        with simulation.state.database.read() as session:
            return session.get_one(SyncRun, run.id)

    simulation.work(lambda: now().state == "done")
    return now()


def _check(simulation: Simulation) -> None:
    store, shop_id = simulation.store, simulation.shop_id
    with simulation.state.database.read() as session:
        _check_contacts(session, shop_id, store)
        for segment in store.segments.values():
            _check_segment(session, shop_id, segment)
        for channel in CHANNELS:
            found = reach.load(session, shop_id, channel)
            if sum(map(len, found.verdicts.values())) != len(found.everyone) != store.size:
                raise AssertionError(f"Somebody has no verdict or two for {channel}.")


def _check_contacts(session: Session, shop_id: int, store: Store) -> None:
    asked = select(
        Contact.customer_ref, Contact.email_stated, Contact.orders_count, Contact.remote_updated_at
    ).where(Contact.shop_id == shop_id, Contact.deleted_at.is_(None))
    met = 0
    for ref, stated, orders, at in session.execute(asked.execution_options(yield_per=10_000)):
        place = place_of(str(ref))
        told = (STATES[store.states(place)[0]], store.orders(place), store.updated_at(place))
        if (stated, orders, at) != told:
            raise AssertionError(f"Customer {place} is {told} in the store, here {stated, orders}.")
        met += 1
    if met != store.size:
        raise AssertionError(f"{met} contacts, {store.size} customers.")


def _check_segment(session: Session, shop_id: int, segment: Segment) -> None:
    """Contacts were numbered in the order of their places."""
    row = publishing.find_segment(session, shop_id, SHOPLINE, segment.ref)
    assert row
    version = publishing.current_version(session, row)
    if version is None or version.members != segment.members:
        raise AssertionError(f"{segment.name} is not the store's.")
    if row.admin_count != len(segment.members):
        raise AssertionError(f"{segment.name} was counted otherwise.")
