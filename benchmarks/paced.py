"""A first import at the pace of the API, with edits in the Admin meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from random import Random

from pyroaring import BitMap
from sqlalchemy import select

from smartpush_shopline import signals
from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.inbox.models import Delivery
from smartpush_shopline.runner.ringing import run_job
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import Segment as SegmentRow
from smartpush_shopline.shopline import PER_SECOND
from smartpush_shopline.sync import runs
from smartpush_shopline.sync.models import IMPORT, SyncRun

from .ground import Ground
from .lists import some_of
from .measuring import Figure, peak_megabytes, share
from .places import open_place
from .simulating import Simulation, simulate
from .store import BEGIN, PAGE, Segment, Store, place_of

CUSTOMERS, SEGMENTS = 400_000, 120
EDITS_EVERY = 25.0
"""Seconds between an edit that can be seen and the next one, on average."""
TICK = 60.0
_SIZES = ((40, 10, 250), (40, 1_000, 8_000), (30, 8_000, 50_000), (10, 50_000, 120_000))
"""So many segments, of so many members."""
_EDITED = (70, 25, 5, 0)
"""How often one of each kind is edited."""


@dataclass
class Edits:
    """In the Admin, one at a time: another rule, some members less, and the message about it."""

    simulation: Simulation
    random: Random
    kinds: list[list[Segment]]
    next_at: float = 0.0
    tick_at: float = 0.0
    under_way: tuple[Segment, float] | None = None
    late: list[float] = field(default_factory=list)
    """Of each edit, the part of the promised time that it took."""

    def look(self) -> None:
        """Called while we wait for the store. Once a minute the clock of another process ticks."""
        if self.simulation.time() >= self.tick_at:
            self.tick_at = self.simulation.time() + TICK
            run_job(self.simulation.app, "sync")
        if self.under_way is None and self.simulation.time() >= self.next_at:
            with self.simulation.time.not_ours():
                self._edit()
            run_job(self.simulation.app, "inbox")

    def _edit(self) -> None:
        [kind] = self.random.choices(self.kinds, _EDITED)
        segment = self.random.choice(kind)
        leaving = self.random.sample(list(segment.members), max(1, len(segment.members) // 100))
        segment.members = segment.members - BitMap(leaving)
        segment.rule += ";state:3"
        _post(self.simulation, segment, len(self.late))
        self.under_way = segment, self.simulation.time()

    def seen(self, ref: str) -> None:
        """A version was published."""
        if self.under_way is None or self.under_way[0].ref != ref:
            return
        segment, since = self.under_way
        promised = len(segment.members) / PAGE / PER_SECOND + 3
        self.late.append((self.simulation.time() - since) / promised)
        self.under_way = None
        self.next_at = self.simulation.time() + self.random.expovariate(1 / EDITS_EVERY)


def first_import(ground: Ground) -> list[Figure]:
    """Of a store that nobody has read before, over as many calls as it takes."""
    customers = min(CUSTOMERS, ground.size)
    folder = ground.folder / "first"
    folder.mkdir()
    random = Random(customers)
    store = Store(customers)
    kinds = _add_segments(store, random)
    with open_place(ground.engine_name, folder) as place:
        url = place.database.engine.url.render_as_string(hide_password=False)
        simulation = simulate(url, store)
        edits = Edits(simulation, random, kinds)
        usable = _import(simulation, edits)
        done_at = _check(simulation)
    return _figures(ground, simulation, edits, usable, done_at)


def _add_segments(store: Store, random: Random) -> list[list[Segment]]:
    """In no order of size, each of a rule that does not move with time."""
    scale = store.size / CUSTOMERS
    wanted = [(kind, random.randint(*_SIZES[kind][1:])) for kind, row in enumerate(_SIZES)
              for _ in range(row[0])]
    random.shuffle(wanted)
    kinds: list[list[Segment]] = [[] for _ in _SIZES]
    for number, (kind, size) in enumerate(wanted):
        members = some_of(store.size, max(1, round(size * scale)) / store.size, random)
        kinds[kind].append(store.add_segment(f"Segment {number}", members))
    return kinds


def _import(simulation: Simulation, edits: Edits) -> list[float]:
    """When each segment could be chosen for the first time, in seconds."""
    database, usable = simulation.state.database, {}
    with database.begin() as session:
        run_id = runs.start(session, simulation.shop_id, IMPORT, simulation.time.now()).id

    def published(app: object, *, segment_id: int, **facts: object) -> None:
        with simulation.time.not_ours():
            usable.setdefault(segment_id, simulation.time())
            with database.read() as session:
                edits.seen(session.get_one(SegmentRow, segment_id).segment_ref)

    def done() -> bool:
        with database.read() as session:
            if session.get_one(SyncRun, run_id).state != "done":
                return False
        edits.next_at = inf
        return edits.under_way is None

    edits.next_at = EDITS_EVERY
    simulation.time.meanwhile = edits.look
    with signals.segment_published.connected_to(published):
        simulation.work(done)
    return sorted(usable.values())


def _post(simulation: Simulation, segment: Segment, serial: int) -> None:
    """As the door stores it."""
    now = simulation.time.now()
    body = {"id": segment.ref, "name": segment.name, "query": segment.rule}
    body["updated_at"] = now.isoformat()
    with simulation.state.database.begin() as session:
        session.add(
            Delivery(
                shop_id=simulation.shop_id,
                delivery_ref=f"edit-{serial}",
                topic="customer_groups/update",
                body=json.dumps(body).encode(),
                received_at=now,
                next_try_at=now,
            )
        )


def _check(simulation: Simulation) -> datetime:
    """Everybody is here, every list is the store's. Returns when the import was done."""
    store = simulation.store
    with simulation.state.database.read() as session:
        asked = select(Contact.number, Contact.customer_ref)
        places = {number: place_of(str(ref)) for number, ref in session.execute(asked)}
        if sorted(places.values()) != list(range(1, store.size + 1)):
            raise AssertionError("The contacts are not the store's customers.")
        for segment in session.scalars(select(SegmentRow)):
            version = publishing.current_version(session, segment)
            members = version and BitMap(places[number] for number in version.members)
            if members != store.segments[segment.segment_ref].members:
                raise AssertionError(f"{segment.name} is not the store's.")
        run = session.scalars(select(SyncRun)).one()
        assert run.finished_at
        return run.finished_at


