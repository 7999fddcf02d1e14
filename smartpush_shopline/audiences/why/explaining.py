"""Why (not) this person? The first rule that decided, since when, and from which fact."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...contacts import deciding, finding, reach
from ...contacts.models import ConsentEvent, Contact
from ...segments.models import SegmentVersion
from ..delivery_models import AT_THE_FREEZE, SENT, AudienceBatch, LeftOut
from ..models import INCLUDE, NEWEST, Audience, AudiencePick
from ..resolve import Resolution
from . import waterfall
from .explanation import NOT_CHOSEN, RECIPIENT, UNKNOWN, DecidingFact, Explanation, InSegment

_BACK = 30
"""Versions that are looked through for the day somebody joined or left a segment."""


def explain_address(
    session: Session,
    audience: Audience,
    address: str,
    now: Resolution,
    default_country: str | None = None,
) -> Explanation:
    """Of several with this address, the one who gets it, else the first.

    `now`: what the audience comes to.
    """
    found = finding.by_address(session, audience.shop_id, address, default_country)
    if not found:
        return Explanation(UNKNOWN, address=address.strip())
    made = waterfall.look(session, audience, now)
    first = next((each for each in found if each.number in made.recipients), found[0])
    return _explain(session, audience, first, made, now)


def explain_query(
    session: Session,
    audience: Audience,
    query: str,
    now: Resolution,
    default_country: str | None,
    *,
    addresses: bool,
    most: int,
) -> tuple[Explanation | None, list[Contact]]:
    """By an address or a part of a name. None and up to `most` contacts when several are like it.

    `addresses`: parts of these are searched, too.
    """
    if finding.by_address(session, audience.shop_id, query, default_country):
        return explain_address(session, audience, query, now, default_country), []
    found = finding.search(session, audience.shop_id, query, addresses=addresses)
    contacts = list(islice(found, most))
    if len(contacts) > 1:
        return None, contacts
    if not contacts:
        return Explanation(UNKNOWN, address=query), []
    return explain_number(session, audience, contacts[0].number, now), []


def explain_number(
    session: Session, audience: Audience, number: int, now: Resolution
) -> Explanation:
    found = finding.by_numbers(session, audience.shop_id, [number])
    if not found:
        return Explanation(UNKNOWN)
    made = waterfall.look(session, audience, now)
    return _explain(session, audience, found[0], made, now)


def _explain(
    session: Session,
    audience: Audience,
    contact: Contact,
    made: waterfall.Waterfall,
    now: Resolution,
) -> Explanation:
    segments = _segments(session, audience, contact.number, now.undecided)
    rule, segment_id = _rule(made, contact.number)
    place = _place(session, audience, contact.number) if audience.is_frozen else _Place()
    rule = place.reason or rule
    here = reach.load(session, audience.shop_id, audience.channel)
    today = next(v for v, people in here.verdicts.items() if contact.number in people)
    pick = next((p for p in audience.picks if p.segment_id == segment_id), None)
    if rule == "left_list":
        pick = _left(audience, segments)
    decided = next((each for each in segments if pick and each.segment_id == pick.segment_id), None)
    event, through = _decided(session, audience, contact, rule, here)
    twin = _twin(session, contact, audience, here) if rule == "same_address" else None
    return Explanation(
        rule=rule,
        number=contact.number,
        name=finding.name_of(contact),
        address=finding.address_of(contact, audience.channel),
        since=event.occurred_at if event else _since(session, decided, contact.number),
        fact=_fact(event) if event else None,
        segment=pick.segment.name if pick else None,
        through=finding.name_of(twin) if twin else through,
        through_gets=twin is None or twin.number in made.recipients,
        place=place.name,
        sent_at=place.sent_at,
        today=today,
        segments=segments,
    )


def _rule(made: waterfall.Waterfall, number: int) -> tuple[str, int | None]:
    if number in made.recipients:
        return RECIPIENT, None
    for step in made.steps:
        if number in step.people:
            return step.name, step.segment_id
    return NOT_CHOSEN, None


@dataclass(frozen=True, slots=True)
class _Place:
    """`reason`: why a person of a batch was left out of it while it was sent."""

    name: str = ""
    sent_at: datetime | None = None
    reason: str = ""


def _place(session: Session, audience: Audience, number: int) -> _Place:
    left = select(LeftOut.reason, LeftOut.members).where(
        LeftOut.audience_id == audience.id, LeftOut.batch > AT_THE_FREEZE
    )
    for reason, members in session.execute(left):
        if number in members:
            return _Place("left_out", reason=reason)
    batches = select(AudienceBatch).where(AudienceBatch.audience_id == audience.id)
    for batch in session.scalars(batches):
        if number in batch.members:
            return _Place(batch.state, batch.confirmed_at if batch.state == SENT else None)
    return _Place("left_out")


def _twin(
    session: Session, contact: Contact, audience: Audience, here: reach.Reach
) -> Contact | None:
    """Whom the one message to this address goes to, or went to when that was decided."""
    first = here.firsts.get(contact.number, contact.number)
    if first != contact.number:
        return next(iter(finding.by_numbers(session, audience.shop_id, [first])), None)
    return next(iter(finding.sharing(session, contact, audience.channel)), None)


def _decided(
    session: Session, audience: Audience, contact: Contact, rule: str, here: reach.Reach
) -> tuple[ConsentEvent | None, str | None]:
    """The fact that decided, and whose it is when it is another's with the same address."""
    verdict = reach.SENDABLE if rule == RECIPIENT else rule
    if rule == "same_address":
        return None, None
    own = deciding.decisive(session, [contact], audience.channel, verdict)
    if own is not None or rule not in ("unsubscribed", "blacklisted"):
        return own, None
    for other in finding.sharing(session, contact, audience.channel):
        event = deciding.decisive(session, [other], audience.channel, verdict)
        if event is not None or (rule == "blacklisted" and other.state == 0 != contact.state):
            return event, finding.name_of(other)
    return None, None


