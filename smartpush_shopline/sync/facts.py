"""One store in numbers, for scripts: `/status.json` and `flask smartpush status --json`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ..failure import sentence
from ..inbox.finding import unfinished
from ..segments.standing import DIFFERS
from ..shops.models import Shop
from ..shops.words import cause
from . import overview, runs


def of_store(session: Session, shop: Shop, at: datetime) -> dict[str, Any]:
    """Times are ISO 8601 in UTC; `next_midnight` is that of the store's own time zone."""
    now = overview.look(session, shop, at, may_check=False, admin_url="")
    fresh = overview.freshness(session, shop, at)
    cards = overview.reach_cards(session, shop.id)
    return {
        "handle": shop.handle,
        "name": shop.name,
        "status": shop.status,
        "problem": cause(shop) or None,
        "timezone": shop.timezone,
        "syncing": now.run is not None,
        "progress": _progress(now),
        "segments": {
            "total": now.total,
            "matching": now.matching,
            "checking": now.checking,
            "reading": now.reading + now.retrying,
            "needing": now.needing,
        },
        "failed": [_failed(each) for each in now.needs],
        "count_checked_at": _iso(fresh.count_newest),
        "count_checked_oldest_at": _iso(fresh.count_oldest),
        "read_at": _iso(fresh.read_newest),
        "read_oldest_at": _iso(fresh.read_oldest),
        "version_since": _iso(fresh.version_newest),
        "last_webhook_at": _iso(shop.last_webhook_at),
        "last_nightly_date": _iso(shop.last_nightly_date),
        "next_midnight": _iso(fresh.next_midnight),
        "inbox": unfinished(session, shop.id, at),
        "reach": {
            card.channel: {each.name: each.count for each in card.reasons}
            | {"sendable": card.sendable}
            for card in cards
        },
        "contacts": {"total": cards[0].total, "from_dashboard": cards[0].own},
    }


def _progress(now: overview.Now) -> dict[str, Any] | None:
    """`done` of `total` are customers, then segments, never the other way round."""
    if now.run is None or now.progress is None:
        return None
    phases = runs.PHASES[now.run.kind]
    reads_people = phases.index(now.progress.phase) <= phases.index("missing")
    return {
        "kind": now.run.kind,
        "phase": now.progress.phase,
        "percent": now.progress.percent,
        "label": "customers" if reads_people else "segments",
        "done": now.progress.contacts_done if reads_people else now.progress.segments_done,
        "total": now.progress.contacts_total if reads_people else now.progress.segments_total,
        "customers_done": now.progress.contacts_done,
        "customers_total": now.progress.contacts_total,
        "segments_done": now.progress.segments_done,
        "segments_total": now.progress.segments_total,
        "failed": now.progress.failed,
        "customers_per_second": now.progress.rate,
        "calls_left": now.progress.calls_left,
        "seconds_left": now.progress.seconds_left,
        "error": sentence(now.progress.error) or None,
    }


def _failed(need: overview.Need) -> dict[str, Any]:
    """A segment that does not match by itself: why, and when it is tried again."""
    return {
        "segment": need.segment.name,
        "standing": need.standing,
        "admin_count": need.segment.admin_count,
        "members": need.count,
        "error": None if need.standing == DIFFERS else sentence(need.segment.error) or None,
        "next_try_at": _iso(need.segment.next_try_at),
    }


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