def _figures(
    ground: Ground, simulation: Simulation, edits: Edits, usable: list[float], done_at: datetime
) -> list[Figure]:
    store = simulation.store
    looks = sum(len(segment.members) > PAGE for segment in store.segments.values())
    calls = sum(store.calls.values())
    needed = (calls - looks - store.calls["segment_count"]) / PER_SECOND
    took = (done_at - BEGIN).total_seconds()
    customers, members = (
        [seconds * 1000 for seconds in simulation.cpu[kind]] for kind in ("customers", "members")
    )
    told = ", ".join(f"{how_many} {kind}" for kind, how_many in store.calls.most_common())
    return [
        ground.figure(
            "first_import_time",
            took / needed,
            "of the time of the calls alone",
            f"{took / 60:.0f} minutes of the store's time, {calls} calls ({told}), "
            f"{len(edits.late)} edits meanwhile",
            at_most=1.3,
            size=store.size,
        ),
        ground.figure(
            "first_segment_usable",
            usable[0],
            "s",
            f"of {len(usable)}; a quarter after {share(usable, 0.25):.0f} s",
            at_most=60,
            size=store.size,
        ),
        ground.figure(
            "edit_visible_in_time",
            sum(each <= 1 for each in edits.late) / len(edits.late),
            "of the edits made meanwhile",
            f"{len(edits.late)} edits; half of them within {share(edits.late, 0.5):.2f} of the "
            f"promised time, the slowest {max(edits.late):.2f}",
            at_least=0.99,
            size=store.size,
        ),
        ground.figure(
            "cpu_per_page",
            share(customers, 0.5),
            "ms",
            f"of customers, 99 of 100 within {share(customers, 0.99):.0f} ms; of members "
            f"{share(members, 0.5):.0f}, 99 of 100 within {share(members, 0.99):.0f} ms; "
            f"{len(customers) + len(members)} pages; at most {peak_megabytes():.0f} MB in all",
            at_most=60,
            size=store.size,
        ),
    ]
