"""Who may be written to on a channel, and why the others may not.

The verdicts of a channel are disjoint and their union is all contacts of the shop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pyroaring import BitMap
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ..contracts import CHANNELS
from ..members import CHUNK, chunks_of, union
from . import consent
from .models import Contact, ReachChunk

SENDABLE = "sendable"
VERDICTS = (
    "erased",
    "blacklisted",
    "no_address",
    "invalid_address",
    "unsubscribed",
    "pending",
    "not_subscribed",
    SENDABLE,
)
SHARES_ADDRESS = "shares_address"
"""A mark beside the verdicts: contacts whose address another contact has too."""
FIRST_LOW, FIRST_HIGH = "first_low", "first_high"
"""Marks for those who are not the first with their address: who is, in halves of 16 bits.

A bitmap holds 32 bits: the contact's place in the chunk above, half of the first one's number
below. So one reading tells who shares an address with whom, and no contact is looked up.
"""

_BY_CONSENT = {
    consent.INVALID: "invalid_address",
    consent.UNSUBSCRIBED: "unsubscribed",
    consent.PENDING: "pending",
    consent.NOT_SUBSCRIBED: "not_subscribed",
    consent.SUBSCRIBED: SENDABLE,
    None: "not_subscribed",
}
_BLACKLISTED_STATE = 0
_ROWS = ReachChunk.__table__.c
_CHUNKS = select(_ROWS.verdict, _ROWS.chunk, _ROWS.members).where(
    _ROWS.shop_id == bindparam("shop_id"), _ROWS.channel == bindparam("channel")
)


@dataclass(frozen=True, slots=True)
class Reach:
    """All verdicts of one channel, from one reading."""

    verdicts: dict[str, BitMap]
    shares_address: BitMap
    halves: dict[int, tuple[BitMap, BitMap]]
    """Chunk → its `first_low` and `first_high`."""

    @property
    def everyone(self) -> BitMap:
        return union(self.verdicts.values())

    @property
    def sendable(self) -> BitMap:
        return self.verdicts[SENDABLE]

    def split(self, members: BitMap) -> dict[str, BitMap]:
        """These people by verdict; each is in exactly one."""
        return {verdict: members & people for verdict, people in self.verdicts.items()}

    def count(self, members: BitMap) -> dict[str, int]:
        """As `split`, without making the sets: several times as fast."""
        return {
            verdict: members.intersection_cardinality(people)
            for verdict, people in self.verdicts.items()
        }

    def firsts(self, members: BitMap) -> dict[int, int]:
        """Number → the lowest number with the same address, for those who are not that one."""
        wanted = set(members)
        found: dict[int, int] = {}
        for chunk, (lows, highs) in self.halves.items():
            start = chunk * CHUNK
            for low, high in zip(lows.to_array(), highs.to_array(), strict=True):
                number = start + low // CHUNK
                if number in wanted:
                    found[number] = high % CHUNK * CHUNK + low % CHUNK
        return found

    def same_address(self, members: BitMap) -> BitMap:
        """Of these people, all but the lowest number of each address."""
        seen: set[int] = set()
        twice = BitMap()
        sharing = members & self.shares_address
        firsts = self.firsts(sharing)
        for number in sharing:
            first = firsts.get(number, number)
            if first in seen:
                twice.add(number)
            seen.add(first)
        return twice


def load(session: Session, shop_id: int, channel: str) -> Reach:
    """One SELECT, so every count made from it adds up."""
    chunks: defaultdict[str, dict[int, BitMap]] = defaultdict(dict)
    rows = session.execute(_CHUNKS, {"shop_id": shop_id, "channel": channel})
    for verdict, chunk, members in rows.all():
        chunks[verdict][chunk] = members
    return Reach(
        {verdict: union(chunks[verdict].values()) for verdict in VERDICTS},
        union(chunks[SHARES_ADDRESS].values()),
        {chunk: (low, chunks[FIRST_HIGH][chunk]) for chunk, low in chunks[FIRST_LOW].items()},
    )


def open_chunks(session: Session, shop_id: int, first: int, last: int) -> None:
    """Make the rows of chunks that numbers `first`..`last` begin; under the counter's lock."""
    begun = set(chunks_of(range(first, last + 1)))
    known = set(
        session.scalars(
            select(ReachChunk.chunk).where(
                ReachChunk.shop_id == shop_id, ReachChunk.chunk.in_(begun)
            )
        )
    )
    session.add_all(
        ReachChunk(shop_id=shop_id, channel=channel, verdict=verdict, chunk=chunk, members=BitMap())
        for chunk in sorted(begun - known)
        for channel in CHANNELS
        for verdict in (*VERDICTS, SHARES_ADDRESS, FIRST_LOW, FIRST_HIGH)
    )
    session.flush()


