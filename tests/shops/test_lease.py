"""One worker per store at a time; one that slept past its end writes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from smartpush_shopline.errors import LeaseLost
from smartpush_shopline.shops.lease import Lease
from smartpush_shopline.shops.models import Shop, ShopLease
from tests import workers
from tests.support import make_shop


@pytest.fixture
def here(both):
    return make_shop(both)


def end(database, shop_id):
    """As if a minute had passed: time is the database's, which no test moves."""
    with database.begin() as session:
        session.execute(update(ShopLease).where(ShopLease.shop_id == shop_id).values(until=1.0))


def name_of(database, shop_id):
    with database.read() as session:
        return session.get_one(Shop, shop_id).name


def test_only_one_of_many_processes_gets_it(processes, url, here, tmp_path):
    gate = tmp_path / "gate"
    gate.mkdir()
    asked = [processes.submit(workers.take_lease, url, here, str(gate), 4) for _ in range(4)]
    assert sorted(each.result(60) for each in asked) == [False, False, False, True]


def test_a_held_lease_is_not_taken_and_a_released_one_is(both, here):
    lease = Lease.take(both, here)
    assert Lease.take(both, here) is None
    lease.release()
    assert Lease.take(both, here).epoch == lease.epoch + 1


def test_the_holder_writes_and_thereby_keeps_it(both, here):
    lease = Lease.take(both, here)
    with lease.begin() as session:
        session.get_one(Shop, here).name = "written"
    assert name_of(both, here) == "written"
    assert Lease.take(both, here) is None


def test_a_holder_whose_lease_ended_writes_nothing(both, here):
    lease = Lease.take(both, here)
    end(both, here)
    with pytest.raises(LeaseLost), lease.begin() as session:
        session.get_one(Shop, here).name = "too late"
    assert name_of(both, here) == "alder"


def test_a_dead_holders_lease_is_taken_over_and_the_dead_one_writes_nothing(both, here):
    dead = Lease.take(both, here)
    end(both, here)
    heir = Lease.take(both, here)
    assert heir is not None
    with pytest.raises(LeaseLost), dead.begin():
        pass
    dead.release()
    with heir.begin() as session:
        session.get_one(Shop, here).name = "heir"
    assert name_of(both, here) == "heir"


def test_a_transaction_that_fails_writes_nothing_and_keeps_the_lease(both, here):
    lease = Lease.take(both, here)

    def fail(session):
        session.get_one(Shop, here).name = "half"
        session.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError), lease.begin() as session:
        fail(session)
    assert name_of(both, here) == "alder"
    assert Lease.take(both, here) is None


def test_the_lease_of_one_store_is_not_the_lease_of_another(both, here):
    birch = make_shop(both, "birch")
    assert Lease.take(both, here)
    assert Lease.take(both, birch)
