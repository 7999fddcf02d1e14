"""What is kept free of the store's pace for those who wait is one share, however many ask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from smartpush_shopline.shops import reserve
from smartpush_shopline.shops.models import ShopReserve
from smartpush_shopline.shops.reserve import Reserve
from tests import workers
from tests.support import make_shop


@pytest.fixture
def here(both):
    return make_shop(both)


@pytest.fixture
def now(monkeypatch):
    """The database's clock, which no test moves, stands still at this second."""
    told = [1_000_000.0]
    monkeypatch.setattr(reserve, "seconds_of", lambda _session: told[0])
    return told


def test_two_processes_take_from_one_share(both, here, now):
    first, second = (Reserve(both, here, sleep=lambda _seconds: None) for _ in range(2))
    assert [pace.wait() for pace in [first, second] * 4] == [0, 0, 0, 0, 0, 1, 2, 3]


def test_it_fills_again_by_a_call_a_second_up_to_a_few(both, here, now):
    pace = Reserve(both, here, sleep=lambda _seconds: None)
    assert [pace.wait() for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    now[0] += 3
    assert [pace.wait() for _ in range(3)] == [0, 0, 1]
    now[0] += 1_000
    assert [pace.wait() for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_whoever_waits_does_so_outside_of_the_transaction(both, here, now):
    waited = []

    def sleep(seconds):
        with both.begin() as session:
            waited.append((seconds, session.get_one(ShopReserve, here).full_at - now[0]))

    pace = Reserve(both, here, sleep=sleep)
    for _ in range(6):
        pace.wait()
    assert waited == [(1, 6)]


def test_many_at_once_get_a_turn_each(both, here, now):
    paces = [Reserve(both, here, sleep=lambda _seconds: None) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        waits = list(threads.map(lambda n: paces[n % 4].wait(), range(20)))
    assert sorted(waits) == [0] * 5 + list(range(1, 16))


def test_no_turn_of_real_processes_is_given_twice(processes, both, url, here, tmp_path):
    far = 4_000_000_000.0
    with both.begin() as session:
        session.get_one(ShopReserve, here).full_at = far
    gate = tmp_path / "gate"
    gate.mkdir()
    asked = [processes.submit(workers.take_turns, url, here, str(gate), 4, 25) for _ in range(4)]
    assert all(wait > 0 for each in asked for wait in each.result(60))
    with both.read() as session:
        assert session.get_one(ShopReserve, here).full_at == far + 4 * 25


def test_each_store_has_its_own(both, here, now):
    other = make_shop(both, "birch")
    mine, theirs = (Reserve(both, each, sleep=lambda _seconds: None) for each in (here, other))
    assert [mine.wait() for _ in range(6)][-1] == 1
    assert theirs.wait() == 0