def lock(session: Session, shop_id: int, numbers: Iterable[int]) -> list[ReachChunk]:
    """Lock the chunks of these numbers, in ascending order, and read them afresh.

    Must come before the contacts are read: without it, concurrent writers leave a contact in two
    verdicts although every commit succeeds.
    """
    return list(
        session.scalars(
            select(ReachChunk)
            .where(ReachChunk.shop_id == shop_id, ReachChunk.chunk.in_(chunks_of(numbers)))
            .order_by(ReachChunk.chunk, ReachChunk.channel, ReachChunk.verdict)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def derive(
    chunks: list[ReachChunk], channel: str, group: Iterable[Contact], numbers: Iterable[int]
) -> None:
    """Put these numbers under their verdicts. `group` holds them and all who share an address."""
    everybody = list(group)
    sharing = _sharing(channel, everybody)
    mine = _verdicts(channel, everybody, sharing)
    mine[SHARES_ADDRESS] = union(BitMap(numbers) for numbers in sharing)
    firsts = {number: first for first, *others in sharing for number in others}
    changed = BitMap(numbers)
    for row in (row for row in chunks if row.channel == channel):
        inside = changed & BitMap(range(row.chunk * CHUNK, (row.chunk + 1) * CHUNK))
        if row.verdict in (FIRST_LOW, FIRST_HIGH):
            members = _with_halves(row, inside, firsts)
        else:
            members = (row.members - inside) | (inside & mine[row.verdict])
        if members != row.members:
            row.members = members


def _with_halves(row: ReachChunk, inside: BitMap, firsts: dict[int, int]) -> BitMap:
    members = row.members.copy()
    for number in inside:
        start = number % CHUNK * CHUNK
        members.remove_range(start, start + CHUNK)
        if number in firsts:
            high, low = divmod(firsts[number], CHUNK)
            members.add(start + (low if row.verdict == FIRST_LOW else high))
    return members


def _sharing(channel: str, group: list[Contact]) -> list[list[int]]:
    """The numbers of each address that several have, in ascending order."""
    owners: defaultdict[str, list[int]] = defaultdict(list)
    for contact in group:
        address = address_key(channel, contact)
        if address and contact.deleted_at is None:
            owners[address].append(contact.number)
    return [sorted(numbers) for numbers in owners.values() if len(numbers) > 1]


def _verdicts(channel: str, group: list[Contact], sharing: list[list[int]]) -> dict[str, BitMap]:
    """The verdict of each contact of the group, those of one address bound to each other."""
    own = {contact.number: _own_verdict(channel, contact) for contact in group}
    for numbers in sharing:
        _bind(own, numbers)
    by_verdict: dict[str, BitMap] = {verdict: BitMap() for verdict in VERDICTS}
    for number, verdict in own.items():
        by_verdict[verdict].add(number)
    return by_verdict


def _bind(own: dict[int, str], numbers: list[int]) -> None:
    """An opt-out or blacklisting of one who has this address binds all who have it."""
    for binding in ("unsubscribed", "blacklisted"):
        if any(own[number] == binding for number in numbers):
            for number in numbers:
                own[number] = min(own[number], binding, key=VERDICTS.index)


def _own_verdict(channel: str, contact: Contact) -> str:
    if contact.deleted_at is not None:
        return "erased"
    if contact.state == _BLACKLISTED_STATE:
        return "blacklisted"
    if not address_key(channel, contact):
        return "no_address"
    if channel == "email":
        return _BY_CONSENT[consent.stricter(contact.email_standing, contact.email_stated)]
    return _BY_CONSENT[consent.stricter(contact.sms_standing, contact.sms_stated)]


def address_key(channel: str, contact: Contact) -> str | None:
    return contact.email_key if channel == "email" else contact.phone
