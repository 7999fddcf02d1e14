"""The plan of a night as a table: what is read, in which order, why, and what is left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smartpush_shopline.sync.planning import (
    Known,
    is_somebody_lost,
    plan,
    reads_everything,
    reason,
)
from smartpush_shopline.sync.rules import moves_with_time
from tests.support import NOW


def known(number, *, here=100, there=100, days=1.0, **more):
    read_at = None if days is None else NOW - timedelta(days=days)
    return Known(number, here, there, read_at, **more)


@pytest.mark.parametrize(
    ("segment", "why"),
    [
        (known(1, here=None), "never_read"),
        (known(1, days=None), "never_read"),
        (known(1, here=None, days=None, changed=True), "never_read"),
        (known(1, days=27), "overdue"),
        (known(1, days=40, changed=True, there=7), "overdue"),
        (known(1, days=26.9), "turn"),
        (known(1, changed=True, there=7), "changed"),
        (known(1, there=101), "count"),
        (known(1, there=0), "count"),
        (known(1, here=0, there=0), "turn"),
        (known(1, marked=True, moves=True), "members"),
        (known(1, moves=True), "time"),
        (known(1, there=None, moves=True), "time"),
        (known(1, there=None), "uncounted"),
        (known(1), "turn"),
        (known(1, followed=True, there=None), "followed"),
        (known(1, followed=True, there=101), "count"),
        (known(1, followed=True, marked=True), "members"),
        (known(1, followed=True, moves=True), "time"),
    ],
)
def test_why_a_segment_is_read(segment, why):
    assert reason(segment, NOW) == why


A_MIX = (
    known(1, days=3),
    known(2, moves=True),
    known(3, there=99, here=500),
    known(4, changed=True),
    known(5, days=5),
    known(6, days=30),
    known(7, days=None, here=None, there=900),
    known(8, days=None, here=None, there=20),
    known(9, followed=True),
)


@pytest.mark.parametrize(
    ("segments", "budget", "read", "later"),
    [
        ([], 10, [], []),
        (A_MIX, 100, [8, 7, 6, 4, 3, 2, 5, 1, 9], []),
        (A_MIX, 9, [8, 7, 6, 4, 3], [2, 5, 1, 9]),  # 1 + 4 + 1 + 1 + 2
        (A_MIX, 7, [8, 7, 6, 4], [3, 2, 5, 1, 9]),
        (A_MIX, 0, [8, 6], [7, 4, 3, 2, 5, 1, 9]),  # the first, and what is overdue
        ([known(1, here=10_000, there=1), known(2)], 3, [1], [2]),  # the first, whatever it is
        ([known(1), known(2, here=10_000, there=10_000, days=2)], 1, [2], [1]),
        ([known(n, days=28) for n in range(1, 5)], 0, [1, 2, 3, 4], []),
        ([known(1, here=251, there=251, moves=True), known(2)], 2, [1], [2]),
    ],
)
def test_what_is_read_tonight(segments, budget, read, later):
    made = plan(segments, NOW, budget, 250)
    assert [each.id for each in made.readings] == read
    assert [each.id for each in made.later] == later
    assert made.calls == sum(each.calls for each in made.readings)


def test_nothing_stays_unread_for_more_than_28_days_however_small_the_budget():
    read_at = {number: NOW - timedelta(days=number % 20) for number in range(50)}
    for night in range(100):
        now = NOW + timedelta(days=night)
        rows = [Known(n, 250, 250, at, moves=n % 5 == 0) for n, at in read_at.items()]
        for each in plan(rows, now, 3, 250).readings:
            read_at[each.id] = now
        assert max(now - at for at in read_at.values()) < timedelta(days=28)


@pytest.mark.parametrize(
    ("customers", "sizes", "budget", "everything"),
    [(0, [], 1, True), (250, [250], 3, True), (251, [250], 3, False), (250, [250, 0], 4, False)],
)
def test_a_small_store_is_read_in_full(customers, sizes, budget, everything):
    assert reads_everything(customers, sizes, budget, 250) is everything


@pytest.mark.parametrize(
    ("uncounted", "remained", "in_vain", "days", "lost"),
    [
        (0, 0, 0, 1, False),
        (-3, 0, 0, 1, False),  # the store counts more: they are among the changes
        (1, 0, 0, 1, True),
        (1, 0, 0, 0, True),
        (1, 0, 0, None, True),
        (5, 5, 1, 20, False),  # as after the last full reading
        (4, 5, 1, 20, False),
        (6, 5, 0, 0, True),
        (6, 5, 1, 0.9, False),
        (6, 5, 1, 1, True),
        (6, 5, 2, 2.9, False),
        (6, 5, 2, 3, True),
        (6, 5, 4, 14, False),
        (6, 5, 4, 15, True),
        (6, 5, 5, 27, False),  # the rotation reads them
        (6, 5, 5_000, None, True),
        (6, 5, 5_000, 27, False),
    ],
)
def test_all_customers_are_read_when_more_are_uncounted_than_remained(
    uncounted, remained, in_vain, days, lost
):
    last_at = None if days is None else NOW - timedelta(days=days)
    assert is_somebody_lost(uncounted, remained, in_vain, last_at, NOW) is lost


TREE = '{"conditions":{"type":1,"relation":"AND","children":[%s]},"not":{}}'
BOUGHT = '{"type":0,"key":"payOrderCnt","value":[1],"operator":"GT"}'
ORDERED = '{"type":0,"key":"lastOrderTime","value":["-90d"],"operator":"LT"}'


@pytest.mark.parametrize(
    ("definition", "moves"),
    [
        ("orders_count:>1;", False),
        ("ordersCount:>2", False),
        ("tags:vip,last 30 days;email_subscribe_flag:1;", False),
        ("created_at:>=2026-01-01;", False),
        ("created_at:>=-30d;", True),
        ("last_order_time:<-90d;", True),
        ("orders_count:>1;birthday:today;", True),
        ("orders_count:>1;something_new:4", True),
        ("city != '' and country != ''", True),
        ("", True),
        (TREE % BOUGHT, False),
        (TREE % f"{BOUGHT},{ORDERED}", True),
        (TREE % '{"type":0,"key":"isBirthdayInNextMonth","value":[1]}', True),
        (TREE % '{"type":0,"metafield":true,"key":"status","value":[1]}', True),
        (TREE % '{"type":1,"relation":"OR","children":[%s]}' % BOUGHT, False),
        (TREE % "", True),
        ('{"conditions":{},"not":' + ORDERED + "}", True),
        ('{"conditions":[1,2]}', True),
        ('{"key":', True),
        ('{"key":"status"}', False),
    ],
)
def test_a_rule_moves_with_time_unless_it_is_understood_not_to(definition, moves):
    assert moves_with_time(definition) is moves
