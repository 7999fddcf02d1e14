"""Who finds the lease taken looks again when it would end; the burst of calls is one for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shopline import Pace
from smartpush_shopline.shops.lease import LIFE, Lease
from smartpush_shopline.shops.models import ShopLease
from smartpush_shopline.sync import runs
from smartpush_shopline.sync.jobs import synchronise
from smartpush_shopline.sync.models import NIGHTLY
from tests.sync.test_blocked_store import make_stale


@pytest.fixture
def work(connected):
    """One look of a worker; when it wants to look again."""
    state, rung = connected.state, []
    state.ring = lambda job, shop_id, at=None: rung.append(at)

    def look():
        with connected.app.app_context():
            synchronise(state, connected.shop().id)
        return rung.pop() if rung else None

    return look


def test_a_store_that_another_one_works_on_is_looked_at_when_that_one_may_be_dead(connected, work):
    name, *_ = connected.segments()
    dead = Lease.take(connected.database, connected.shop().id)
    assert work() is None, "nothing is due"
    make_stale(connected, name)
    again = work() - connected.clock()
    assert timedelta(seconds=40) < again <= timedelta(seconds=LIFE + 1) < timedelta(minutes=1)
    dead.release()
    assert work() is None
    assert connected.segments()[name].stale_reason is None


def test_a_worker_goes_on_with_what_the_last_one_left_of_the_burst(connected, sandbox, work):
    name, *_ = connected.segments()
    shop_id = connected.shop().id
    connected.state.paces = {}
    Lease.take(connected.database, shop_id).release(calls_left=12)
    make_stale(connected, name)
    sandbox.calls.clear()
    work()
    left = connected.state.paces[shop_id].left
    assert 12 - len(sandbox.calls) <= left < 15
    mine = Lease.take(connected.database, shop_id)
    assert mine.calls_left == pytest.approx(left, abs=3)
    assert Pace().left == 20


@pytest.fixture
def steal(connected):
    """The lease ends and another takes it."""
    stolen = []

    def take():
        with connected.database.begin() as session:
            session.get_one(ShopLease, connected.shop().id).until = 1.0
        stolen.append(Lease.take(connected.database, connected.shop().id))

    yield take
    assert len(stolen) == 1


def test_who_slept_past_the_end_stops_and_looks_again(connected, work, store, at, steal):
    name, *_ = connected.segments()
    make_stale(connected, name)
    at("customer_saved_searches", steal)
    assert work() - connected.clock() > timedelta(seconds=40)
    assert connected.segments()[name].stale_reason == "person", "left to the thief"


def test_who_slept_before_the_last_answer_publishes_nothing(connected, work, store, at, steal):
    name, *_ = connected.segments()
    make_stale(connected, name)
    with connected.database.begin() as session:  # so the Admin's count is asked for at the end
        session.get_one(Segment, connected.segments()[name].id).differs_since = connected.clock()
    read_at = connected.segments()[name].read_at
    connected.clock.forward(minutes=1)
    at("graphql", steal)
    work()
    assert connected.segments()[name].read_at == read_at
    assert connected.segments()[name].stale_reason == "person", "left to the thief"


def test_customers_that_came_while_somebody_slept_are_not_written(
    connected, work, store, at, steal
):
    changed = store.customers.all()[0]
    connected.clock.forward(minutes=1)
    store.customers.put(changed.id, replace(changed, updated_at=store.now(), last_name="Late"))
    with connected.database.begin() as session:
        runs.start(session, connected.shop().id, NIGHTLY, connected.clock())
    at("v2/customers.json", steal)
    work()
    with connected.database.read() as session:
        asked = select(Contact.last_name).where(Contact.customer_ref == changed.id)
        assert session.scalars(asked).one() != "Late"
    assert connected.runs()[-1].phase == "contacts", "left to the thief"
