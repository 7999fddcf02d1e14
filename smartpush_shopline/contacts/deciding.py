"""Which fact of the ledger decided a verdict. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import consent
from .models import ConsentEvent, Contact

STATE_OF = {
    "unsubscribed": consent.UNSUBSCRIBED,
    "invalid_address": consent.INVALID,
    "pending": consent.PENDING,
    "not_subscribed": consent.NOT_SUBSCRIBED,
    "sendable": consent.SUBSCRIBED,
}


def decisive(
    session: Session, contacts: Sequence[Contact], channel: str, verdict: str
) -> ConsentEvent | None:
    """Since when it is so: the fact that first led to it and was not outweighed since.

    None when no fact says so: the store states it without a date, or nobody ever said anything.
    """
    wanted = STATE_OF.get(verdict)
    for contact in contacts if wanted else ():
        found = _beginning(_events(session, contact, channel), wanted)
        if found is not None:
            return found
    return None


def _events(session: Session, contact: Contact, channel: str) -> list[ConsentEvent]:
    asked = select(ConsentEvent).where(
        ConsentEvent.contact_id == contact.id, ConsentEvent.channel == channel
    )
    return sorted(
        session.scalars(asked),
        key=lambda e: (e.occurred_at, -consent.STRICTEST.index(e.state), e.id),
    )


def _beginning(events: list[ConsentEvent], wanted: str | None) -> ConsentEvent | None:
    """The first fact of the last stretch in which all facts so far add up to this state."""
    found: ConsentEvent | None = None
    facts: list[consent.Fact] = []
    for event in events:
        facts.append(_fact(event))
        holds = consent.standing(facts) == wanted
        found = (found or event) if holds else None
    return found


def _fact(event: ConsentEvent) -> consent.Fact:
    return consent.Fact(event.state, event.source, event.occurred_at, event.dated, event.explicit)
