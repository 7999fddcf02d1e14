"""Opt-outs and bounces of addresses that nobody has (docs/adr/0008).

An address is known by a keyed hash of the channel and itself, so nobody reads it here and an
erasure need not look: what was kept still holds for whoever comes with the address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from ...contracts import CHANNELS
from ...shops.models import ShopCounter
from .. import consent, ledger, reach, tombstones
from ..rows import Row, batches
from .models import Suppression

HOST_REF = "host_ref"
_GATE = 0x5350  # ours among a PostgreSQL database's advisory locks
Address = tuple[str, str]
"""The channel, or `host_ref` or `invalid` behind it, and the normalised address."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact to be kept for an address: an opt-out, or that it is not valid."""

    address: Address
    fact: consent.Fact
    evidence: str = ""


def of_host(channel: str, host_ref: str) -> Address:
    return f"{channel}:{HOST_REF}", host_ref


def of_fact(channel: str, key: str, fact: consent.Fact) -> Address:
    """A bounce stands beside an opt-out of the same address; neither takes the other's place."""
    opt_out, bounce = _of_channel(channel, key)
    return bounce if fact.state == consent.INVALID else opt_out


def close_gate(session: Session, shop_id: int) -> None:
    """Nobody turns up with an address between the look whether somebody has it and the commit."""
    _gate(session, shop_id, "pg_advisory_xact_lock")


def pass_gate(session: Session, shop_id: int) -> None:
    """For those who bring people in; they do not wait for each other."""
    _gate(session, shop_id, "pg_advisory_xact_lock_shared")


def _gate(session: Session, shop_id: int, lock: str) -> None:
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer
        session.execute(select(getattr(func, lock)(_GATE, shop_id)))


def find(
    session: Session, shop_id: int, addresses: Iterable[Address]
) -> dict[Address, Suppression]:
    """Of these addresses, those for which something is kept."""
    wanted = list(addresses)
    mine = exists().where(Suppression.shop_id == shop_id)
    if not wanted or not session.scalar(select(mine)):
        return {}
    salt = session.get_one(ShopCounter, shop_id).salt
    by_digest = {tombstones.digest(salt, *address): address for address in wanted}
    found: dict[Address, Suppression] = {}
    for some in batches(list(by_digest)):
        asked = select(Suppression).where(
            Suppression.shop_id == shop_id, Suppression.digest.in_(some)
        )
        found |= {by_digest[row.digest]: row for row in session.scalars(asked)}
    return found


def keep(session: Session, shop_id: int, kept: Sequence[Kept], now: datetime) -> None:
    """Remember these; of two of one address the newer, which is harder to lift."""
    if not kept:
        return
    salt = session.get_one(ShopCounter, shop_id).salt
    known = find(session, shop_id, [each.address for each in kept])
    for each in kept:
        row = known.get(each.address)
        if row is None:
            digest = tombstones.digest(salt, *each.address)
            row = known[each.address] = Suppression(shop_id=shop_id, digest=digest)
            session.add(row)
        elif row.occurred_at >= each.fact.occurred_at:
            continue
        row.source, row.evidence = each.fact.source, each.evidence[:255]
        row.dated, row.occurred_at, row.recorded_at = each.fact.dated, each.fact.occurred_at, now
    session.flush()


def forget_evidence(session: Session, shop_id: int, addresses: Iterable[Address]) -> None:
    """Somebody is erased: the opt-out or bounce stays, the words about it go."""
    every = [each for channel, key in addresses for each in _of_channel(channel, key)]
    for row in find(session, shop_id, every).values():
        row.evidence = ""


def statements(
    session: Session, shop_id: int, newcomers: Iterable[Row]
) -> list[ledger.Statement]:
    """What is kept for the addresses of contacts who are new or have a new address."""
    theirs = [(contact, address) for contact in newcomers for address in addresses_of(contact)]
    kept = find(session, shop_id, [address for _contact, address in theirs])
    return [
        ledger.Statement(
            contact,
            address[0].partition(":")[0],
            fact_of(address, kept[address]),
            kept[address].evidence,
        )
        for contact, address in theirs
        if address in kept
    ]


def addresses_of(contact: Row) -> Iterator[Address]:
    for channel in CHANNELS:
        if key := reach.address_key(channel, contact):
            yield from _of_channel(channel, key)
        if contact.host_ref:
            yield of_host(channel, contact.host_ref)


def _of_channel(channel: str, key: str) -> tuple[Address, Address]:
    return (channel, key), (f"{channel}:{consent.INVALID}", key)


def fact_of(address: Address, row: Suppression) -> consent.Fact:
    is_bounce = address[0].endswith(f":{consent.INVALID}")
    state = consent.INVALID if is_bounce else consent.UNSUBSCRIBED
    return consent.Fact(state, row.source, row.occurred_at, row.dated)
