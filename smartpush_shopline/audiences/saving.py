"""Pinning a choice to a campaign: its versions, and the people whom they reach then.

A list of recipients grows only when a person takes a newer version; `recall` reads it back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..errors import NotFound, RecipientsFixed, StaleChoice
from ..members import digest
from ..segments.models import Segment, SegmentVersion
from ..shops.models import Shop
from .choice import Choice, Pick
from .models import HELD, SAVED, SCHEDULED, Audience, AudiencePick, AudienceReason
from .recall import choice_of, recipients
from .resolve import Resolution, resolve

_BATCH = 1000


def _lock(session: Session, campaign_ref: str, field: str) -> Audience | None:
    """Read afresh and kept, so that of two who save at the same moment the second is told."""
    return session.scalars(
        select(Audience)
        .where(Audience.campaign_ref == campaign_ref, Audience.field == field)
        .with_for_update(of=Audience)
        .execution_options(populate_existing=True)
    ).one_or_none()


def save(
    session: Session,
    choice: Choice,
    campaign_ref: str,
    now: datetime,
    field: str = "recipients",
) -> Audience:
    """Keep the chosen versions and the people they reach now. Flushes; the caller commits.

    Saved again with the same lists, the people stay as they were. Raises StaleChoice when
    somebody else saved other recipients after this form was drawn, NotFound when a chosen version
    is not kept any more.
    """
    audience = _lock(session, campaign_ref, field) or _adopt(session, choice, campaign_ref)
    if audience is None:
        audience = Audience(created_at=now, field=field, revision=0, state=SAVED)
        session.add(audience)
    elif audience.is_frozen and choice_of(audience).same_people_as(choice):
        return audience
    elif choice.revision != audience.revision:
        raise StaleChoice
    unchanged = audience.is_saved and choice_of(audience).same_people_as(choice)
    audience.shop_id, audience.channel = choice.shop_id, choice.channel
    audience.campaign_ref = campaign_ref
    if not unchanged:
        _pin(session, audience, choice, now)
        _not_held(audience)
    elif choice_of(audience).picks != choice.picks:
        _set_policies(audience, choice)
    session.flush()
    return audience


def news_of(session: Session, audience: Audience) -> dict[str, Any]:
    """What `audience_pinned` says."""
    return {
        "shop": session.get_one(Shop, audience.shop_id).card,
        "campaign_ref": audience.campaign_ref,
        "field": audience.field,
        "recipients": len(recipients(session, audience)),
        "revision": audience.revision,
    }


def _not_held(audience: Audience) -> None:
    """Other recipients than those that were to go out: a person schedules them again."""
    if audience.state == HELD:
        audience.state = SAVED
        audience.let_go()


def _set_policies(audience: Audience, choice: Choice) -> None:
    """The lists and the people stay; only what is heeded later is another."""
    for pick in audience.picks:
        wanted = choice.find(pick.segment_id)
        pick.policy = wanted.policy if wanted else pick.policy
    audience.revision += 1


def _adopt(session: Session, choice: Choice, campaign_ref: str) -> Audience | None:
    """The draft that Create Campaign opened, unless another campaign has it already.

    Claimed by an update that one of two campaigns saved from the same draft wins.
    """
    if choice.audience_id is None:
        return None
    free = (
        (Audience.id == choice.audience_id)
        & (Audience.shop_id == choice.shop_id)
        & Audience.campaign_ref.is_(None)
    )
    won = session.execute(update(Audience).where(free).values(campaign_ref=campaign_ref))
    if not won.rowcount:  # type: ignore[attr-defined]
        return None
    return session.get_one(Audience, choice.audience_id, populate_existing=True)


def refuse_fixed(audience: Audience) -> None:
    """Raise RecipientsFixed once the sending began."""
    if audience.is_frozen:
        raise RecipientsFixed


def _pin(session: Session, audience: Audience, choice: Choice, now: datetime) -> None:
    refuse_fixed(audience)
    if is_missing_lists(session, choice):
        raise NotFound("A chosen list is not kept any more. Choose its segment again.")
    found = resolve(session, choice.without_pending_exclusions())
    known = {pick.segment_id: pick for pick in audience.picks}
    audience.picks = [_picked(known.get(pick.segment_id), pick, now) for pick in choice.picks]
    audience.scope, audience.combine, audience.saved_at = choice.scope, choice.combine, now
    if audience.state not in (SCHEDULED, HELD):
        audience.state = SAVED
    audience.revision += 1
    keep_people(session, audience, found)


def _picked(known: AudiencePick | None, pick: Pick, now: datetime) -> AudiencePick:
    """The row of a pick; one that did not change keeps the time it was picked at."""
    if known is None:
        known = AudiencePick(segment_id=pick.segment_id)
    if (known.mode, known.version_id) != (pick.mode, pick.version_id) or known.picked_at is None:
        known.mode, known.version_id, known.picked_at = pick.mode, pick.version_id, now
        known.declined_version_id = None
    known.policy = pick.policy
    return known


def keep_people(session: Session, audience: Audience, found: Resolution) -> None:
    """Who receives it, and why the others do not, as of this moment."""
    audience.recipients, audience.digest = found.recipients, digest(found.recipients)
    known = {row.reason: row for row in audience.reasons}
    for reason, people in found.reasons.items():
        if reason in known:
            known[reason].members = people
        elif people:
            audience.reasons.append(AudienceReason(reason=reason, members=people))


def is_missing_lists(session: Session, choice: Choice) -> bool:
    """Whether a version was thinned out since it was shown, or is not of this shop's segment.

    So is a segment that waits for its first list and is not this shop's.
    """
    pending = {pick.segment_id for pick in choice.picks if pick.version_id is None}
    here = select(Segment.id).where(Segment.id.in_(pending), Segment.shop_id == choice.shop_id)
    if pending and pending - set(session.scalars(here)):
        return True
    wanted = {(pick.segment_id, pick.version_id) for pick in choice.picks if pick.version_id}
    asked = (
        select(SegmentVersion.segment_id, SegmentVersion.id)
        .join(Segment, Segment.id == SegmentVersion.segment_id)
        .where(
            SegmentVersion.id.in_([version_id for _segment_id, version_id in wanted]),
            Segment.shop_id == choice.shop_id,
        )
    )
    return bool(wanted) and bool(wanted - {(row[0], row[1]) for row in session.execute(asked)})


def take_newer(session: Session, audience: Audience, segment_id: int, now: datetime) -> None:
    """A person takes the newest list of one chosen segment; the people are worked out anew."""
    segments = {pick.segment_id: pick.segment for pick in audience.picks}
    if segment_id not in segments:
        raise NotFound("This campaign did not choose that segment.")
    newest = segments[segment_id].current_version_id
    repin(session, audience, choice_of(audience).at_version(segment_id, newest), now)


def repin(session: Session, audience: Audience, choice: Choice, now: datetime) -> None:
    """Another choice for the same campaign; the people are worked out anew."""
    _pin(session, audience, choice, now)
    session.flush()
