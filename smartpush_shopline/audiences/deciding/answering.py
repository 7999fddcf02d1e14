"""What a person decides between choosing and sending: keep, swap, discard. Taking the newest list
is `saving.take_newer`."""

from __future__ import annotations

from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound, StaleChoice
from ...segments.models import DELETED, Segment
from .. import delivery, recall, saving
from ..choice import Choice, Pick
from ..models import DISCARDED, HELD, NEWEST, PINNED, Audience, AudiencePick


def lock(session: Session, audience_id: int, revision: int | None) -> Audience:
    """The audience, kept from others. Raises StaleChoice when it is not as it was shown."""
    audience = session.scalars(
        select(Audience)
        .where(Audience.id == audience_id)
        .with_for_update(of=Audience)
        .execution_options(populate_existing=True)
    ).one()
    if revision is not None and revision != audience.revision:
        raise StaleChoice
    return audience


def keep(session: Session, audience: Audience, segment_id: int) -> None:
    """Stay with the list that was saved; not asked again until there is another one.

    A list that was to be heeded at sending is pinned by it. Raises NotFound, RecipientsFixed.
    """
    saving.refuse_fixed(audience)
    pick = _pick(audience, segment_id)
    if pick.segment.state == DELETED:
        pick.declined_version_id = pick.version_id
    else:
        pick.declined_version_id = pick.segment.current_version_id
    if pick.policy == NEWEST:
        pick.policy = PINNED
        audience.revision += 1
    session.flush()


def swap(
    session: Session, audience: Audience, segment_id: int, other_id: int, now: datetime
) -> None:
    """Another segment in the place of this one; the people are worked out anew.

    Raises NotFound for one that is not chosen, and for another that cannot be.
    """
    old = _pick(audience, segment_id)
    other = session.get(Segment, other_id)
    choice = recall.choice_of(audience)
    if not _may_take_the_place(choice, other):
        raise NotFound("That segment cannot be chosen here.")
    assert other is not None  # noqa: S101  for the type checker
    new = Pick(old.mode, other.id, other.current_version_id, old.policy)
    saving.repin(session, audience, choice.exchanged(segment_id, new), now)


def _may_take_the_place(choice: Choice, other: Segment | None) -> bool:
    return (
        other is not None
        and other.shop_id == choice.shop_id
        and other.state != DELETED
        and other.current_version_id is not None
        and choice.find(other.id) is None
    )


def drop(session: Session, audience: Audience, now: datetime) -> None:
    """What was to be sent is cancelled and may be scheduled again; all else is discarded."""
    if audience.state == HELD:
        delivery.cancel(session, audience, now)
        audience.revision += 1
    else:
        discard(session, audience)


def discard(session: Session, audience: Audience) -> None:
    """Nobody receives it. The choice stays and may be saved again. Raises RecipientsFixed."""
    saving.refuse_fixed(audience)
    audience.state, audience.scheduled_at = DISCARDED, None
    audience.let_go()
    audience.recipients, audience.digest = BitMap(), None
    audience.reasons.clear()
    audience.revision += 1
    session.flush()


def _pick(audience: Audience, segment_id: int) -> AudiencePick:
    for pick in audience.picks:
        if pick.segment_id == segment_id:
            return pick
    raise NotFound("This campaign did not choose that segment.")
