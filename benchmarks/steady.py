"""What a quiet day costs at a million contacts: a list that did not change, and one webhook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from time import process_time
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Engine, event

from smartpush_shopline.inbox import working
from smartpush_shopline.inbox.models import DONE, Delivery
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import SHOPLINE
from smartpush_shopline.shopline.models import Member, Page
from smartpush_shopline.shops.lease import Lease
from smartpush_shopline.sync.holder import Holder
from smartpush_shopline.sync.reading import read_segment
from smartpush_shopline.sync.staleness import NIGHT, mark_stale

from .ground import Ground
from .measuring import Figure, share
from .places import open_place
from .simulating import Simulation, simulate
from .store import BEGIN, PAGE, Store, customer_json, ref_of

WEBHOOKS = 300
_MAY_BE_WRITTEN = ("UPDATE smartpush_segment SET", "UPDATE smartpush_shop_lease SET")


class Listing:
    """Stands for the client: members parsed already, all customers of the store."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._like = Member("", *(None,) * 5, 3, (), *(None,) * 6)  # type: ignore[arg-type]

    def fetch_member_page(self, ref: str, *, page_info: str | None = None) -> Page[Member]:
        first = int(page_info or 1)
        places = range(first, min(first + PAGE, self._size + 1))
        members = tuple(replace(self._like, ref=ref_of(place)) for place in places)
        after = first + PAGE
        return Page(members, str(after) if after <= self._size else None)


def unchanged_segment(ground: Ground) -> list[Figure]:
    """Read person by person: all of them, and they are who they were."""
    with open_place(ground.engine_name, ground.place) as place:
        database, everybody = place.database, BitMap(range(1, ground.size + 1))
        simulation = simulate(database.engine.url.render_as_string(hide_password=False), Store(0))
        with database.begin() as session:
            segment = publishing.add_segment(
                session, simulation.shop_id, SHOPLINE, "everybody", "Everybody", BEGIN
            )
            publishing.publish(session, segment, everybody, len(everybody), "first", BEGIN)
            mark_stale(session, segment, NIGHT, BEGIN)
        lease = Lease.take(simulation.state.database, simulation.shop_id)
        assert lease
        holder = Holder(simulation.state, lease)
        holder.client = Listing(ground.size)  # type: ignore[assignment]
        with (
            simulation.app.app_context(),
            written(simulation.state.database.engine) as statements,
        ):
            for _ in read_segment(holder, segment.id):
                pass
        lease.release()
    others = [text for text, _size in statements if not text.startswith(_MAY_BE_WRITTEN)]
    if others:
        raise AssertionError(f"Written although nothing changed: {others[:3]}")
    return [
        ground.figure(
            "unchanged_segment_bytes",
            sum(size for _text, size in statements),
            "bytes of members written",
            f"{len(statements):,} statements that write: the lease, and the row of the segment",
            at_most=0,
        )
    ]


@contextmanager
def written(engine: Engine) -> Iterator[list[tuple[str, int]]]:
    """Every statement that writes, and how many bytes of bitmaps it was given."""
    found: list[tuple[str, int]] = []

    def note(_c: Any, _cursor: Any, text: str, given: Any, _context: Any, _many: bool) -> None:
        if text.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            values = given.values() if isinstance(given, dict) else given
            found.append((text, sum(len(v) for v in values if isinstance(v, bytes))))

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def consent_webhook(ground: Ground) -> list[Figure]:
    """From the stored delivery to done, in seconds of CPU."""
    random, store = Random(ground.size), Store(ground.size)
    with open_place(ground.engine_name, ground.place) as place:
        url = place.database.engine.url.render_as_string(hide_password=False)
        simulation = simulate(url, store, at=timedelta(days=2).total_seconds())
        took = [_one(simulation, random, serial) for serial in range(WEBHOOKS)][10:]
    return [
        ground.figure(
            "consent_webhook_cpu",
            share(took, 0.5) * 1000,
            "ms",
            f"99 of 100 within {share(took, 0.99) * 1000:.1f} ms",
            at_most=10,
        )
    ]


def _one(simulation: Simulation, random: Random, serial: int) -> float:
    place, now = random.randint(1, simulation.store.size), simulation.time.now()
    with simulation.state.database.begin() as session:
        delivery = _delivery(simulation, place, serial, now)
        session.add(delivery)
    start = process_time()
    with simulation.app.app_context():
        working.drain(simulation.state)
    took = process_time() - start
    with simulation.state.database.read() as session:
        if session.get_one(Delivery, delivery.id).state != DONE:
            raise AssertionError("A message was not worked off.")
    return took


def _delivery(simulation: Simulation, place: int, serial: int, now: datetime) -> Delivery:
    body = json.loads(customer_json(simulation.store, place))
    body |= {"subscribeActionType": 3 if serial % 2 else 1, "updated_at": now.isoformat()}
    body |= {"email_subscribe_flag": 0 if serial % 2 else 1}
    del body["email_marketing_consent"]
    return Delivery(
        shop_id=simulation.shop_id,
        delivery_ref=f"consent-{serial}",
        topic="customers_marketing_consent/update",
        subject_ref=ref_of(place),
        body=json.dumps(body).encode(),
        received_at=now,
        next_try_at=now,
    )
