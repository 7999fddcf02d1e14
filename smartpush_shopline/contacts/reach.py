"""Who may be written to on a channel, and why the others may not.

The verdicts of a channel are disjoint and their union is all contacts of the shop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pyroaring import BitMap
from sqlalchemy import select
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

_BY_CONSENT = {
    consent.INVALID: "invalid_address",
    consent.UNSUBSCRIBED: "unsubscribed",
    consent.PENDING: "pending",
    consent.NOT_SUBSCRIBED: "not_subscribed",
    consent.SUBSCRIBED: SENDABLE,
    None: "not_subscribed",
}
_BLACKLISTED_STATE = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """All verdicts of one channel, from one reading."""

    verdicts: dict[str, BitMap]
    shares_address: BitMap

    @property
    def everyone(self) -> BitMap:
        return union(self.verdicts.values())

    @property
    def sendable(self) -> BitMap:
        return self.verdicts[SENDABLE]

    def split(self, members: BitMap) -> dict[str, BitMap]:
        """These people by verdict; each is in exactly one."""
        return {verdict: members & people for verdict, people in self.verdicts.items()}


def load(session: Session, shop_id: int, channel: str) -> Reach:
    """One SELECT, so every count made from it adds up."""
    chunks: defaultdict[str, list[BitMap]] = defaultdict(list)
    rows = session.execute(
        select(ReachChunk.verdict, ReachChunk.members).where(
            ReachChunk.shop_id == shop_id, ReachChunk.channel == channel
        )
    )
    for verdict, members in rows:
        chunks[verdict].append(members)
    return Reach(
        {verdict: union(chunks[verdict]) for verdict in VERDICTS}, union(chunks[SHARES_ADDRESS])
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
        ReachChunk(
            shop_id=shop_id, channel=channel, verdict=verdict, chunk=chunk, members=BitMap()
        )
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
    chunks: list[ReachChunk], channel: str, group: Iterable[Contact], numbers: Iterable[int]
) -> None:
    """Put these numbers under their verdicts. `group` holds them and all who share an address."""
    verdicts, shared = _verdicts(channel, list(group))
    changed = BitMap(numbers)
    for row in (row for row in chunks if row.channel == channel):
        inside = changed & BitMap(range(row.chunk * CHUNK, (row.chunk + 1) * CHUNK))
        mine = shared if row.verdict == SHARES_ADDRESS else verdicts[row.verdict]
        members = (row.members - inside) | (inside & mine)
        if members != row.members:
            row.members = members


def _verdicts(channel: str, group: list[Contact]) -> tuple[dict[str, BitMap], BitMap]:
    """The verdict of each contact of the group, those of one address bound to each other."""
    own = {contact.number: _own_verdict(channel, contact) for contact in group}
    sharing: defaultdict[str, list[int]] = defaultdict(list)
    for contact in group:
        address = address_key(channel, contact)
        if address and own[contact.number] != "erased":
            sharing[address].append(contact.number)
    shared = BitMap()
    for numbers in (many for many in sharing.values() if len(many) > 1):
        shared |= BitMap(numbers)
        _bind(own, numbers)
    by_verdict: dict[str, BitMap] = {verdict: BitMap() for verdict in VERDICTS}
    for number, verdict in own.items():
        by_verdict[verdict].add(number)
    return by_verdict, shared


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
