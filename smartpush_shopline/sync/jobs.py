"""What the clock and the doorbell mean for synchronisation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import select, update

from ..books import JobBook
from ..clock import local_date
from ..shops import calendar
from ..shops.models import ACTIVE, TRIED, Shop
from ..web import State
from . import changes, failing, rereading, runs
from .holder import Holder, Task, work_shop
from .models import NIGHTLY
from .reading import read_segment
from .running import confirm_steps, run_steps
from .telling import tell_steps

jobs = JobBook()


@jobs.job("nights")
def claim_nights(state: State, shop_id: int | None = None) -> None:
    """Begin the night of each shop whose own day has changed since its last one.

    Many shops are spread over the minutes after midnight. The date is claimed by an update that
    only one process wins. A midnight that was slept through is made up for by the next tick. A
    store that is paused or shut us out is tried once a night.
    """
    with state.database.read() as session:
        shops = list(session.scalars(select(Shop).where(Shop.status.in_(TRIED))))
    for shop in shops:
        wait = calendar.wait_after_midnight(shop, len(shops))
        today = local_date(state.now() - wait, shop.timezone)
        if shop.last_nightly_date is not None and shop.last_nightly_date < today:
            _begin_night(state, shop, today)


def _begin_night(state: State, shop: Shop, today: date) -> None:
    with state.database.begin() as session:
        won = session.execute(
            update(Shop)
            .where(Shop.id == shop.id, Shop.last_nightly_date == shop.last_nightly_date)
            .values(last_nightly_date=today, status=ACTIVE, problem=None, reason=None)
        )
        if won.rowcount:  # type: ignore[attr-defined]
            runs.start(session, shop.id, NIGHTLY, state.now())


@jobs.job("sync")
def synchronise(state: State, shop_id: int | None = None) -> None:
    """Work on this shop, or on every connected one, until nothing is due."""
    with state.database.read() as session:
        active = set(session.scalars(select(Shop.id).where(Shop.status == ACTIVE)))
    for each in sorted(active if shop_id is None else active & {shop_id}):
        rereading.claim(state, each)
        changes.claim(state, each)
        _ring_later(state, each, held_for=work_shop(state, each, _start))


def _ring_later(state: State, shop_id: int, held_for: float | None) -> None:
    """What waits for another try is tried when its time comes, not at the next tick.

    So is what another worker has under way: it may have died, and then its lease ends.
    """
    with state.database.read() as session:
        at = failing.next_try_at(session, shop_id)
    if held_for is not None:
        at = state.now() + timedelta(seconds=held_for + 1)
    if at is not None and at > state.now():
        state.ring("sync", shop_id, at=at)


def _start(holder: Holder, task: Task) -> Iterator[None]:
    kind, row_id = task
    if kind == "shop":
        return confirm_steps(holder)
    if kind == "opt_outs":
        return tell_steps(holder)
    return run_steps(holder, row_id) if kind == "run" else read_segment(holder, row_id)
