"""Reach worked out a second time, from the tables alone and without any cleverness."""

from __future__ import annotations

from sqlalchemy import select

from smartpush_shopline.contacts import reach
from smartpush_shopline.contacts.consent import Fact, standing
from smartpush_shopline.contacts.models import ConsentEvent
from tests.support import People

STRICT = ("unsubscribed", "invalid", "pending", "not_subscribed", "subscribed")


def expected(people: People, channel: str) -> tuple[dict[str, set[int]], set[int]]:
    """(verdict → numbers, numbers that share an address)"""
    contacts = {contact.id: contact for contact in people.all()}
    facts: dict[int, list[Fact]] = {ident: [] for ident in contacts}
    with people.database.read() as session:
        asked = select(ConsentEvent).where(ConsentEvent.channel == channel)
        for event in session.scalars(asked):
            if event.contact_id in facts:
                facts[event.contact_id].append(
                    Fact(
                        event.state, event.source, event.occurred_at, event.dated, event.explicit
                    )
                )

    def address(contact):
        return (contact.email or "").strip().casefold() if channel == "email" else contact.phone

    def said(contact):
        words = (standing(facts[contact.id]), getattr(contact, f"{channel}_stated"))
        known = [word for word in words if word]
        return min(known, key=STRICT.index) if known else "not_subscribed"

    alive = [contact for contact in contacts.values() if contact.deleted_at is None]
    verdicts: dict[str, set[int]] = {verdict: set() for verdict in reach.VERDICTS}
    shared: set[int] = set()
    for contact in contacts.values():
        mine = address(contact)
        others = [other for other in alive if mine and address(other) == mine]
        if contact.deleted_at is not None:
            verdict = "erased"
        elif any(other.state == 0 for other in (contact, *others)):
            verdict = "blacklisted"
        elif not mine:
            verdict = "no_address"
        elif said(contact) == "invalid":
            verdict = "invalid_address"
        elif any(said(other) == "unsubscribed" for other in others):
            verdict = "unsubscribed"
        else:
            verdict = {"subscribed": "sendable"}.get(said(contact), said(contact))
        verdicts[verdict].add(contact.number)
        if contact.deleted_at is None and len(others) > 1:
            shared.add(contact.number)
    return verdicts, shared


def check(people: People) -> None:
    """Every number is where the tables say, in one place only, on both channels."""
    for channel in ("email", "sms"):
        found, (verdicts, shared) = people.reach(channel), expected(people, channel)
        assert {name: set(members) for name, members in found.verdicts.items()} == verdicts
        assert set(found.shares_address) == shared
        assert sum(map(len, found.verdicts.values())) == len(found.everyone) == len(people.all())
