"""Reading back a saved audience: what was chosen, and who it goes to now.

A list of recipients can only shrink by itself: it is the people as saved, minus who may not be
written to any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..contacts import reach
from ..contacts.models import Contact
from ..contracts import Recipient
from . import heeding
from .choice import Choice, Pick
from .delivery_models import AT_THE_FREEZE, LeftOut
from .models import Audience
from .resolve import LEFT_LIST, REASONS, Lists, Resolution, resolve, split

_BATCH = 1000


def find(session: Session, campaign_ref: str, field: str = "recipients") -> Audience | None:
    return session.scalars(
        select(Audience).where(Audience.campaign_ref == campaign_ref, Audience.field == field)
    ).one_or_none()


def states(session: Session, campaign_refs: Collection[str], field: str) -> dict[str, str]:
    rows = session.execute(
        select(Audience.campaign_ref, Audience.state).where(
            Audience.campaign_ref.in_(campaign_refs), Audience.field == field
        )
    )
    return {str(row.campaign_ref): row.state for row in rows}


def choice_of(audience: Audience) -> Choice:
    """The choice as it stands, to be edited."""
    picks = tuple(Pick(p.mode, p.segment_id, p.version_id, p.policy) for p in audience.picks)
    return Choice(
        shop_id=audience.shop_id,
        channel=audience.channel,
        scope=audience.scope,
        picks=picks,
        revision=audience.revision,
        audience_id=audience.id,
        combine=audience.combine,
    )


def recipients(session: Session, audience: Audience) -> BitMap:
    members = session.scalars(
        select(Audience.recipients).where(Audience.id == audience.id)
    ).one_or_none()
    return members if members is not None else BitMap()


def recipients_now(session: Session, audience: Audience, threshold: float) -> BitMap:
    """As saved, minus who may not be written to any more."""
    return resolution_now(session, audience, threshold).recipients


def resolution_now(
    session: Session,
    audience: Audience,
    threshold: float,
    saved: BitMap | None = None,
    choice: Choice | None = None,
) -> Resolution:
    """The people of the choice as saved, each under the reason of that day, or, for those who
    fell away since, under today's. Once the sending began: as it was at that moment.

    `threshold`: of lists that moved too much, see `heeding`. `saved`: its recipients, if they were
    read. `choice`: of the same lists, perhaps with other policies.
    """
    if audience.is_frozen:
        return frozen(session, audience)
    here = reach.load(session, audience.shop_id, audience.channel)
    saved = recipients(session, audience) if saved is None else saved
    choice = choice or choice_of(audience)
    lost = heeding.lost_by(session, audience, choice, saved, threshold)
    left = saved - lost.left_list
    today = split(session, choice, left, lost.excluded, here)
    then = {row.reason: row.members for row in audience.reasons}
    reasons = {
        reason: people | then.get(reason, BitMap()) for reason, people in today.reasons.items()
    }
    if lost.left_list:
        reasons[LEFT_LIST] = lost.left_list
    chosen = len(today.recipients) + sum(len(people) for people in reasons.values())
    return Resolution(chosen, reasons, today.recipients, lost.undecided)


def frozen(session: Session, audience: Audience) -> Resolution:
    """As it was when the sending began."""
    rows = session.scalars(
        select(LeftOut).where(LeftOut.audience_id == audience.id, LeftOut.batch == AT_THE_FREEZE)
    )
    reasons = {reason: BitMap() for reason in REASONS}
    reasons |= {row.reason: row.members for row in rows}
    people = session.scalars(select(Audience.frozen).where(Audience.id == audience.id)).one()
    recipients = people if people is not None else BitMap()
    chosen = len(recipients) + sum(len(left) for left in reasons.values())
    return Resolution(chosen, reasons, recipients)


def resolution_of(
    session: Session, choice: Choice, threshold: float, lists: Lists | None = None
) -> Resolution:
    """What a form shows: exactly what saving it would come to.

    While the saved choice is unchanged, the people are the saved ones.
    """
    audience = session.get(Audience, choice.audience_id) if choice.audience_id else None
    if audience and audience.is_saved and choice_of(audience).same_people_as(choice):
        return resolution_now(session, audience, threshold, choice=choice)
    return resolution_anew(session, audience, choice, threshold, lists)


def resolution_anew(
    session: Session,
    audience: Audience | None,
    choice: Choice,
    threshold: float,
    lists: Lists | None = None,
) -> Resolution:
    """Another choice for this audience, minus whom the lists that are heeded take away already."""
    found = resolve(session, choice.without_pending_exclusions(), lists)
    if audience is None or audience.is_frozen:
        return found
    lost = heeding.lost_by(session, audience, choice, found.recipients, threshold)
    excluded = found.reasons["excluded"] | lost.excluded
    return Resolution(
        chosen=found.chosen,
        reasons=dict(found.reasons) | {"excluded": excluded, LEFT_LIST: lost.left_list},
        recipients=found.recipients - lost.left_list - lost.excluded,
        undecided=lost.undecided,
    )


def iter_people(session: Session, audience: Audience, numbers: BitMap) -> Iterator[Recipient]:
    """These people with the address of the audience's channel, read in batches."""
    for at in range(0, len(numbers), _BATCH):
        contacts = session.scalars(
            select(Contact)
            .where(
                Contact.shop_id == audience.shop_id,
                Contact.number.in_(list(numbers[at : at + _BATCH])),
            )
            .order_by(Contact.number)
        )
        for contact in contacts:
            address = contact.email if audience.channel == "email" else contact.phone
            yield Recipient(
                number=contact.number,
                address=address or "",
                first_name=contact.first_name,
                last_name=contact.last_name,
                customer_ref=contact.customer_ref,
                host_ref=contact.host_ref,
            )
