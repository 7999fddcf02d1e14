"""The first import and the night: the same phases, each a step that a restart goes on from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..clock import local_date, midnight
from ..segments.models import DELETED, SHOPLINE, Segment
from ..shops import calendar, install
from ..shops.models import ACTIVE, Shop
from . import customers, reading, runs, staleness, subscribing
from .holder import Holder
from .models import DONE, IMPORT, SyncRun


def run_steps(holder: Holder, run_id: int) -> Iterator[None]:
    """Work phase after phase until the run is done or waits for its segments."""
    while True:
        with holder.begin() as session:
            phase = session.get_one(SyncRun, run_id).phase
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
            runs.advance(session, run_id, "subscriptions")


def _subscribe(holder: Holder, run_id: int) -> None:
    refused = subscribing.subscribe(holder)
    with holder.begin() as session:
        run = runs.advance(session, run_id, "list")
        run.findings = run.findings | ({"refused_topics": refused} if refused else {})


def _list_segments(holder: Holder, run_id: int) -> None:
    searches = holder.client.list_saved_searches()
    count = holder.client.fetch_customer_count()
    with holder.begin() as session:
        listed = reading.take_list(session, holder.shop_id, searches, holder.now())
        run = runs.advance(session, run_id, "contacts")
        run.contacts_total, run.segments_total = count, len(listed)


def _begin_segments(holder: Holder, run_id: int) -> None:
    with holder.begin() as session:
        run = runs.advance(session, run_id, "segments")
        run.segments_total = _mark_segments(session, holder.shop(session), run, holder.now())


def _mark_segments(session: Session, shop: Shop, run: SyncRun, now: datetime) -> int:
    """Have the segments read; returns how many."""
    reason = staleness.FIRST if run.kind == IMPORT else staleness.NIGHT
    segments = session.scalars(
        select(Segment).where(
            Segment.shop_id == shop.id, Segment.source == SHOPLINE, Segment.state != DELETED
        )
    )
    due = [s for s in segments if run.kind == IMPORT or not was_followed(s, shop.timezone, now)]
    for segment in due:
        staleness.mark_stale(session, segment, reason, now)
    return len(due)


def was_followed(segment: Segment, zone: str, now: datetime) -> bool:
    """Changed on the local day that just ended, and read in full after its last change.

    Only such a segment is left out of the night.
    """
    yesterday = midnight(local_date(now, zone) - timedelta(days=1), zone)
    return (
        segment.stale_reason is None
        and segment.error is None
        and segment.changed_at is not None
        and segment.read_at is not None
        and yesterday <= segment.changed_at <= segment.read_at
    )


def _close(holder: Holder, run_id: int) -> None:
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        run.state, run.finished_at, run.error = DONE, holder.now(), None


_PHASES: dict[str, Callable[[Holder, int], None]] = {
    "shop": _learn_shop,
    "subscriptions": _subscribe,
    "list": _list_segments,
    "contacts": customers.read_page,
    "missing": customers.ask_about_missing,
    "due": _begin_segments,
}
