"""What the overview says: how many segments match, what needs a person, how fresh it all is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..clock import local_date, midnight
from ..contacts import reach
from ..contacts.models import Contact
from ..contracts import CHANNELS
from ..segments.bridging import Reason
from ..segments.listing import facts_of
from ..segments.marking import mark_of
from ..segments.models import DELETED, SHOPLINE, Segment, SegmentVersion
from ..segments.standing import CHECKING, MATCHES, NEEDS_A_PERSON, READING, RETRYING, standing
from ..shops import calendar
from ..shops.models import TRIED, Shop
from . import runs
from .models import SyncRun

MOST_NEEDS = 20


@dataclass(frozen=True, slots=True)
class Need:
    """A segment that does not match by itself, and how it stands."""

    segment: Segment
    standing: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Now:
    """`is_live`: something changes by itself, so the page looks again."""

    total: int
    matching: int
    checking: int
    reading: int
    retrying: int
    needing: int
    needs: Sequence[Need]
    run: SyncRun | None
    progress: runs.Progress | None
    is_live: bool
    may_check: bool
    admin_url: str
    changed_since: datetime | None
    """When customers last changed, if that is after the oldest check of a count and they have
    not been asked about; `asks_soon`: that they will be within a moment."""
    asks_soon: bool
    mark: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """Three kinds of time that are never mixed, each from the oldest to the newest segment."""

    count_oldest: datetime | None
    count_newest: datetime | None
    read_oldest: datetime | None
    read_newest: datetime | None
    version_newest: datetime | None
    next_midnight: datetime


@dataclass(frozen=True, slots=True)
class ReachCard:
    """total == sendable + all reasons. `own` of the total came from the dashboard's segments
    alone: the store does not know them, so nobody asked them.
    """

    channel: str
    total: int
    sendable: int
    reasons: Sequence[Reason]
    own: int


def look(session: Session, shop: Shop, now: datetime, *, may_check: bool, admin_url: str) -> Now:
    every = [
        Need(segment, standing(segment, count, shop.doubted_since), count)
        for segment, count in session.execute(_segments(shop.id))
    ]
    found = Counter(each.standing for each in every)
    run = runs.current_run(session, shop.id)
    progress = runs.progress(session, run, now) if run else None
    asks_soon = shop.doubted_since is not None
    needing = [each for each in every if each.standing in NEEDS_A_PERSON]
    again = [each for each in every if each.standing == RETRYING and each.segment.attempts]
    needs = [*needing, *again][:MOST_NEEDS]
    return Now(
        total=len(every),
        matching=found[MATCHES],
        checking=found[CHECKING],
        reading=found[READING],
        retrying=found[RETRYING],
        needing=len(needing),
        needs=needs,
        run=run,
        progress=progress,
        is_live=bool(run or found[READING] or found[RETRYING] or asks_soon),
        may_check=may_check,
        admin_url=admin_url,
        changed_since=_changed_since(shop, [each.segment for each in every]),
        asks_soon=asks_soon,
        mark=mark_of(
            progress, asks_soon, shop.changes_checked_at, shop.status, shop.problem,
            run and run.next_try_at, sorted(found.items()),
            [facts_of(each.segment) for each in needs], int(now.timestamp()) // 60,
        ),
    )


def _changed_since(shop: Shop, segments: Sequence[Segment]) -> datetime | None:
    checked = [each.count_checked_at for each in segments if each.count_checked_at]
    changed = shop.people_changed_at
    known = max(min(checked), shop.changes_checked_at or min(checked)) if checked else None
    return changed if changed and known and changed > known else None


def _segments(shop_id: int) -> Any:
    """With the count of the current version; not its people."""
    return (
        select(Segment, SegmentVersion.count)
        .outerjoin(SegmentVersion, SegmentVersion.id == Segment.current_version_id)
        .where(
            Segment.shop_id == shop_id, Segment.source == SHOPLINE, Segment.state != DELETED
        )
        .order_by(func.lower(Segment.name), Segment.id)
    )


def freshness(session: Session, shop: Shop, now: datetime) -> Freshness:
    times = session.execute(
        select(
            func.min(Segment.count_checked_at),
            func.max(Segment.count_checked_at),
            func.min(Segment.read_at),
            func.max(Segment.read_at),
            func.max(SegmentVersion.published_at),
        )
        .outerjoin(SegmentVersion, SegmentVersion.id == Segment.current_version_id)
        .where(
            Segment.shop_id == shop.id, Segment.source == SHOPLINE, Segment.state != DELETED
        )
    ).one()
    return Freshness(*times, next_midnight=next_night(session, shop, now))


def next_night(session: Session, shop: Shop, now: datetime) -> datetime:
    among = session.scalars(select(func.count(Shop.id)).where(Shop.status.in_(TRIED))).one()
    wait = calendar.wait_after_midnight(shop, among)
    tomorrow = local_date(now - wait, shop.timezone) + timedelta(days=1)
    return midnight(tomorrow, shop.timezone) + wait


def reach_cards(session: Session, shop_id: int) -> list[ReachCard]:
    own = _own_people(session, shop_id)
    return [
        _reach_card(channel, reach.load(session, shop_id, channel), own) for channel in CHANNELS
    ]


def _own_people(session: Session, shop_id: int) -> int:
    asked = select(func.count(Contact.id)).where(
        Contact.shop_id == shop_id,
        Contact.customer_ref.is_(None),
        Contact.host_ref.is_not(None),
        Contact.deleted_at.is_(None),
    )
    return session.scalars(asked).one()


def _reach_card(channel: str, here: reach.Reach, own: int) -> ReachCard:
    counts = {verdict: len(people) for verdict, people in here.verdicts.items()}
    sendable = counts.pop(reach.SENDABLE)
    reasons = [Reason(name, count) for name, count in counts.items() if count]
    return ReachCard(channel, sendable + sum(counts.values()), sendable, reasons, own)
