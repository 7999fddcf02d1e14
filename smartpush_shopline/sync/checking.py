"""Cheap looks before anything is read in full: who changed, and how many the Admin counts.

A night takes them for all segments, a look at changes for those that the changes are about. Both
ask GraphQL. A store that refuses it, or fails again and again, still has its night: what could not
be checked is read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from pyroaring import BitMap
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ..contacts import people as contacts
from ..contacts.models import Contact
from ..errors import Gone, NotAuthorised, ShoplineBusy, ShoplineError
from ..segments import publishing
from ..segments.models import DELETED, SHOPLINE, Segment, SegmentVersion
from . import findings, reading, runs
from .holder import Holder
from .models import CHANGES, IMPORT, SyncDelta, SyncRun

T = TypeVar("T")
CUSTOMERS_PER_CALL = 20
PATIENCE = 3
CAUSE = "changes"


def check_members(holder: Holder, run_id: int) -> None:
    """Twenty of the customers who changed: in which segments they are now, and what they bought."""
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        some = BitMap(list(run.changed or ())[:CUSTOMERS_PER_CALL])
        people, segments, attempts = _refs(session, run, some), _listed(session, run), run.attempts
        gone = _deleted(session, run, some)
        if not some:
            runs.advance(session, run_id)
            return
    told = asked(
        lambda: holder.client.fetch_memberships(list(people), [s.segment_ref for s in segments]),
        attempts,
    )
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        run.calls, run.error, run.attempts = run.calls + 1, None, 0
        if told is None:
            runs.advance(session, run_id)  # who is left in `changed` marks every segment
            return
        contacts.set_figures(session, run.shop_id, told)
        run.changed = (run.changed or BitMap()) - some
        for segment in segments:
            ref = segment.segment_ref
            answers = {people[who]: now.segments.get(ref) for who, now in told.items()}
            answers |= dict.fromkeys(gone, False)
            _note(session, run, segment, answers)


def _refs(session: Session, run: SyncRun, numbers: BitMap) -> dict[str, int]:
    asked = select(Contact.customer_ref, Contact.number).where(
        Contact.shop_id == run.shop_id,
        Contact.number.in_(list(numbers)),
        Contact.customer_ref.is_not(None),
        Contact.deleted_at.is_(None),
    )
    return {str(ref): number for ref, number in session.execute(asked)}


def _deleted(session: Session, run: SyncRun, numbers: BitMap) -> BitMap:
    """Whom the store deleted: nobody needs to ask where they are."""
    asked = select(Contact.number).where(
        Contact.shop_id == run.shop_id,
        Contact.number.in_(list(numbers)),
        Contact.deleted_at.is_not(None),
    )
    return BitMap(session.scalars(asked))


def _note(
    session: Session, run: SyncRun, segment: Segment, answers: dict[int, bool | None]
) -> None:
    """Keep who is in the segment or out of it, other than its current version says."""
    version = publishing.current_version(session, segment)
    if version is None:
        return
    joined = BitMap(n for n, inside in answers.items() if inside and n not in version.members)
    left = BitMap(
        n for n, inside in answers.items() if inside is False and n in version.members
    )
    if not joined and not left:
        return
    delta = session.get(SyncDelta, (run.id, segment.id))
    if delta is None:
        delta = SyncDelta(run_id=run.id, segment_id=segment.id, joined=BitMap(), left=BitMap())
        session.add(delta)
    delta.joined, delta.left = delta.joined | joined, delta.left | left


def count_members(holder: Holder, run_id: int) -> None:
    """One segment as the Admin counts it."""
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        left = [s for s in _to_count(session, run) if s.id > int(run.page_info or 0)]
        zone, attempts = holder.shop(session).timezone, run.attempts
        if not left:
            runs.advance(session, run_id)
            return
    ref, segment_id = left[0].segment_ref, left[0].id
    told = asked(lambda: _count(holder, ref, zone), attempts)
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        run.calls, run.error, run.attempts = run.calls + 1, None, 0
        run.page_info = str(segment_id)
        if told is None:
            runs.advance(session, run_id)
        elif told >= 0:
            segment = session.get_one(Segment, segment_id)
            version = session.get(SegmentVersion, segment.current_version_id or 0)
            here = version.count if version else None
            publishing.mark_counted(segment, told, here, holder.now())


def _to_count(session: Session, run: SyncRun) -> list[Segment]:
    """A first import asks only how much is left to read; a look at changes, what they are about."""
    if run.kind == IMPORT:
        return _listed(session, run, runs.is_unread(run))
    if run.kind != CHANGES or run.changed:
        return _listed(session, run)
    told = select(SyncDelta.segment_id).where(SyncDelta.run_id == run.id)
    return _listed(session, run, Segment.id.in_(told))


def _count(holder: Holder, ref: str, zone: str) -> int:
    """-1 for a segment that is gone: the list of the next night tells it, or its message."""
    try:
        return holder.client.fetch_member_count(ref, zone)
    except Gone:
        return -1


def apply_delta(holder: Holder, run_id: int) -> None:
    """One segment: what is known of changed people leads to a version if the Admin's count fits.

    Where it does not, the row stays and the segment is read.
    """
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        delta = _next_delta(session, run)
        if delta is None:
            runs.advance(session, run_id)
            return
        run.page_info = str(delta.segment_id)
        segment = session.get_one(Segment, delta.segment_id, with_for_update=True)
        published = _apply(session, segment, delta, run.started_at, holder.now())
        if published is None:
            return
        session.delete(delta)
        findings.note_drift(session, run, segment, published)
        card = holder.shop(session).card
    reading.tell(published, card)


def _next_delta(session: Session, run: SyncRun) -> SyncDelta | None:
    return session.scalars(
        select(SyncDelta)
        .where(SyncDelta.run_id == run.id, SyncDelta.segment_id > int(run.page_info or 0))
        .order_by(SyncDelta.segment_id)
    ).first()


def _apply(
    session: Session, segment: Segment, delta: SyncDelta, began_at: datetime, now: datetime
) -> publishing.Published | None:
    version = publishing.current_version(session, segment)
    there = counted_since(segment, began_at)
    if version is None or owes_reading(segment, version) or segment.state == DELETED:
        return None
    if segment.read_at is not None and segment.read_at >= began_at:
        return None  # somebody had it read meanwhile: which of the two is newer is not known
    members = (version.members | delta.joined) - delta.left
    if there != len(members):
        return None
    return publishing.publish(session, segment, members, there, CAUSE, now, was_read=False)


def counted_since(segment: Segment, moment: datetime) -> int | None:
    checked = segment.count_checked_at
    return segment.admin_count if checked is not None and checked >= moment else None


def owes_reading(segment: Segment, version: SegmentVersion | None) -> bool:
    """Its rule is another one than that of its list, it failed, or somebody waits for it."""
    if segment.stale_reason is not None or segment.error is not None:
        return True
    if version is not None and version.definition != segment.definition:
        return True
    changed, read = segment.changed_at, segment.read_at
    return changed is not None and (read is None or read < changed)


def _listed(
    session: Session, run: SyncRun, which: ColumnElement[bool] | None = None
) -> list[Segment]:
    there = select(Segment).where(
        Segment.shop_id == run.shop_id, Segment.source == SHOPLINE, Segment.state != DELETED
    )
    found = there if which is None else there.where(which)
    return list(session.scalars(found.order_by(Segment.id)))


def asked(ask: Callable[[], T], attempts: int) -> T | None:
    """None when the store does not answer such questions; what is about the whole store raises."""
    try:
        return ask()
    except ShoplineError as error:
        whole = isinstance(error, NotAuthorised) or error.status in (402, 423)
        waits = isinstance(error, ShoplineBusy) and error.retry_after is not None
        if whole or waits or not (error.permanent or attempts + 1 >= PATIENCE):
            raise
        return None
