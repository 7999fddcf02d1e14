"""What messages are about, by name: a segment is known by more than its id, deleted ones too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..inbox.models import Delivery
from ..segments.models import SHOPLINE, Segment

MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class Subject:
    """A segment that a message is about. `id` is that of its page."""

    id: int
    name: str


def of(session: Session, deliveries: Iterable[Delivery]) -> Mapping[int, Subject]:
    """By the id of the delivery; those about something else, or nothing known, are left out."""
    refs = {
        each.id: (each.shop_id, each.subject_ref)
        for each in deliveries
        if each.subject_ref and each.topic.startswith("customer_groups/")
    }
    known = _known(session, {ref for _shop_id, ref in refs.values()}) if refs else {}
    return {number: known[ref] for number, ref in refs.items() if ref in known}


def _known(session: Session, refs: set[str]) -> dict[tuple[int, str], Subject]:
    asked = select(Segment.shop_id, Segment.segment_ref, Segment.id, Segment.name).where(
        Segment.source == SHOPLINE, Segment.segment_ref.in_(refs)
    )
    return {
        (shop_id, ref): Subject(number, name)
        for shop_id, ref, number, name in session.execute(asked)
    }


def refs_named(session: Session, shop_id: int, text: str) -> list[str]:
    """SHOPLINE's ids of the segments whose name has this in it."""
    if not text:
        return []
    asked = select(Segment.segment_ref).where(
        Segment.shop_id == shop_id,
        Segment.source == SHOPLINE,
        Segment.name.icontains(text, autoescape=True),
    )
    return list(session.scalars(asked.order_by(Segment.id).limit(MOST_NAMED)))
