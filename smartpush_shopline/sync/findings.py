"""What a night found that it should not have had to: how many messages get lost is seen here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..contacts.models import Contact
from ..inbox.models import Delivery
from ..segments.models import DELETED, SHOPLINE, Segment
from ..segments.publishing import Published
from ..shopline import Customer, SavedSearch
from .models import NIGHTLY, SyncRun

MOST_DRIFTED = 50
SKEW = timedelta(minutes=5)
"""Between the store's clock, which dates a change, and ours, which dates the message about it."""


def add(run: SyncRun, kind: str, how_many: int) -> None:
    """Changes that no message had told of; `kind` is customers, deleted, orders or segments."""
    if run.kind != NIGHTLY or not how_many:
        return
    before = run.findings.get("unannounced", {})
    run.findings = run.findings | {
        "unannounced": before | {kind: before.get(kind, 0) + how_many}
    }


def note_uncounted(run: SyncRun, people: int, *, read: bool) -> None:
    """So many more are here than the store counts; `read`: all were read, and it explained none."""
    if people > 0:
        run.findings = run.findings | {"uncounted": {"people": people, "read": read}}
    else:
        run.findings = {key: each for key, each in run.findings.items() if key != "uncounted"}


def news(session: Session, run: SyncRun, customers: Sequence[Customer]) -> dict[str, datetime]:
    """Those whom the store changed after what we know of them, and when. To a night only."""
    if run.kind != NIGHTLY:
        return {}
    asked = select(Contact.customer_ref, Contact.remote_updated_at).where(
        Contact.shop_id == run.shop_id, Contact.customer_ref.in_([each.ref for each in customers])
    )
    known = {str(ref): at for ref, at in session.execute(asked)}
    return {
        each.ref: each.updated_at
        for each in customers
        if each.updated_at and ((at := known.get(each.ref)) is None or at < each.updated_at)
    }


def unannounced(session: Session, shop_id: int, changes: dict[str, datetime]) -> set[str]:
    """Of these, the ones of whom no message came at that time or later, worked off or not."""
    if not changes:
        return set()
    asked = select(Delivery.subject_ref, Delivery.received_at).where(
        Delivery.shop_id == shop_id, Delivery.subject_ref.in_(list(changes))
    )
    told = {
        ref for ref, at in session.execute(asked) if ref and at >= changes[ref] - SKEW
    }
    return changes.keys() - told


def untold_segments(session: Session, shop_id: int, searches: Iterable[SavedSearch]) -> int:
    """How many the store's list makes new, gone, or other than we know them."""
    known = {
        segment.segment_ref: segment
        for segment in session.scalars(
            select(Segment).where(Segment.shop_id == shop_id, Segment.source == SHOPLINE)
        )
    }
    changed = sum(_is_other(known.pop(search.ref, None), search) for search in searches)
    return changed + sum(segment.state != DELETED for segment in known.values())


def _is_other(segment: Segment | None, search: SavedSearch) -> bool:
    if segment is None or segment.state == DELETED:
        return True
    waits = segment.stale_reason is not None
    return not waits and (segment.name, segment.definition) != (search.name, search.query)


def note_drift(
    session: Session, run: SyncRun | None, segment: Segment, published: Published
) -> None:
    """A list that was not what it should have been: said of the night that found it."""
    if run is None or not (published.version or 0) > 1:
        return
    drifted = {
        "segment_id": segment.id,
        "name": segment.name,
        "joined": published.joined,
        "left": published.left,
    }
    before = run.findings.get("drifted", [])
    run.findings = run.findings | {"drifted": [*before, drifted][:MOST_DRIFTED]}
    session.flush()
