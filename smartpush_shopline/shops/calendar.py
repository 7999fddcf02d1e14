"""A store's own days: which one it is, and what becomes of them when it moves to another zone."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

from ..clock import local_date, midnight
from .models import Shop

_HALF_A_DAY = timedelta(hours=12)
SPREAD = 15
"""Minutes after midnight over which the nights of many stores are spread."""


def today(shop: Shop, now: datetime) -> date:
    return local_date(now, shop.timezone)


def wait_after_midnight(shop: Shop, among: int) -> timedelta:
    """A night's own minute, the same every night: midnight sharp for one store, 15 for many.

    By the name of the store, so that all processes agree without asking each other.
    """
    name = f"{shop.app_key} {shop.handle}".encode()
    place = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest())
    return timedelta(minutes=place % min(max(among, 1), SPREAD))


def move(shop: Shop, timezone: str) -> None:
    """The night that was done counts as that of the new zone's midnight nearest to it.

    So between two nights there are 12 to 36 hours on the day of the move: none is lost, and none
    comes twice, be the zones a quarter of an hour or a day apart. A night still owed stays owed.
    """
    if shop.last_nightly_date is not None:
        done_at = midnight(shop.last_nightly_date, shop.timezone)
        shop.last_nightly_date = local_date(done_at + _HALF_A_DAY, timezone)
    shop.timezone = timezone
