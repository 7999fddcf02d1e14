"""From the tables to the plan of a night, and from the plan to stale segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ..contacts.models import Contact
from ..segments.models import DELETED, SHOPLINE, Segment, SegmentVersion
from ..shopline import MAX_LIMIT
from ..shops.models import Shop
from . import deletions, orders, planning, staleness
from .checking import counted_since, owes_reading
from .following import was_followed
from .models import IMPORT, SyncDelta, SyncRun
from .planning import Known, Plan
from .rules import moves_with_time

_NO_LIMIT = 1_000_000_000
TONIGHT, LATER = "tonight", "later"


def decide_scope(
    session: Session, shop: Shop, run: SyncRun, customers: int, budget: int, now: datetime
) -> None:
    """Is everything read, and are the customers read in full or from the cursor on?"""
    sizes = [known.size for known in known_segments(session, shop, now, None)]
    small = planning.reads_everything(customers, sizes, budget, MAX_LIMIT)
    run.whole = run.kind == IMPORT or small
    full = run.whole or planning.is_full_read_due(shop.customers_read_at, now)
    run.since = None if full else shop.customers_cursor
    if full and not run.whole:
        run.uncounted = deletions.uncounted(session, shop.id, customers)
    run.contacts_total = customers if run.since is None else None


def mark_due(session: Session, shop: Shop, run: SyncRun, budget: int, now: datetime) -> int:
    """Have segments read as planned; how many.

    A first import reads all that it has not read yet, the small ones first.
    """
    first = run.kind == IMPORT
    limit = budget - run.calls if not run.whole else _NO_LIMIT
    known = known_segments(session, shop, now, run)
    if first:
        known = [k for k in known if k.read_at is None or k.read_at < run.started_at]
    due = planning.plan(known, now, limit, MAX_LIMIT)
    reason = staleness.FIRST if first else staleness.NIGHT
    for turn, each in enumerate(due.readings):
        segment = session.get_one(Segment, each.id)
        staleness.mark_stale(session, segment, reason, now, turn=turn)
    session.execute(delete(SyncDelta).where(SyncDelta.run_id == run.id))
    run.changed = None
    if not first:
        run.findings = run.findings | {"plan": _in_words(due)}
    return len(due.readings)


def _in_words(due: Plan) -> dict[str, object]:
    reasons = Counter(each.reason for each in due.readings)
    return {"read": reasons, "later": len(due.later)}


def known_segments(
    session: Session, shop: Shop, now: datetime, run: SyncRun | None
) -> list[Known]:
    """Without a run: as far as it is known before the night has asked anything."""
    marked = _marked(session, run)
    return [
        _known(segment, version, shop, now, run, segment.id in marked)
        for segment, version in _rows(session, shop.id)
    ]


def _rows(session: Session, shop_id: int) -> Iterable[tuple[Segment, SegmentVersion | None]]:
    asked = (
        select(Segment, SegmentVersion)
        .outerjoin(SegmentVersion, SegmentVersion.id == Segment.current_version_id)
        .where(
            Segment.shop_id == shop_id, Segment.source == SHOPLINE, Segment.state != DELETED
        )
        .order_by(Segment.id)
    )
    return [(row[0], row[1]) for row in session.execute(asked)]


def _marked(session: Session, run: SyncRun | None) -> set[int]:
    """Segments of which a changed customer is in or out, and those of whom nobody could tell."""
    if run is None:
        return set()
    if run.changed:
        return set(session.scalars(select(Segment.id).where(Segment.shop_id == run.shop_id)))
    return set(session.scalars(select(SyncDelta.segment_id).where(SyncDelta.run_id == run.id)))


def _known(
    segment: Segment,
    version: SegmentVersion | None,
    shop: Shop,
    now: datetime,
    run: SyncRun | None,
    marked: bool,
) -> Known:
    first = run is not None and run.kind == IMPORT
    there = counted_since(segment, run.started_at) if run else segment.admin_count
    return Known(
        id=segment.id,
        here=version.count if version and not first else None,
        there=there,
        read_at=segment.read_at,
        changed=owes_reading(segment, version),
        moves=moves_with_time(segment.definition),
        marked=marked,
        followed=not first and was_followed(
            segment, shop.people_changed_at, shop.timezone, now
        ),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One segment of the outlook; `reason` is a word of `planning`, `when` tonight or later."""

    segment: Segment
    reason: str
    calls: int
    when: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What tonight would do, from what is known now. Nothing is asked.

    `customer_calls` read the customers, all or from `since` on, `order_calls` the orders that
    changed, at least; `counts` ask how many people each segment has; the rest of `calls` are those
    of the lines of tonight.
    """

    budget: int
    customers: int
    whole: bool
    since: datetime | None
    customer_calls: int
    order_calls: int
    counts: int
    lines: list[Line]

    @property
    def calls(self) -> int:
        lines = sum(each.calls for each in self.lines if each.when == TONIGHT)
        return self.customer_calls + self.order_calls + self.counts + lines


def look_ahead(session: Session, shop: Shop, budget: int, now: datetime) -> Outlook:
    alive = (Contact.shop_id == shop.id) & Contact.customer_ref.is_not(None)
    here = select(func.count(Contact.id)).where(alive, Contact.deleted_at.is_(None))
    customers = session.scalars(here).one()
    run = SyncRun(kind="", shop_id=shop.id)
    decide_scope(session, shop, run, customers, budget, now)
    known = known_segments(session, shop, now, None)
    reading = planning.pages(customers, MAX_LIMIT) if run.since is None else 1
    ordered = 0 if run.whole or not orders.is_granted(shop) else orders.FEWEST_CALLS
    due = planning.plan(known, now, budget - reading - ordered - len(known), MAX_LIMIT)
    rows = {segment.id: segment for segment, _version in _rows(session, shop.id)}
    lines = [
        *(Line(rows[r.id], r.reason, r.calls, TONIGHT) for r in due.readings),
        *(Line(rows[r.id], r.reason, r.calls, LATER) for r in due.later),
    ]
    return Outlook(budget, customers, run.whole, run.since, reading, ordered, len(known), lines)
