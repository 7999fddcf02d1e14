"""The ledger of consent: what was stated, by whom, when. Facts are added, never changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from ..shopline import Consent, Customer
from . import consent, rows, writing_back
from .consent import NOT_SUBSCRIBED, PENDING, STORE_SOURCES, Fact, standing, stricter
from .models import ConsentEvent, Contact
from .rows import Row

_EVENTS = cast("Table", ConsentEvent.__table__)
Act = tuple[str, str]
"""Channel and state of what a person just did, as `customers_marketing_consent/update` tells it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One fact about one contact on one channel."""

    contact: Row
    channel: str
    fact: Fact
    evidence: str = ""


def statements(
    contact: Row,
    customer: Customer,
    source: str,
    now: datetime,
    *,
    act: Act | None,
    is_news: bool,
) -> list[Statement]:
    """What this payload states about consent, and note it as the store's present word.

    A payload older than what we know changes nothing the store states now, but an act with a
    time of its own is still a fact.
    """
    found = []
    for channel, told in (("email", customer.email_consent), ("sms", customer.sms_consent)):
        acted = act is not None and act[0] == channel
        said = _with_act(told, act[1]) if act and acted else told
        stated = getattr(contact, f"{channel}_stated")
        if said is None or _says_less(said, stated, contact, customer):
            continue
        differs = said.state != stated
        fact = _fact(said, customer.updated_at, source, now, explicit=acted)
        if fact.explicit or (differs and is_news):
            found.append(Statement(contact, channel, fact))
        if is_news:
            setattr(contact, f"{channel}_stated", said.state)
    return found


def _says_less(said: Consent, stated: str | None, contact: Row, customer: Customer) -> bool:
    """A flag knows no `pending`: the consent object, of the same moment, told more."""
    is_vague = said.occurred_at is None and (stated, said.state) == (PENDING, NOT_SUBSCRIBED)
    return is_vague and customer.updated_at == contact.remote_updated_at


def _with_act(said: Consent | None, state: str) -> Consent:
    """SHOPLINE leaves out what is empty, perhaps a 0 as well: the act itself says the state."""
    if said is not None and said.state == stricter(said.state, state):
        return said
    return Consent(state)


def _fact(
    said: Consent, updated_at: datetime | None, source: str, now: datetime, *, explicit: bool
) -> Fact:
    if said.occurred_at is not None:
        return Fact(said.state, source, said.occurred_at)
    if updated_at is not None:
        return Fact(said.state, source, updated_at, explicit=explicit)
    return Fact(said.state, source, now, dated=False, explicit=False)


def record(session: Session, new: Iterable[Statement], now: datetime) -> None:
    """Add the facts that are not in the ledger yet and bring the contacts' standing up to date."""
    new = list(new)
    known = facts_of(session, {s.contact.id for s in new if s.contact.id is not None})
    added = []
    for statement in new:
        facts = known[statement.contact.number, statement.channel]
        if not _is_known(statement.fact, facts):
            facts.append(statement.fact)
            added.append(statement)
            setattr(statement.contact, f"{statement.channel}_standing", standing(facts))
    if added:
        rows.save(session, {s.contact.number: s.contact for s in added}.values())
        session.connection().execute(
            insert(_EVENTS), [_event(each, now) for each in added]
        )
        _tell_later(session, added, now)


def _tell_later(session: Session, added: Iterable[Statement], now: datetime) -> None:
    """Opt-outs of ours, of people whom the store knows."""
    theirs = [
        (each.contact, each.channel, each.fact.occurred_at)
        for each in added
        if consent.is_own_opt_out(each.fact) and each.contact.customer_ref
    ]
    if theirs:
        writing_back.note(session, theirs, now)


def _is_known(fact: Fact, known: list[Fact]) -> bool:
    """The same act told again, by a webhook and by a list, is one fact.

    Unless it weighs more than what was told before: as an explicit act, or from elsewhere.
    """
    return any(
        (k.state, k.occurred_at) == (fact.state, fact.occurred_at)
        and (k.explicit or not fact.explicit)
        and (k.dated or not fact.dated)
        and (k.source not in STORE_SOURCES or fact.source in STORE_SOURCES)
        for k in known
    )


def facts_of(session: Session, contact_ids: set[int]) -> defaultdict[tuple[int, str], list[Fact]]:
    """(number, channel) → all that is in the ledger."""
    found: defaultdict[tuple[int, str], list[Fact]] = defaultdict(list)
    for some in rows.batches(sorted(contact_ids)):
        asked = (
            select(
                Contact.number,
                ConsentEvent.channel,
                ConsentEvent.state,
                ConsentEvent.source,
                ConsentEvent.occurred_at,
                ConsentEvent.dated,
                ConsentEvent.explicit,
            )
            .join(Contact, Contact.id == ConsentEvent.contact_id)
            .where(ConsentEvent.contact_id.in_(some))
        )
        for number, channel, state, source, occurred_at, dated, explicit in session.execute(asked):
            fact = Fact(state, source, occurred_at, dated, explicit)
            found[number, channel].append(fact)
    return found


def _event(statement: Statement, now: datetime) -> dict[str, Any]:
    fact = statement.fact
    return {
        "contact_id": statement.contact.id,
        "channel": statement.channel,
        "state": fact.state,
        "source": fact.source,
        "evidence": statement.evidence[:255],
        "explicit": fact.explicit,
        "dated": fact.dated,
        "occurred_at": fact.occurred_at,
        "recorded_at": now,
    }
