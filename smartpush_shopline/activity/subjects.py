"""What messages are about, by name: segments, deleted ones too, and customers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..contacts import finding
from ..contacts.models import Contact
from ..inbox.models import Delivery
from ..segments.models import SHOPLINE, Segment

MOST_NAMED = 500
Key = tuple[int, str]
"""Store and SHOPLINE's id."""
_OF_SEGMENTS = ("customer_groups/",)
_OF_CUSTOMERS = ("customers/", "customers_marketing_consent/")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a message is about. `segment_id` is that of its page; None for a customer."""

    name: str
    segment_id: int | None = None


def of(session: Session, deliveries: Iterable[Delivery]) -> Mapping[int, Subject]:
    """By the id of the delivery; those about something else, or nothing known, are left out."""
    found: dict[int, Subject] = {}
    named = [each for each in deliveries if each.subject_ref]
    for topics, known_by in ((_OF_SEGMENTS, _segments), (_OF_CUSTOMERS, _customers)):
        refs = {
            each.id: (each.shop_id, str(each.subject_ref))
            for each in named
            if each.topic.startswith(topics)
        }
        known = known_by(session, set(refs.values())) if refs else {}
        found |= {number: known[ref] for number, ref in refs.items() if ref in known}
    return found


def _customers(session: Session, keys: set[Key]) -> dict[Key, Subject]:
    """Who has a name; the erased have none."""
    asked = select(Contact).where(
        Contact.shop_id.in_({shop_id for shop_id, _ref in keys}),
        Contact.customer_ref.in_({ref for _shop_id, ref in keys}),
    )
    return {
        (contact.shop_id, str(contact.customer_ref)): Subject(name)
        for contact in session.scalars(asked)
        if (name := finding.name_of(contact))
    }


def _segments(session: Session, keys: set[Key]) -> dict[Key, Subject]:
    asked = select(Segment.shop_id, Segment.segment_ref, Segment.id, Segment.name).where(
        Segment.source == SHOPLINE, Segment.segment_ref.in_({ref for _shop_id, ref in keys})
    )
    return {
        (shop_id, ref): Subject(name, number)
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