def _fact(event: ConsentEvent) -> DecidingFact:
    return DecidingFact(
        event.state, event.source, event.occurred_at, event.recorded_at, event.dated
    )


def _segments(
    session: Session, audience: Audience, number: int, undecided: Collection[int]
) -> list[InSegment]:
    newest = {pick.id: _newest(audience, pick) for pick in audience.picks}
    ids = {pick.version_id for pick in audience.picks} | set(newest.values())
    versions = _versions(session, {each for each in ids if each})
    found = [
        _in_segment(pick, newest[pick.id], number, versions, undecided) for pick in audience.picks
    ]
    if not audience.is_frozen:
        return found
    return [replace(each, fixed=each.policy == NEWEST) for each in found]


def _newest(audience: Audience, pick: AudiencePick) -> int | None:
    """Of a list that is heeded, once the sending began: the newest of that moment."""
    if audience.is_frozen and pick.policy == NEWEST:
        return pick.heeded_version_id
    return pick.segment.current_version_id


def _versions(session: Session, ids: set[int]) -> dict[int, tuple[int, BitMap]]:
    asked = select(SegmentVersion.id, SegmentVersion.version, SegmentVersion.members)
    rows = session.execute(asked.where(SegmentVersion.id.in_(ids)))
    return {row.id: (row.version, row.members) for row in rows}


def _in_segment(
    pick: AudiencePick,
    newest_id: int | None,
    number: int,
    versions: dict[int, tuple[int, BitMap]],
    undecided: Collection[int],
) -> InSegment:
    kept = versions.get(pick.version_id or 0)
    newer = versions.get(newest_id or 0) if newest_id != pick.version_id else None
    return InSegment(
        segment_id=pick.segment_id,
        name=pick.segment.name,
        mode=pick.mode,
        policy=pick.policy,
        version=kept[0] if kept else None,
        has=bool(kept and number in kept[1]),
        newer=newer[0] if newer else None,
        newer_has=number in newer[1] if newer else None,
        undecided=pick.segment_id in undecided,
    )


def _left(audience: Audience, segments: Sequence[InSegment]) -> AudiencePick | None:
    """The segment that is heeded at sending and has lost this person."""
    lost = {
        each.segment_id
        for each in segments
        if each.mode == INCLUDE and each.is_heeded and each.has and not each.newer_has
    }
    return next((pick for pick in audience.picks if pick.segment_id in lost), None)


def _since(session: Session, segment: InSegment | None, number: int) -> datetime | None:
    """When the version that counts began to be as it is for this person: in it, or out of it."""
    if segment is None:
        return None
    counts = segment.newer if segment.is_heeded else segment.version
    asked = select(SegmentVersion.published_at, SegmentVersion.members).where(
        SegmentVersion.segment_id == segment.segment_id, SegmentVersion.version <= counts
    )
    rows = session.execute(asked.order_by(SegmentVersion.version.desc()).limit(_BACK)).all()
    since: datetime | None = None
    for published_at, members in rows:
        if since is not None and (number in members) != (number in rows[0].members):
            break
        since = published_at
    return since
