"""When the sending begins, the recipients are fixed once, with every reason as it was then."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ...errors import CannotSend
from ...members import digest
from ...segments.models import Segment, SegmentVersion
from ...shops.models import UNINSTALLED, Shop
from .. import heeding, recall, smart
from ..deciding import between
from ..delivery_models import AT_THE_FREEZE, PENDING, AudienceBatch, LeftOut
from ..models import HELD, SAVED, SCHEDULED, SENDING, UNDECIDED, Audience, AudiencePick
from ..resolve import Resolution
from . import story

_ROWS_AT_ONCE = 500


def lock(session: Session, audience_id: int) -> Audience:
    """Read afresh and kept, so that of two who begin at the same moment one only does."""
    return session.scalars(
        select(Audience)
        .where(Audience.id == audience_id)
        .with_for_update(of=Audience)
        .execution_options(populate_existing=True)
    ).one()


def freeze(
    session: Session,
    audience_id: int,
    now: datetime,
    *,
    size: int,
    rule: smart.Rule,
    threshold: float,
) -> bool:
    """Fix the recipients and cut them into batches. False when that was done before.

    `threshold`: of lists that moved too much. Raises CannotSend, with a reason in one word, and
    changes nothing then.
    """
    audience = lock(session, audience_id)
    if audience.is_frozen:
        return False
    refuse_unready(session, audience)
    _refuse_undecided(session, audience, threshold)
    saved = recall.resolution_now(session, audience, threshold)
    rule = smart.own_rule(audience, rule)
    found = smart.apply(session, audience, saved, rule, now)
    if not found.recipients:
        raise CannotSend("Nobody would get this.", reason="nobody")
    _fix(session, audience, found, rule, now)
    _cut(session, audience, found.recipients, size)
    return True


def refuse_unready(session: Session, audience: Audience) -> None:
    """Raise CannotSend when no campaign like this may go out, whoever its people are."""
    if audience.state not in (SAVED, SCHEDULED, HELD):
        raise CannotSend(
            f"These recipients are {audience.state}, so nothing is sent.", reason=audience.state
        )
    if session.get_one(Shop, audience.shop_id).status == UNINSTALLED:
        raise CannotSend("The store has uninstalled the app.", reason="store_gone")


def _refuse_undecided(session: Session, audience: Audience, threshold: float) -> None:
    for question in between.held_by(session, audience, threshold):
        name = question.pick.segment.name
        if question.kind == between.WAITING:
            raise CannotSend(f"{name} waits for its first list.", reason=question.kind)
        raise CannotSend(f"Somebody has to decide about {name} first.", reason=question.kind)


def _fix(
    session: Session, audience: Audience, found: Resolution, rule: smart.Rule, now: datetime
) -> None:
    heeded = heeding.heeded(audience, recall.choice_of(audience))
    for pick, then in zip(audience.picks, heeded.picks, strict=True):
        pick.heeded_version_id = then.version_id
    audience.frozen, audience.frozen_digest = found.recipients, digest(found.recipients)
    if story.is_open(audience):
        story.tell(audience, story.SETTLED, now)
    audience.frozen_at, audience.state = now, SENDING
    if audience.held_because != UNDECIDED:  # that one stays told
        audience.let_go()
    audience.frozen_facts = {
        "chosen": found.chosen,
        "smart_sending": smart.facts_of(rule),
        "saved": len(recall.recipients(session, audience)),
        "picks": [_facts_of(pick, session) for pick in audience.picks],
    }
    session.add_all(
        LeftOut(
            audience_id=audience.id,
            batch=AT_THE_FREEZE,
            reason=reason,
            members=people,
            count=len(people),
        )
        for reason, people in found.reasons.items()
        if people
    )


def _facts_of(pick: AudiencePick, session: Session) -> dict[str, Any]:
    segment = session.get_one(Segment, pick.segment_id)
    version = pick.version
    heeded = session.get(SegmentVersion, pick.heeded_version_id or 0)
    return {
        "segment_id": pick.segment_id,
        "mode": pick.mode,
        "policy": pick.policy,
        "segment": segment.segment_ref,
        "source": segment.source,
        "name": version.name if version else segment.name,
        "version": version.version if version else None,
        "version_id": pick.version_id,
        "heeded": heeded.version if heeded else None,
        "published_at": version.published_at.isoformat() if version else None,
        "people": version.count if version else None,
        "admin_count": segment.admin_count,
        "admin_name": segment.name,
        "admin_checked_at": segment.count_checked_at and segment.count_checked_at.isoformat(),
    }


def _cut(session: Session, audience: Audience, recipients: BitMap, size: int) -> None:
    rows: list[dict[str, Any]] = []
    for number, at in enumerate(range(0, len(recipients), size), 1):
        part = recipients[at : at + size]
        rows.append(
            {
                "audience_id": audience.id,
                "number": number,
                "members": part,
                "count": len(part),
                "state": PENDING,
                "key": _key(audience, number),
            }
        )
    session.flush()
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        session.execute(insert(AudienceBatch), rows[start : start + _ROWS_AT_ONCE])


def _key(audience: Audience, number: int) -> str:
    """The same batch has the same key for ever, and no other batch anywhere has it."""
    said = (
        f"{audience.shop_id}:{audience.id}:{audience.campaign_ref}:{audience.frozen_digest}:"
        f"{audience.frozen_at}:{number}"
    )
    return hashlib.sha256(said.encode()).hexdigest()[:40]
