"""What the picker's boxes hold: the chosen segments as chips, those on offer as rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from ...contracts import SegmentCard
from ...segments.models import DELETED, NATIVE, SHOPLINE, SMARTPUSH, Segment, SegmentVersion
from ...segments.standing import OWN, standing
from ...shops.models import Shop
from ...web import State
from ..choice import Choice, Pick
from ..models import Audience, AudiencePick

PAGE = 20
"""Rows of a group that are shown at first, and that each "show more" adds."""
MOST_ROWS = 500
SOURCES = (SHOPLINE, SMARTPUSH, NATIVE)


@dataclass(frozen=True, slots=True)
class Chip:
    """One chosen segment. `newer` is a version that exists since; it is never taken by itself."""

    segment_id: int
    name: str
    source: str
    deleted: bool
    version: int | None
    published_at: datetime | None
    count: int | None
    newer: int | None
    policy: str
    standing: str

    @property
    def may_heed(self) -> bool:
        """Its newest list can be heeded at sending. One of the dashboard is read when it is
        chosen, and not again by itself."""
        return self.version is not None and not self.deleted and self.source != NATIVE


@dataclass(frozen=True, slots=True)
class Row:
    """One segment on offer. `value` is what its button sends, `key` makes its id.

    `used_at`: when a campaign last chose it.
    """

    value: str
    key: str
    name: str
    count: int | None
    version: int | None
    published_at: datetime | None
    pressed: bool
    elsewhere: bool
    standing: str = OWN
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    source: str
    rows: Sequence[Row]
    more: int


def chips(session: Session, choice: Choice) -> dict[str, list[Chip]]:
    """By mode, in the order in which they were chosen. One query."""
    facts = _facts_of_picks(session, choice)
    found: dict[str, list[Chip]] = {"include": [], "exclude": []}
    for pick in choice.picks:
        if pick.segment_id in facts:
            found[pick.mode].append(_chip(pick, *facts[pick.segment_id]))
    return found


def _facts_of_picks(session: Session, choice: Choice) -> dict[int, Any]:
    chosen, current = aliased(SegmentVersion), aliased(SegmentVersion)
    versions = [pick.version_id for pick in choice.picks if pick.version_id]
    mine = (chosen.segment_id == Segment.id) & chosen.id.in_(versions)
    rows = session.execute(
        select(Segment, chosen, current)
        .outerjoin(chosen, mine)
        .outerjoin(current, current.id == Segment.current_version_id)
        .where(
            Segment.id.in_([pick.segment_id for pick in choice.picks]),
            Segment.shop_id == choice.shop_id,
        )
    )
    return {segment.id: (segment, kept, newest) for segment, kept, newest in rows}


def _chip(
    pick: Pick, segment: Segment, kept: SegmentVersion | None, newest: SegmentVersion | None
) -> Chip:
    deleted = segment.state == DELETED
    is_newer = newest is not None and not deleted and newest.id != pick.version_id
    return Chip(
        segment_id=segment.id,
        name=segment.name,
        source=segment.source,
        deleted=deleted,
        version=kept.version if kept else None,
        published_at=kept.published_at if kept else None,
        count=kept.count if kept else None,
        newer=newest.version if newest and is_newer else None,
        policy=pick.policy,
        standing=standing(segment, newest.count if newest else None),
    )


def groups(
    session: Session,
    state: State,
    shop: Shop,
    choice: Choice,
    side: str,
    query: str,
    rows: int = PAGE,
) -> list[Group]:
    """The three groups of one box, those used last first, so many rows of each.

    Two queries, and one look at the dashboard's own segments.
    """
    found: dict[str, list[Row]] = {SHOPLINE: [], SMARTPUSH: []}
    total = {SHOPLINE: 0, SMARTPUSH: 0}
    for segment, version, every, used_at in session.execute(_offered(shop.id, query, rows)):
        row = _segment_row(segment, version, choice, side)
        found[segment.source].append(replace(row, used_at=used_at))
        total[segment.source] = every
    known = _native_known(session, shop.id)
    cards = _used_last_first(_native_cards(state, shop, query), known)
    native = [_native_row(card, known.get(card.ref), choice, side) for card in cards[:rows]]
    return [
        *(Group(name, first, total[name] - len(first)) for name, first in found.items()),
        Group(NATIVE, native, len(cards[rows:])),
    ]


def _offered(shop_id: int, query: str, rows: int) -> Any:
    """The first of each group, used lately before by name, and how many there are of it."""
    here = (
        Segment.shop_id == shop_id,
        Segment.source.in_((SHOPLINE, SMARTPUSH)),
        Segment.state != DELETED,
        *((Segment.name.icontains(query, autoescape=True),) if query else ()),
    )
    used = _last_used(shop_id)
    order = func.row_number().over(
        partition_by=Segment.source,
        order_by=(used.c.used_at.desc().nulls_last(), func.lower(Segment.name), Segment.id),
    )
    every = func.count().over(partition_by=Segment.source)
    numbered = (
        select(Segment.id, order.label("place"), every.label("every"), used.c.used_at)
        .outerjoin(used, used.c.segment_id == Segment.id)
        .where(*here)
        .subquery()
    )
    return (
        select(Segment, SegmentVersion, numbered.c.every, numbered.c.used_at)
        .join(numbered, numbered.c.id == Segment.id)
        .outerjoin(SegmentVersion, SegmentVersion.id == Segment.current_version_id)
        .where(numbered.c.place <= rows)
        .order_by(Segment.source, numbered.c.place)
    )


def _last_used(shop_id: int) -> Any:
    """When each segment was last chosen for a campaign."""
    return (
        select(AudiencePick.segment_id, func.max(AudiencePick.picked_at).label("used_at"))
        .join(Audience, Audience.id == AudiencePick.audience_id)
        .where(Audience.shop_id == shop_id)
        .group_by(AudiencePick.segment_id)
        .subquery()
    )


def _segment_row(
    segment: Segment, version: SegmentVersion | None, choice: Choice, side: str
) -> Row:
    pick = choice.find(segment.id)
    return Row(
        value=f"{side}:segment:{segment.id}",
        key=f"segment-{segment.id}",
        name=segment.name,
        count=version.count if version else None,
        version=version.version if version else None,
        published_at=version.published_at if version else None,
        pressed=pick is not None and pick.mode == side,
        elsewhere=pick is not None and pick.mode != side,
        standing=standing(segment, version.count if version else None),
    )


def _native_cards(state: State, shop: Shop, query: str) -> list[SegmentCard]:
    wanted = query.casefold()
    return [card for card in state.native.list(shop.card) if wanted in card.name.casefold()]


def _native_known(session: Session, shop_id: int) -> dict[str, tuple[int, datetime | None]]:
    """Those of the dashboard's own segments that were ever chosen here: id, and when it was last
    used, by the dashboard's reference."""
    used = _last_used(shop_id)
    rows = session.execute(
        select(Segment.segment_ref, Segment.id, used.c.used_at)
        .outerjoin(used, used.c.segment_id == Segment.id)
        .where(Segment.shop_id == shop_id, Segment.source == NATIVE)
    )
    return {row.segment_ref: (row.id, row.used_at) for row in rows}


def _used_last_first(
    cards: Sequence[SegmentCard], known: Mapping[str, tuple[int, datetime | None]]
) -> list[SegmentCard]:
    """The others stay in the dashboard's order."""
    used = {ref: used_at for ref, (_id, used_at) in known.items() if used_at}
    first = sorted((c for c in cards if c.ref in used), key=lambda c: used[c.ref], reverse=True)
    return [*first, *(card for card in cards if card.ref not in used)]


def _native_row(
    card: SegmentCard, known: tuple[int, datetime | None] | None, choice: Choice, side: str
) -> Row:
    segment_id, used_at = known or (0, None)
    pick = choice.find(segment_id)
    key = hashlib.blake2b(card.ref.encode(), digest_size=6).hexdigest()
    return Row(
        value=f"{side}:native:{card.ref}",
        key=f"native-{key}",
        name=card.name,
        count=card.count,
        version=None,
        published_at=None,
        pressed=pick is not None and pick.mode == side,
        elsewhere=pick is not None and pick.mode != side,
        used_at=used_at,
    )
