"""Who may be written to on a channel, and why the others may not.

The verdicts of a channel are disjoint and their union is all contacts of the shop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap
from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from ..contracts import CHANNELS
from ..members import CHUNK, chunks_of, union
from . import consent
from .models import ReachChunk
from .rows import Row

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

_BY_CONSENT = {
    consent.INVALID: "invalid_address",
    consent.UNSUBSCRIBED: "unsubscribed",
    consent.PENDING: "pending",
    consent.NOT_SUBSCRIBED: "not_subscribed",
    consent.SUBSCRIBED: SENDABLE,
    None: "not_subscribed",
}
BLACKLISTED_STATE = 0
_ROWS = ReachChunk.__table__.c
_CHUNKS = select(_ROWS.verdict, _ROWS.members, _ROWS.firsts).where(
    _ROWS.shop_id == bindparam("shop_id"), _ROWS.channel == bindparam("channel")
)


@dataclass(frozen=True, slots=True)
class Reach:
    """All verdicts of one channel, from one reading."""

    verdicts: dict[str, BitMap]
    shares_address: BitMap
    firsts: dict[int, int]
    """Number → the lowest number with the same address, for all but that one."""

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

    def same_address(self, members: BitMap) -> BitMap:
        """Of these people, all but the lowest number of each address."""
        seen: set[int] = set()
        twice = BitMap()
        for number in members & self.shares_address:
            first = self.firsts.get(number, number)
            if first in seen:
                twice.add(number)
            seen.add(first)
        return twice


def load(session: Session, shop_id: int, channel: str) -> Reach:
    """One SELECT, so every count made from it adds up."""
    rows = session.execute(_CHUNKS, {"shop_id": shop_id, "channel": channel})
    return _reach_of(rows.all())


def _reach_of(rows: Iterable[Any]) -> Reach:
    chunks: defaultdict[str, list[BitMap]] = defaultdict(list)
    firsts: dict[int, int] = {}
    for verdict, members, pairs in rows:
        chunks[verdict].append(members)
        firsts.update(pairs or ())
    return Reach(
        {verdict: union(chunks[verdict]) for verdict in VERDICTS},
        union(chunks[SHARES_ADDRESS]),
        firsts,
    )


def load_near(session: Session, shop_id: int, channel: str, numbers: BitMap) -> Reach:
    """As `load`, but only the chunks of these numbers; the mark of shared addresses is whole."""
    near = _CHUNKS.where(
        or_(_ROWS.verdict == SHARES_ADDRESS, _ROWS.chunk.in_(bindparam("chunks", expanding=True)))
    )
    asked = {"shop_id": shop_id, "channel": channel, "chunks": chunks_of(numbers)}
    return _reach_of(session.execute(near, asked).all())


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
        for verdict in (*VERDICTS, SHARES_ADDRESS)
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
    chunks: list[ReachChunk], channel: str, group: Iterable[Row], numbers: Iterable[int]
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
        members = (row.members - inside) | (inside & mine[row.verdict])
        if members != row.members:
            row.members = members
        if row.verdict == SHARES_ADDRESS:
            others = [pair for pair in row.firsts or () if pair[0] not in inside]
            row.firsts = others + [[n, firsts[n]] for n in inside if n in firsts] or None


def _sharing(channel: str, group: list[Row]) -> list[list[int]]:
    """The numbers of each address that several have, in ascending order."""
    owners: defaultdict[str, list[int]] = defaultdict(list)
    for contact in group:
        address = address_key(channel, contact)
        if address and contact.deleted_at is None:
            owners[address].append(contact.number)
    return [sorted(numbers) for numbers in owners.values() if len(numbers) > 1]


def _verdicts(channel: str, group: list[Row], sharing: list[list[int]]) -> dict[str, BitMap]:
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


def _own_verdict(channel: str, contact: Row) -> str:
    if contact.deleted_at is not None:
        return "erased"
    if contact.state == BLACKLISTED_STATE:
        return "blacklisted"
    if not address_key(channel, contact):
        return "no_address"
    if channel == "email":
        return _BY_CONSENT[consent.stricter(contact.email_standing, contact.email_stated)]
    return _BY_CONSENT[consent.stricter(contact.sms_standing, contact.sms_stated)]


def address_key(channel: str, contact: Row) -> str | None:
    address: str | None = contact.email_key if channel == "email" else contact.phone
    return address
