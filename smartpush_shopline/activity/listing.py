"""The deliveries of a store as a page shows them: filtered, newest first, some at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..clock import midnight
from ..inbox import words
from ..inbox.finding import Wanted, conditions, unfinished
from ..inbox.models import DONE, IGNORED, PARKED, RECEIVED, STATES, WORKING, Delivery
from ..segments.marking import mark_of
from ..shops.models import Shop
from ..web import id_of, typed
from . import subjects
from .subjects import Subject

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks for. `before`: older than this delivery. Days are the store's."""

    query: str = ""
    show: str = ""
    topic: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Question:
        return cls(
            query=typed(args.get("q", ""), 100),
            show=args.get("show", "") if args.get("show") in STATES else "",
            topic=args.get("topic", "")[:60],
            since=_day(args.get("since", "")),
            until=_day(args.get("until", "")),
            before=id_of(args.get("before", "")),
        )

    def args(self, **other: Any) -> dict[str, Any]:
        """For `url_for`: only what differs from the plain list."""
        mine = {
            "q": self.query,
            "show": self.show,
            "topic": self.topic,
            "since": self.since,
            "until": self.until,
            "before": self.before,
        } | other
        return {key: str(value) for key, value in mine.items() if value not in ("", None)}

    @property
    def is_narrow(self) -> bool:
        return bool(self.query or self.topic or self.since or self.until)

    def wanted(self, session: Session, shop: Shop) -> Wanted:
        until = self.until + timedelta(days=1) if self.until else None
        return Wanted(
            state=self.show,
            topic=self.topic,
            text=self.query,
            named=subjects.refs_named(session, shop.id, self.query),
            since=midnight(self.since, shop.timezone) if self.since else None,
            until=midnight(until, shop.timezone) if until else None,
        )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 9000 else None


@dataclass(frozen=True, slots=True)
class Tab:
    """A state with how many are in it now; of those that are over, nobody counts."""

    name: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """`subject`: the segment or customer it is about, where that has a name."""

    delivery: Delivery
    state: str
    reason: str
    subject: Subject | None
    mark: str


@dataclass(frozen=True, slots=True)
class Listing:
    question: Question
    rows: Sequence[Row]
    tabs: Sequence[Tab]
    topics: Sequence[str]
    replayable: int
    older: int | None
    mark: str


def look(
    session: Session, shop: Shop, question: Question, now: datetime, seen: str = ""
) -> Listing | None:
    """The list, or None when it is as the browser has `seen` it."""
    counts = unfinished(session, shop.id, now)
    wanted = question.wanted(session, shop)
    asked = select(Delivery).where(*conditions(shop.id, wanted, now))
    if question.before is not None:
        asked = asked.where(Delivery.id < question.before)
    found = session.scalars(asked.order_by(Delivery.id.desc()).limit(PAGE_SIZE + 1)).all()
    about = subjects.of(session, found)
    rows = [row(delivery, now, about.get(delivery.id)) for delivery in found[:PAGE_SIZE]]
    mark = mark_of(int(now.timestamp()) // 60, sorted(counts.items()), [r.mark for r in rows])
    if mark == seen:
        return None
    return Listing(
        question=question,
        rows=rows,
        tabs=_tabs(counts),
        topics=sorted({each.delivery.topic for each in rows} | {question.topic} - {""}),
        replayable=_replayable(session, shop, wanted, now) if question.show == PARKED else 0,
        older=rows[-1].delivery.id if len(found) > PAGE_SIZE else None,
        mark=mark,
    )


def row(delivery: Delivery, now: datetime, subject: Subject | None) -> Row:
    state, reason = delivery.state_at(now), words.sentence(delivery)
    name = subject.name if subject else ""
    mark = mark_of(delivery.id, state, reason, delivery.attempts, delivery.duplicates, name)
    return Row(delivery, state, reason, subject, mark)


def _tabs(counts: Mapping[str, int]) -> list[Tab]:
    return [
        Tab("", None),
        *(Tab(name, counts[name]) for name in (RECEIVED, WORKING, PARKED)),
        Tab(DONE, None),
        Tab(IGNORED, None),
    ]


def _replayable(session: Session, shop: Shop, wanted: Wanted, now: datetime) -> int:
    asked = select(func.count(Delivery.id)).where(
        *conditions(shop.id, wanted, now), Delivery.body.is_not(None)
    )
    return session.scalars(asked).one()
