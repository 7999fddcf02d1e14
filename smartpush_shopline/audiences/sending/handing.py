"""The people of a claimed batch: their addresses and their consent, read afresh.

Rows are kept as the driver's plain tuples; a `Recipient` is made when somebody looks at it. Made
and kept as objects, a million people cost as much again in the collection of garbage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, overload

from pyroaring import BitMap
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ...contacts import reach
from ...contacts.models import Contact
from ...contracts import Recipient
from ...database import amount
from ...members import union
from .. import smart
from ..delivery_models import AudienceBatch, LeftOut
from ..models import Audience

_CONTACT = Contact.__table__.c
_MORE = (
    _CONTACT.first_name,
    _CONTACT.last_name,
    _CONTACT.customer_ref,
    _CONTACT.host_ref,
    _CONTACT.language,
    _CONTACT.country_code,
    _CONTACT.city,
    _CONTACT.orders_count,
)
_SPARSE = 4
_AT_ONCE = 10_000
Link = Callable[[int], str]


class Recipients(Sequence[Recipient]):
    """The people of a batch, in the order of their numbers."""

    def __init__(self, rows: Sequence[tuple[Any, ...]] = (), link: Link | None = None) -> None:
        self._rows, self._link = rows, link

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Recipient]:
        make, link = Recipient._make, self._link
        for row in self._rows:
            yield make((*row, link)) if row[-1] is None else self._made(row)

    @overload
    def __getitem__(self, at: int) -> Recipient: ...
    @overload
    def __getitem__(self, at: slice) -> list[Recipient]: ...
    def __getitem__(self, at: int | slice) -> Recipient | list[Recipient]:
        if isinstance(at, slice):
            return [self._made(row) for row in self._rows[at]]
        return self._made(self._rows[at])

    def _made(self, row: tuple[Any, ...]) -> Recipient:
        return Recipient._make((*row[:-1], amount(row[-1]), self._link))


def hand_out(
    session: Session,
    audience: Audience,
    batch: AudienceBatch,
    now: datetime,
    link: Link | None = None,
) -> Recipients:
    """The people of a claimed batch. Who may not be written to any more leaves it, and why."""
    rows = _rows(session, audience, batch.members)
    lost = _lost_since(session, audience, batch.members, BitMap([row[0] for row in rows]))
    gone = union(lost.values())
    if gone:
        _leave_out(session, batch, lost)
        batch.members = batch.members - gone
        batch.count = len(batch.members)
        rows = [row for row in rows if row[0] not in gone]
    smart.record(session, audience, batch.members, now)
    return Recipients(rows, link)


def _lost_since(
    session: Session, audience: Audience, members: BitMap, reachable: BitMap
) -> dict[str, BitMap]:
    """Read after the people, so an opt-out meanwhile is seen; by today's verdict of each."""
    here = reach.load_near(session, audience.shop_id, audience.channel, members)
    lost = {
        verdict: people
        for verdict, people in here.split(members).items()
        if verdict != reach.SENDABLE and people
    }
    sendable = members & here.sendable
    twice = _written_under_another_number(session, audience, sendable, here)
    unreachable = sendable - twice - reachable
    known = {"same_address": twice, "no_address": unreachable | lost.get("no_address", BitMap())}
    return lost | {reason: people for reason, people in known.items() if people}


def _written_under_another_number(
    session: Session, audience: Audience, sendable: BitMap, here: reach.Reach
) -> BitMap:
    """People who came to share an address with a lower number of the same list."""
    if not sendable & here.shares_address:
        return BitMap()
    frozen = session.scalars(select(Audience.frozen).where(Audience.id == audience.id)).one()
    return here.same_address(frozen if frozen is not None else BitMap()) & sendable


def _leave_out(session: Session, batch: AudienceBatch, lost: dict[str, BitMap]) -> None:
    for reason, people in lost.items():
        row = session.get(LeftOut, (batch.audience_id, batch.number, reason))
        if row is None:
            row = LeftOut(audience_id=batch.audience_id, batch=batch.number, reason=reason)
            row.members = BitMap()
            session.add(row)
        row.members = row.members | people
        row.count = len(row.members)


def _rows(session: Session, audience: Audience, members: BitMap) -> list[tuple[Any, ...]]:
    """Those of them who have an address, as the driver gives them: `total_spent` is an integer."""
    address = _CONTACT.email if audience.channel == "email" else _CONTACT.phone
    asked = select(_CONTACT.number, address, *_MORE, _CONTACT.total_spent).where(
        _CONTACT.shop_id == audience.shop_id, address != ""
    )
    return [
        row
        for part, wanted in _ranges(asked, members)
        for row in session.connection().execute(part).cursor.fetchall()
        if row[0] in wanted
    ]


def _ranges(asked: Select[Any], members: BitMap) -> Iterator[tuple[Select[Any], BitMap]]:
    """Numbers that lie close together are read as one stretch, others by name."""
    for at in range(0, len(members), _AT_ONCE):
        part = members[at : at + _AT_ONCE]
        first, last = part.min(), part.max()
        if last - first < _SPARSE * len(part):
            where = _CONTACT.number.between(first, last)
        else:
            where = _CONTACT.number.in_(list(part))
        yield asked.where(where).order_by(_CONTACT.number), part
