"""Reach worked out a second time, from the tables alone and without any cleverness."""

from __future__ import annotations

from sqlalchemy import select

from smartpush_shopline.contacts import reach
from smartpush_shopline.contacts.consent import Fact, standing
from smartpush_shopline.contacts.models import ConsentEvent, Contact
from tests.support import People

STRICT = ("unsubscribed", "invalid", "pending", "not_subscribed", "subscribed")


def facts_of(people: People, channel: str) -> dict[int, list[Fact]]:
    """contact id → what the ledger holds"""
    found: dict[int, list[Fact]] = {contact.id: [] for contact in people.all()}
    with people.database.read() as session:
        for event in session.scalars(select(ConsentEvent).where(ConsentEvent.channel == channel)):
            if event.contact_id in found:
                found[event.contact_id].append(
                    Fact(event.state, event.source, event.occurred_at, event.dated, event.explicit)
                )
    return found


def address(contact: Contact, channel: str) -> str | None:
    return (contact.email or "").strip().casefold() if channel == "email" else contact.phone


def expected(people: People, channel: str) -> tuple[dict[str, set[int]], set[int]]:
    """(verdict → numbers, numbers that share an address)"""
    facts = facts_of(people, channel)

    def said(contact: Contact) -> str:
        words = (standing(facts[contact.id]), getattr(contact, f"{channel}_stated"))
        known = [word for word in words if word]
        return min(known, key=STRICT.index) if known else "not_subscribed"

    def verdict(contact: Contact, others: list[Contact]) -> str:
        """The first that applies; `others` have this contact's address, as the contact does."""
        if contact.deleted_at is not None:
            return "erased"
        if any(other.state == 0 for other in (contact, *others)):
            return "blacklisted"
        if not address(contact, channel):
            return "no_address"
        if said(contact) == "invalid":
            return "invalid_address"
        if any(said(other) == "unsubscribed" for other in others):
            return "unsubscribed"
        return {"subscribed": "sendable"}.get(said(contact), said(contact))

    contacts = people.all()
    alive = [contact for contact in contacts if contact.deleted_at is None]
    verdicts: dict[str, set[int]] = {name: set() for name in reach.VERDICTS}
    shared: set[int] = set()
    for contact in contacts:
        mine = address(contact, channel)
        others = [other for other in alive if mine and address(other, channel) == mine]
        verdicts[verdict(contact, others)].add(contact.number)
        if contact in alive and len(others) > 1:
            shared.add(contact.number)
    return verdicts, shared


def check(people: People) -> None:
    """Every number is where the tables say, in one place only, on both channels."""
    for channel in ("email", "sms"):
        found, (verdicts, shared) = people.reach(channel), expected(people, channel)
        assert {name: set(members) for name, members in found.verdicts.items()} == verdicts
        assert set(found.shares_address) == shared
        assert sum(map(len, found.verdicts.values())) == len(found.everyone) == len(people.all())
