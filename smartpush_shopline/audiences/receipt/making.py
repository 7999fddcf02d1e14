"""Who got a campaign, and why the others did not: as it was when the sending began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...segments.models import SegmentVersion
from ...segments.standing import GONE, OWN, standing
from ...shops.models import Shop
from ...web import campaign_name
from .. import delivery
from ..delivery_models import AT_THE_FREEZE, LeftOut
from ..models import INCLUDE, Audience, AudiencePick
from ..resolve import SINCE_SAVED
from . import reckoning_facts
from .reckoning import JOINED, LEFT, Line


def receipt(session: Session, audience: Audience, now: datetime) -> dict[str, Any]:
    """Only what JSON can hold. Its numbers add up: `chosen` = recipients + all left out.

    Raises NotFound while nothing was sent.
    """
    if audience.frozen_at is None:
        raise NotFound("There is no receipt: the sending has not begun.")
    facts = audience.frozen_facts or {}
    went = delivery.progress(session, audience.id, now)
    shop = session.get_one(Shop, audience.shop_id)
    return {
        "campaign_ref": audience.campaign_ref,
        "campaign_name": campaign_name(audience.campaign_ref),
        "shop": shop.handle,
        "time_zone": shop.timezone,
        "channel": audience.channel,
        "scope": audience.scope,
        "state": audience.state,
        "saved_at": _iso(audience.saved_at),
        "frozen_at": _iso(audience.frozen_at),
        "finished_at": _iso(audience.finished_at),
        "digest": audience.frozen_digest,
        "held": audience.held_story or [],
        "smart_sending": facts.get("smart_sending"),
        "picks": facts.get("picks", []),
        "chosen": facts.get("chosen"),
        "saved": facts.get("saved"),
        "left_out": left_out_at_the_freeze(session, audience.id),
        "recipients": went.total,
        "went": {
            "sent": went.sent,
            "pending": went.pending + went.handed_out,
            "uncertain": went.uncertain + went.parked,
            "cancelled": went.cancelled,
            "left_out": went.left_out,
        },
        "reckoning": reckoned(session, audience, now),
    }


def reckoned(session: Session, audience: Audience, now: datetime) -> dict[str, Any]:
    """From the Admin's list of today to who got it, in numbers that add up."""
    found = reckoning_facts.look(session, audience)
    picks = {pick.segment_id: pick for pick in audience.picks}
    return {
        "at": now.isoformat(),
        "admin_today": len(found.today),
        "lines": [_line(line, picks, session) for line in found.lines],
        "behind": list(_behind(session, audience)),
        "sent": len(found.sent),
        "fewer": found.fewer,
        "adds_up": found.adds_up,
    }


def _behind(session: Session, audience: Audience) -> Iterator[dict[str, Any]]:
    """Chosen segments whose newest list here is not of as many people as the Admin counts."""
    for pick in audience.picks:
        segment = pick.segment
        newest = session.get(SegmentVersion, segment.current_version_id or 0)
        counted, at = segment.admin_count, segment.count_checked_at
        if pick.mode != INCLUDE or newest is None or counted in (None, newest.count):
            continue
        if standing(segment, newest.count) not in (GONE, OWN):
            facts = {"version": newest.version, "people": newest.count, "admin_count": counted}
            yield {"segment": segment.name, "checked_at": _iso(at), **facts}


def _line(line: Line, picks: dict[int, AudiencePick], session: Session) -> dict[str, Any]:
    told: dict[str, Any] = {
        "line": line.key,
        "name": line.name,
        "reason": line.reason or None,
        "change": line.change,
    }
    pick = picks.get(line.segment_id or 0)
    if pick is None:
        return told
    told |= {"segment": pick.segment.name, "version": pick.version and pick.version.version}
    newest = session.get(SegmentVersion, pick.segment.current_version_id or 0)
    if line.name not in (JOINED, LEFT) or newest is None:
        return told
    return told | {"newest": newest.version, "changed_at": newest.published_at.isoformat()}


def left_out_at_the_freeze(session: Session, audience_id: int) -> dict[str, int]:
    """In the order in which the reasons are decided."""
    rows = session.scalars(
        select(LeftOut).where(LeftOut.audience_id == audience_id, LeftOut.batch == AT_THE_FREEZE)
    )
    found = {row.reason: row.count for row in rows}
    return {reason: found[reason] for reason in SINCE_SAVED if reason in found}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
