"""The list of segments as a page shows it: searched, grouped, counted, some at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ..contacts import reach
from ..contracts import CHANNELS
from ..shops.models import Shop
from ..web import id_of, typed
from .bridging import Bridge, bridge
from .marking import mark_of
from .models import DELETED, NATIVE, SHOPLINE, SMARTPUSH, Segment, SegmentVersion
from .standing import needs_a_person, standing

PAGE_SIZE = 50
NEEDS = "needs"
SOURCES = (SHOPLINE, SMARTPUSH, NATIVE)


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks for. `show` is "", a source, "needs" or "deleted"."""

    query: str = ""
    show: str = ""
    page: int = 1

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Question:
        return cls(
            query=typed(args.get("q", "")),
            show=args.get("show", "") if args.get("show") in (*SOURCES, NEEDS, DELETED) else "",
            page=id_of(args.get("page", "")) or 1,
        )

    def args(self, **other: Any) -> dict[str, Any]:
        """For `url_for`: only what differs from the plain list."""
        mine = {"q": self.query, "show": self.show, "page": self.page} | other
        return {key: value for key, value in mine.items() if value not in ("", None, 1)}


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """`mark` changes when something of the segment changed that a person would want to see."""

    segment: Segment
    version: SegmentVersion | None
    standing: str
    bridges: Mapping[str, Bridge]
    """By channel; empty before the first list."""
    mark: str


@dataclass(frozen=True, slots=True)
class Listing:
    question: Question
    rows: Sequence[Row]
    tabs: Sequence[Tab]
    total: int
    mark: str

    @property
    def pages(self) -> int:
        return -(-self.total // PAGE_SIZE)

    @property
    def first(self) -> int:
        return (self.question.page - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def look(
    session: Session, shop: Shop, question: Question, now: datetime, seen: str = ""
) -> Listing | None:
    """The list, or None when it is as the browser has `seen` it. Six queries, however long."""
    shop_id, doubted = shop.id, shop.doubted_since
    tabs = _tabs(session, shop_id)
    found = session.execute(_page(shop_id, question)).all()
    if not found and question.page > 1:  # past the end: the last page there is
        question = replace(question, page=_last_page(session, shop_id, question))
        found = session.execute(_page(shop_id, question)).all()
    here = {channel: reach.load(session, shop_id, channel) for channel in CHANNELS}
    minute = int(now.timestamp()) // 60  # "5 minutes ago" grows old by itself
    facts = [facts_of(segment) for segment, _version, _total in found]
    people = [each for reached in here.values() for each in reached.verdicts.values()]
    mark = mark_of(minute, doubted, tabs, facts, *people)
    if mark == seen:
        return None
    members = members_of(session, [version.id for _, version, _ in found if version])
    rows = [_row(segment, version, members, here, doubted) for segment, version, _ in found]
    return Listing(question, rows, tabs, found[0][2] if found else 0, mark)


def members_of(session: Session, version_ids: Sequence[int]) -> dict[int, BitMap]:
    query = select(SegmentVersion.id, SegmentVersion.members)
    rows = session.execute(query.where(SegmentVersion.id.in_(version_ids)))
    return {row.id: row.members for row in rows}


def _tabs(session: Session, shop_id: int) -> list[Tab]:
    """Groups that have something in them; only one means there is nothing to choose."""
    facts = (
        select(
            Segment.source.label("source"),
            (Segment.state == DELETED).label("deleted"),
            needs_a_person().label("needing"),
        )
        .outerjoin(SegmentVersion, SegmentVersion.id == Segment.current_version_id)
        .where(Segment.shop_id == shop_id)
        .subquery()
    )
    query: Select[Any] = select(*facts.c, func.count()).group_by(*facts.c)
    counts = dict.fromkeys(("", *SOURCES, NEEDS, DELETED), 0)
    for row in session.execute(query):
        source, deleted, needing, count = row
        for name in (DELETED,) if deleted else ("", source, *((NEEDS,) if needing else ())):
            counts[name] += count
    sources = [name for name in SOURCES if counts[name]]
    shown = ["", *(sources if len(sources) > 1 else ()), NEEDS, DELETED]
    return [Tab(name, counts[name]) for name in shown if counts[name]]


def _page(shop_id: int, question: Question) -> Select[Any]:
    query: Any = select(Segment, SegmentVersion, func.count().over())
    return (
        _asked(query, shop_id, question)
        .order_by(func.lower(Segment.name), Segment.id)
        .limit(PAGE_SIZE)
        .offset((question.page - 1) * PAGE_SIZE)
    )


def _last_page(session: Session, shop_id: int, question: Question) -> int:
    total: int = session.scalars(_asked(select(func.count(Segment.id)), shop_id, question)).one()
    return max(-(-total // PAGE_SIZE), 1)


def _asked(query: Select[Any], shop_id: int, question: Question) -> Select[Any]:
    query = query.outerjoin(
        SegmentVersion, SegmentVersion.id == Segment.current_version_id
    ).where(Segment.shop_id == shop_id)
    deleted = question.show == DELETED
    query = query.where(Segment.state == DELETED if deleted else Segment.state != DELETED)
    if question.show == NEEDS:
        query = query.where(needs_a_person())
    elif question.show in SOURCES:
        query = query.where(Segment.source == question.show)
    if question.query:
        query = query.where(Segment.name.icontains(question.query, autoescape=True))
    return query


def facts_of(segment: Segment) -> tuple[Any, ...]:
    return (
        segment.id,
        segment.name,
        segment.state,
        segment.current_version_id,
        segment.admin_count,
        segment.error,
        segment.stale_reason,
        segment.count_checked_at,
        segment.read_at,
        segment.differs_since,
        segment.reread_at,
    )


def _row(
    segment: Segment,
    version: SegmentVersion | None,
    members: dict[int, BitMap],
    here: dict[str, reach.Reach],
    doubted_since: datetime | None,
) -> Row:
    mine = members[version.id] if version else None
    bridges = {
        channel: bridge(channel, segment, mine, reached)
        for channel, reached in here.items()
        if mine is not None
    }
    word = standing(segment, version.count if version else None, doubted_since)
    mark = mark_of(segment.name, segment.current_version_id, bridges, segment.state)
    return Row(segment, version, word, bridges, mark)
