"""Eight workers of gunicorn, each with a clock of its own, do what one would have done."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select

from smartpush_shopline.clock import utcnow
from smartpush_shopline.contacts.models import ConsentEvent
from smartpush_shopline.database import Database
from smartpush_shopline.inbox.models import RECEIVED, Delivery
from smartpush_shopline.sandbox import groups, people
from smartpush_shopline.segments.models import Segment, SegmentVersion
from smartpush_shopline.shops.models import Shop
from smartpush_shopline.sync.models import RUNNING, SyncRun
from tests.hosting import close_host, make_host
from tests.leases.conftest import Browser, address, store_of_50
from tests.support import Clock, wait_for

PACE = 3


def story(platform, store, browser, database, rest):
    """A store is connected; segments and people change; a night passes."""
    platform.connect(browser, "birch")
    rest(runs=1)
    for number, each in enumerate(store.segments.all()):
        groups.edit(store, each.id, rule=f"orders_count:>{number}")
    platform.arrived()
    rest(runs=1)
    for each in [each for each in store.customers.all() if each.email][:20]:
        other = {"email_subscribe_flag": 1 - min(each.email_consent.state, 1)}
        people.edit(store, each.id, other, "customer")
    platform.arrived()
    rest(runs=1)
    with database.begin() as session:
        shop = session.scalars(select(Shop)).one()
        shop.last_nightly_date -= timedelta(days=1)
    rest(runs=2)


def is_at_rest(database, runs):
    with database.read() as session:
        states = list(session.scalars(select(SyncRun.state)))
        due = [
            *session.scalars(select(Segment.id).where(Segment.stale_reason.is_not(None))),
            *session.scalars(select(Delivery.id).where(Delivery.state == RECEIVED)),
        ]
    return len(states) == runs and RUNNING not in states and not due


def outcome(database):
    """What is the same, however many did it."""
    with database.read() as session:
        names = {row.id: row.name for row in session.execute(select(Segment.id, Segment.name))}
        published = session.scalars(select(SegmentVersion).order_by(SegmentVersion.id))
        worked = session.execute(select(Delivery.topic, Delivery.state, Delivery.attempts))
        facts = session.execute(select(ConsentEvent.contact_id, ConsentEvent.state))
        return (
            sorted((names[v.segment_id], v.version, v.cause, v.count) for v in published),
            Counter(map(tuple, worked)),
            Counter(map(tuple, facts)),
            sorted(map(tuple, session.execute(select(SyncRun.kind, SyncRun.state)))),
        )


@pytest.fixture
def alone(_migrated, _address, tmp_path):
    """(calls by endpoint, outcome) of one worker that is not in a hurry."""
    shutil.copyfile(_migrated, path := tmp_path / "alone.sqlite")
    with store_of_50() as (platform, store):
        store.moods.bucket = "off"
        host = make_host(
            f"sqlite:///{path}",
            Clock(utcnow()),
            SMARTPUSH_PUBLIC_URL=_address.url,
            SMARTPUSH_STORE_BASE_URL=f"{platform.running.url}/{{handle}}",
        )
        _address.app = host.app
        platform.point_at(_address.url)

        def rest(runs):
            host.tick()
            assert is_at_rest(host.database, runs)

        story(platform, store, host.browser(), host.database, rest)
        yield platform.by_endpoint(), outcome(host.database)
        _address.app = None
        close_host(host)


def test_eight_workers_do_each_thing_once(alone, database_url, servers, door):
    calls, expected = alone
    database = Database(engine := create_engine(database_url))
    with store_of_50() as (platform, store):
        platform.point_at(address(door))
        servers.environment |= {
            "DATABASE": database_url,
            "PUBLIC_URL": address(door),
            "STORE_URL": f"{platform.running.url}/{{handle}}",
            "LEASE": "45",
            "PER_SECOND": str(PACE),
        }
        servers.start(
            *["-m", "gunicorn", "-w", "8", "--timeout", "60", "-b", f"fd://{door.fileno()}"],
            *["-c", "tests/leases/gunicorn.conf.py", "tests.serving:make_app()"],
            pass_fds=[door.fileno()],
        )

        def rest(runs):
            wait_for(lambda: is_at_rest(database, runs), 60)

        story(platform, store, Browser(address(door)), database, rest)
        assert platform.by_endpoint() == calls
        assert outcome(database) == expected
        assert platform.refused == []
        for seconds in (1, 3, 6):  # the burst of the lease, that of the doors, and the pace
            assert platform.busiest(seconds) <= 20 + 5 + (PACE + 1) * seconds
    engine.dispose()
    database.engine.dispose()
