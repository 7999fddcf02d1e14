"""A bounce is about an address, not about a person: who gets another one is not bound by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ..contracts import CHANNELS
from . import ledger, reach
from .consent import INVALID, NOT_SUBSCRIBED, STORE_SOURCES, Fact, standing_fact
from .rows import Row

MOVED = "moved"
Keys = Mapping[str, str | None]
"""The address by channel, as it is compared."""


def keys_of(contact: Row) -> Keys:
    return {channel: reach.address_key(channel, contact) for channel in CHANNELS}


def left_behind(
    session: Session,
    moved: Sequence[Row],
    before: Mapping[int, Keys],
    told: Sequence[ledger.Statement],
    now: datetime,
) -> list[ledger.Statement]:
    """What holds again for contacts whose bounced address is not theirs any more.

    `before`: their addresses until now. `told`: what is known of them besides; a bounce of the new
    address holds. What held before the bounce is stated anew, undated, so that it lifts no opt-out.
    """
    facts = ledger.facts_of(session, {contact.id for contact in moved if contact.id is not None})
    bounced = {(s.contact.number, s.channel) for s in told if s.fact.state == INVALID}
    found = []
    for contact in moved:
        for channel, key in keys_of(contact).items():
            bounce = _bounce(facts[contact.number, channel])
            if bounce is None or key in (None, before[contact.number][channel]):
                continue
            if (contact.number, channel) not in bounced:
                moved_at = contact.remote_updated_at or now
                again = _as_before(facts[contact.number, channel], bounce, moved_at)
                found.append(ledger.Statement(contact, channel, again))
    return found


def _bounce(facts: Sequence[Fact]) -> Fact | None:
    """That stands, and was not the store's word."""
    fact = standing_fact(facts)
    is_bounce = fact is not None and fact.state == INVALID and fact.source not in STORE_SOURCES
    return fact if is_bounce else None


def _as_before(known: Sequence[Fact], bounce: Fact, moved_at: datetime) -> Fact:
    held = standing_fact(fact for fact in known if fact.state != INVALID)
    state = held.state if held else NOT_SUBSCRIBED
    after = max(moved_at, bounce.occurred_at + timedelta(microseconds=1))
    return Fact(state, MOVED, after, dated=False, explicit=False)
