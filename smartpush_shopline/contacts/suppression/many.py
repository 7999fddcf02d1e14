"""Many opt-outs at once, from a file or from the dashboard: what each comes to, and doing it.

A dry run and the real one decide by the same lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from .. import consent, ledger, rows
from ..changing import Change, Keys, numbers_having
from ..models import Contact
from ..rows import Row
from . import keeping

SUPPRESSED, ALREADY, KEPT, OPTED_IN_SINCE = "suppressed", "already", "kept", "opted_in_since"
CANNOT_LIFT, SAYS_SUBSCRIBED = "cannot_lift", "says_subscribed"
OUTCOMES = (SUPPRESSED, ALREADY, KEPT, OPTED_IN_SINCE, CANNOT_LIFT, SAYS_SUBSCRIBED)
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class OptOutOf:
    """An address, or somebody the dashboard knows by `host_ref`, is out of a channel.

    `email` and `phone` are normalised. `at` is None when nobody knows when. `is_opt_in`: it says
    the contrary, which is never done.
    """

    channel: str
    email: str | None = None
    phone: str | None = None
    host_ref: str | None = None
    at: datetime | None = None
    evidence: str = ""
    is_opt_in: bool = False

    def addresses(self) -> list[keeping.Address]:
        """Under which it is kept."""
        key = self.email if self.channel == "email" else self.phone
        by_ref = [keeping.of_host(self.channel, self.host_ref)] if self.host_ref else []
        return [(self.channel, key), *by_ref] if key else by_ref


@dataclass(slots=True)
class _Known:
    """What is known about everybody that a batch is about."""

    people: dict[tuple[str, str], list[Row]]
    facts: defaultdict[tuple[int, str], list[consent.Fact]]
    kept: dict[keeping.Address, consent.Fact]
    statements: list[ledger.Statement] = field(default_factory=list)
    to_keep: list[keeping.Kept] = field(default_factory=list)

    def meant(self, opt_out: OptOutOf) -> list[Row]:
        found = {
            contact.number: contact
            for name in ("email", "phone", "host_ref")
            for contact in self.people.get((name, getattr(opt_out, name) or ""), ())
        }
        return list(found.values())


def suppress(
    session: Session,
    shop_id: int,
    batch: Sequence[OptOutOf],
    source: str,
    now: datetime,
    *,
    dry: bool = False,
) -> list[str]:
    """The outcome of each, in order; unless `dry`, done as well. Flushes."""
    if not dry:
        keeping.close_gate(session, shop_id)
    contacts = _find(session, shop_id, batch)
    change = None
    if not dry and contacts:
        numbers = sorted({contact.number for contact in contacts})
        change = Change.of(session, shop_id, Contact.number, numbers, Keys())
        contacts = change.contacts
    known = _known(session, shop_id, contacts, batch)
    outcomes = [_decide(known, each, source, now) for each in batch]
    if change is not None:
        ledger.record(session, known.statements, now)
        change.derive()
    if not dry and known.to_keep:
        keeping.keep(session, shop_id, known.to_keep, now)
    return outcomes


def _find(session: Session, shop_id: int, batch: Sequence[OptOutOf]) -> list[Row]:
    columns = {"email": "email_key", "phone": "phone", "host_ref": "host_ref"}
    found: set[int] = set()
    for name, column in columns.items():
        wanted = sorted({value for each in batch if (value := getattr(each, name))})
        found |= numbers_having(session, shop_id, column, wanted)
    return rows.load(session, shop_id, found)


def _known(
    session: Session, shop_id: int, contacts: Sequence[Row], batch: Sequence[OptOutOf]
) -> _Known:
    people: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for contact in contacts:
        if contact.deleted_at is None:
            names = {
                "email": contact.email_key, "phone": contact.phone, "host_ref": contact.host_ref
            }
            for name, value in names.items():
                if value:
                    people[name, value].append(contact)
    addresses = {address for each in batch for address in each.addresses()}
    kept = keeping.find(session, shop_id, addresses)
    return _Known(
        people,
        ledger.facts_of(session, {contact.id for contact in contacts}),
        {address: keeping.fact_of(address, row) for address, row in kept.items()},
    )


def _decide(known: _Known, said: OptOutOf, source: str, now: datetime) -> str:
    people = known.meant(said)
    if said.is_opt_in:
        out = any(_is_out(each, said.channel, known) for each in people)
        kept = any(address in known.kept for address in said.addresses())
        return CANNOT_LIFT if out or (kept and not people) else SAYS_SUBSCRIBED
    at = min(said.at, now) if said.at else now
    fact = consent.Fact(consent.UNSUBSCRIBED, source, at, dated=said.at is not None)
    found = {_tell(known, each, said, fact) for each in people}
    kept_for = _keep(known, said, fact, people)
    # Of several people with one address the most that happens to any of them is told.
    return next((each for each in OUTCOMES if each in found), kept_for)


def _is_out(contact: Row, channel: str, known: _Known) -> bool:
    ours = consent.standing(known.facts[contact.number, channel])
    return consent.stricter(ours, getattr(contact, f"{channel}_stated")) == consent.UNSUBSCRIBED


def _tell(known: _Known, contact: Row, said: OptOutOf, fact: consent.Fact) -> str:
    facts = known.facts[contact.number, said.channel]
    was_out = _is_out(contact, said.channel, known)
    if not _is_told(facts, fact):
        facts.append(fact)
        known.statements.append(ledger.Statement(contact, said.channel, fact, said.evidence))
    if was_out:
        return ALREADY
    return SUPPRESSED if _is_out(contact, said.channel, known) else OPTED_IN_SINCE


def _is_told(facts: list[consent.Fact], fact: consent.Fact) -> bool:
    """The same again adds nothing; without a date it only does when no opt-out of ours stands."""
    standing = consent.standing_fact(facts)
    if fact.dated or not consent.is_own_opt_out(standing):
        return any(
            (k.state, k.source, k.occurred_at) == (fact.state, fact.source, fact.occurred_at)
            for k in facts
        )
    return any(k.source == fact.source and not k.dated for k in facts)


def _keep(known: _Known, said: OptOutOf, fact: consent.Fact, people: list[Row]) -> str:
    """For each address that nobody has: remembered, unless a newer one is already."""
    theirs = {address for each in people for address in keeping.addresses_of(each)}
    outcome = ALREADY
    for address in said.addresses():
        before = known.kept.get(address)
        if address in theirs:
            continue
        if before is None:
            outcome = KEPT
        elif not fact.dated or before.occurred_at >= fact.occurred_at:
            continue
        known.kept[address] = fact
        known.to_keep.append(keeping.Kept(address, fact, said.evidence))
    return outcome
