"""One worker per store at a time; one that slept past its end writes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from smartpush_shopline.errors import LeaseLost
from smartpush_shopline.shops import lease as leases
from smartpush_shopline.shops.lease import LIFE, Lease
from smartpush_shopline.shops.models import Shop, ShopLease
from tests import workers
from tests.support import make_shop, wait_for


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


def until(database, shop_id):
    with database.read() as session:
        return session.get_one(ShopLease, shop_id).until


def test_while_an_answer_takes_long_it_is_prolonged_beside_it(both, here):
    lease = Lease.take(both, here, life=2)
    first = until(both, here)
    with lease.kept():
        wait_for(lambda: until(both, here) > first + 0.5)
        with lease.begin() as session:
            session.get_one(Shop, here).name = "after a long wait"
    lease.release()
    assert name_of(both, here) == "after a long wait"


def test_who_hangs_for_ever_loses_it(both, here, monkeypatch):
    monkeypatch.setattr(leases, "LONGEST_SILENCE", 0)
    lease = Lease.take(both, here, life=0.1)
    with lease.kept():
        wait_for(lambda: Lease.take(both, here))
    with pytest.raises(LeaseLost), lease.begin():
        pass


@pytest.mark.postgres
def test_who_sleeps_in_the_midst_of_a_transaction_loses_it_too(open_database, postgres_url):
    """Its locks are the database's to take away: the process itself does nothing."""
    database = open_database(postgres_url)
    here = make_shop(database)
    lease = Lease.take(database, here, life=1)
    sleeps = lease.begin()
    session = sleeps.__enter__()
    session.get_one(Shop, here).name = "too late"
    session.flush()
    heir = wait_for(lambda: Lease.take(database, here))
    with pytest.raises(DBAPIError):
        sleeps.__exit__(None, None, None)
    assert (heir.epoch, name_of(database, here)) == (lease.epoch + 1, "alder")


def test_what_is_left_of_the_burst_goes_with_it(both, here):
    first = Lease.take(both, here)
    assert first.calls_left is None, "nobody has called yet"
    first.release(calls_left=7.5)
    second = Lease.take(both, here)
    assert (second.calls_left, 0 <= second.idle < 10) == (7.5, True)
    end(both, here)
    assert Lease.take(both, here).calls_left == 0, "nobody knows what a dead one has asked"


def test_how_long_others_wait_for_a_dead_one(both, here):
    assert Lease.seconds_left(both, here) == 0
    Lease.take(both, here)
    assert 40 < Lease.seconds_left(both, here) <= LIFE < 60


def test_the_lease_of_one_store_is_not_the_lease_of_another(both, here):
    birch = make_shop(both, "birch")
    assert Lease.take(both, here)
    assert Lease.take(both, birch)
