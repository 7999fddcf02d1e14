"""A store moves to another time zone: no night is lost, and none comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from smartpush_shopline.clock import local_date, midnight
from smartpush_shopline.shops import calendar
from smartpush_shopline.shops.models import Shop

ZONES = [
    ("Asia/Taipei", "America/New_York"),
    ("America/New_York", "Asia/Taipei"),
    ("Asia/Kathmandu", "Asia/Kolkata"),
    ("Asia/Kolkata", "Asia/Kathmandu"),
    ("Asia/Kolkata", "Australia/Lord_Howe"),
    ("America/St_Johns", "Asia/Kolkata"),
    ("Pacific/Kiritimati", "Pacific/Pago_Pago"),
    ("Pacific/Pago_Pago", "Pacific/Kiritimati"),
    ("America/Santiago", "Africa/Cairo"),
    ("UTC", "Asia/Tehran"),
    ("Europe/London", "UTC"),
]
START = datetime(2026, 11, 24, tzinfo=UTC)


def nights(old, new, moved_at, hours=96):
    """When nights begin, looked at every five minutes, of a store that moves at a moment."""
    shop = Shop(timezone=old, last_nightly_date=local_date(START - timedelta(minutes=5), old))
    begun = []
    for step in range(hours * 12):
        now = START + timedelta(minutes=5 * step)
        if now == moved_at:
            calendar.move(shop, new)
        if shop.last_nightly_date < calendar.today(shop, now):
            shop.last_nightly_date = calendar.today(shop, now)
            begun.append(now)
    return begun


@pytest.mark.parametrize("hour", [24, 27.5, 31, 36, 41.25, 45, 47.75])
@pytest.mark.parametrize(("old", "new"), ZONES)
def test_between_two_nights_there_is_half_a_day_to_a_day_and_a_half(old, new, hour):
    moved_at = START + timedelta(hours=hour)
    begun = nights(old, new, moved_at)
    gaps = [later - sooner for sooner, later in pairwise(begun)]
    assert timedelta(hours=12) <= min(gaps)
    assert max(gaps) <= timedelta(hours=36)


@pytest.mark.parametrize(("old", "new"), ZONES)
def test_afterwards_every_night_is_the_new_zones_midnight(old, new):
    moved_at = START + timedelta(hours=30)
    later = [each for each in nights(old, new, moved_at) if each > moved_at + timedelta(hours=36)]
    assert later
    assert later == [midnight(local_date(each, new), new) for each in later]


def test_a_night_still_owed_stays_owed():
    shop = Shop(timezone="Asia/Taipei", last_nightly_date=START.date() - timedelta(days=3))
    calendar.move(shop, "America/New_York")
    assert shop.last_nightly_date < calendar.today(shop, START)


def test_a_store_without_a_night_yet_only_moves():
    shop = Shop(timezone="UTC", last_nightly_date=None)
    calendar.move(shop, "Asia/Taipei")
    assert (shop.timezone, shop.last_nightly_date) == ("Asia/Taipei", None)
