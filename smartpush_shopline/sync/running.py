"""The first import and the night: phases of steps, each a row that a restart goes on from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..shops import calendar, install
from ..shops.models import ACTIVE
from . import (
    changes,
    checking,
    customers,
    deletions,
    findings,
    orders,
    reading,
    runs,
    small,
    subscribing,
    tonight,
)
from .holder import Holder
from .models import DONE, NIGHTLY, SyncRun


def run_steps(holder: Holder, run_id: int) -> Iterator[None]:
    """Work phase after phase until the run is done or waits for its segments."""
    while True:
        with holder.read() as session:
            run = session.get(SyncRun, run_id)
            phase = run.phase if run else None
        if phase is None:
            return
        if phase == "segments":
            _close(holder, run_id)
            return
        _PHASES[phase](holder, run_id)
        yield  # between two calls something more urgent may go first


def confirm_steps(holder: Holder) -> Iterator[None]:
    """Ask the store itself. One that we are no longer in refuses, also to refresh the token."""
    facts = holder.client.fetch_shop()
    with holder.begin() as session:
        shop = holder.shop(session)
        install.learn(shop, facts, holder.now())
        shop.confirm_at = None
    yield


def _learn_shop(holder: Holder, run_id: int) -> None:
    facts = holder.client.fetch_shop()
    with holder.begin() as session:
        shop = holder.shop(session)
        install.learn(shop, facts, holder.now())
        if shop.last_nightly_date is None:
            shop.last_nightly_date = calendar.today(shop, holder.now())
        if shop.status == ACTIVE:  # a shut store stays at this phase until it opens
            runs.advance(session, run_id)


def _subscribe(holder: Holder, run_id: int) -> None:
    refused = subscribing.subscribe(holder)
    with holder.begin() as session:
        run = runs.advance(session, run_id)
        run.findings = run.findings | ({"refused_topics": refused} if refused else {})


def _list_segments(holder: Holder, run_id: int) -> None:
    asked_at, searches = holder.now(), holder.client.list_saved_searches()
    count = holder.client.fetch_customer_count()
    with holder.begin() as session:
        untold = findings.untold_segments(session, holder.shop_id, searches)
        listed = reading.take_list(
            session, holder.shop_id, searches, asked_at, holder.settings.reread
        )
        run = runs.advance(session, run_id)
        findings.add(run, "segments", untold)
        run.segments_total, run.calls = len(listed), run.calls + 2
        shop, budget = holder.shop(session), holder.settings.night_budget
        tonight.decide_scope(session, shop, run, count, budget, holder.now())


def _begin_segments(holder: Holder, run_id: int) -> None:
    with holder.begin() as session:
        run = runs.advance(session, run_id)
        shop, budget = holder.shop(session), holder.settings.night_budget
        due = tonight.mark_due(session, shop, run, budget, holder.now())
        run.segments_total = due if run.kind == NIGHTLY else run.segments_total
        customers.move_cursor(shop, run)


def _close(holder: Holder, run_id: int) -> None:
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        run.state, run.finished_at, run.error = DONE, holder.now(), None


_PHASES: dict[str, Callable[[Holder, int], None]] = {
    "shop": _learn_shop,
    "subscriptions": _subscribe,
    "list": _list_segments,
    "small": small.read_small,
    "contacts": customers.read_page,
    "missing": deletions.ask_about_missing,
    "orders": orders.read_page,
    "members": checking.check_members,
    "counts": checking.count_members,
    "deltas": checking.apply_delta,
    "due": _begin_segments,
    "settle": changes.settle,
}
