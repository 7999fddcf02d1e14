"""A burst, then a steady pace."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from smartpush_shopline.shopline import Pace


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_burst_is_free_and_then_calls_are_spread():
    clock = Clock()
    pace = Pace(per_second=4, burst=2, clock=clock.time, sleep=clock.sleep)
    assert [pace.wait() for _ in range(5)] == [0, 0, 0.25, 0.25, 0.25]


def test_rest_refills_the_burst_and_no_more():
    clock = Clock()
    pace = Pace(per_second=4, burst=2, clock=clock.time, sleep=clock.sleep)
    for _ in range(2):
        pace.wait()
    clock.sleep(3600)
    assert [pace.wait() for _ in range(3)] == [0, 0, 0.25]


def test_threads_share_one_pace():
    waits = []
    pace = Pace(per_second=2, burst=5, clock=lambda: 0.0, sleep=waits.append)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: pace.wait(), range(25)))
    assert sorted(waits) == [number / 2 for number in range(1, 21)]


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (1, 0)])
def test_a_pace_that_never_moves_is_refused(per_second, burst):
    with pytest.raises(ValueError, match="positive rate"):
        Pace(per_second, burst)


def test_the_holder_of_the_lease_and_everybody_else_together_stay_below_the_stores_limit():
    holder, others = Pace(), Pace.reserved()
    assert (holder._per_second, others._per_second) == (3, 1)
    assert holder._burst + others._burst <= 40


def test_the_reserved_pace_is_one_call_per_second_after_a_few():
    clock = Clock()
    pace = Pace.reserved(clock=clock.time, sleep=clock.sleep)
    assert [pace.wait() for _ in range(8)] == [0, 0, 0, 0, 0, 1, 1, 1]


def test_what_another_process_left_is_gone_on_with():
    clock = Clock()
    pace = Pace(per_second=4, burst=8, clock=clock.time, sleep=clock.sleep)
    pace.go_on(left=None, idle=1e9)
    assert pace.left == 8, "nobody has called yet"
    pace.go_on(left=1, idle=0.5)
    assert pace.left == 3
    assert [pace.wait() for _ in range(5)] == [0, 0, 0, 0.25, 0.25]
    assert pace.left == 0
    pace.go_on(left=5, idle=3600)
    assert pace.left == 8
