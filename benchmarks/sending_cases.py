"""A saved list is handed out, batch by batch, beside a bare SELECT of the same columns."""

from __future__ import annotations

import ctypes
import gc
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random

from sqlalchemy import text

from smartpush_shopline.audiences import saving
from smartpush_shopline.audiences.choice import Choice
from smartpush_shopline.audiences.models import EVERYONE
from smartpush_shopline.audiences.sending.loop import batches
from smartpush_shopline.web import State

from .dashboard import make_app
from .measuring import Result, in_turns
from .people import make_shop
from .places import Place

SIZES = (10_000, 500)
_SELECT = text(
    "SELECT number, email, first_name, last_name, customer_ref, host_ref, language, country_code, "
    "city, orders_count, total_spent FROM smartpush_contact WHERE shop_id = :shop_id "
    "ORDER BY number"
)


def hand_out(place: Place, size: int, rounds: int, random: Random) -> list[Result]:
    """Everybody of a shop gets it: `size` recipients.

    Ours freezes the list, then for each batch claims it, reads its people and their consent
    afresh, notes whom it wrote to and confirms it.
    """
    shop_id = make_shop(place.database, size, random, all_sendable=True)
    place.settle()
    app = make_app(place)
    state: State = app.extensions["smartpush"]
    handing = _Handing(place, state, shop_id, size)
    with app.app_context():
        return [handing.measure(batch_size, rounds) for batch_size in SIZES]


class _Handing:
    def __init__(self, place: Place, state: State, shop_id: int, size: int) -> None:
        self._place, self._state, self._shop_id, self._size = place, state, shop_id, size
        self._serial = count(1)

    def measure(self, batch_size: int, rounds: int) -> Result:
        before = _begin_peak()
        self.ours(batch_size)
        grown = _peak() - before
        mine, theirs = in_turns(
            lambda: self.ours(batch_size), self.theirs, lambda: None, rounds, ours_per_round=1
        )
        name = f"hand_out_in_batches_of_{batch_size}"
        print(f"  {name}: at most {grown:,.0f} MB above what there was", flush=True)
        about = "SELECT of the same columns, a thousand rows at a time"
        return Result(
            name, self._place.engine_name, self._size, mine, about, theirs, extra_megabytes=grown
        )

    def ours(self, batch_size: int) -> None:
        campaign = f"handing-out-{next(self._serial)}"
        with self._place.database.begin() as session:
            choice = Choice(self._shop_id, "email", scope=EVERYONE)
            audience_id = saving.save(session, choice, campaign, datetime.now(UTC)).id
        got = sum(
            1 for batch in batches(self._state, audience_id, batch_size) for each in batch if each
        )
        if got != self._size:
            raise AssertionError(f"{got} were handed out of {self._size}.")

    def theirs(self) -> None:
        deque(self._rows(), maxlen=0)

    def _rows(self) -> Iterator[object]:
        with self._place.database.read() as session:
            asked = session.execute(
                _SELECT, {"shop_id": self._shop_id}, execution_options={"yield_per": 1000}
            )
            yield from asked


def _begin_peak() -> float:
    """Forget the peak so far (Linux); megabytes in use now, after what is free was given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return _megabytes("VmRSS")


def _peak() -> float:
    return _megabytes("VmHWM")


def _megabytes(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024
