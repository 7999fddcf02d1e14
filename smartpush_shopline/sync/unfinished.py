"""A long reading of a segment that was interrupted goes on near to where it stopped.

Only where the pages of before and after are of one list: see docs/adr/0010.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from pyroaring import BitMap
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ..segments.models import DELETED, Segment, SegmentVersion
from ..shopline import Member, Page
from .models import UnfinishedReading

PAGES = 40
"""After so many it is kept. A shorter list is read from its first page again: that is seconds."""
LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """A segment as it stood when its reading began."""

    id: int
    ref: str
    cause: str
    asked_at: datetime | None
    changed_at: datetime | None
    differs: bool
    definition: str
    rule_at: datetime | None
    listed_by: str | None
    """The rule of the list that there is; None when there is none yet."""

    @classmethod
    def of(cls, session: Session, segment: Segment, otherwise: str) -> Begun:
        cause = segment.stale_reason or otherwise
        here = SegmentVersion.id == segment.current_version_id
        return cls(
            segment.id,
            segment.segment_ref,
            cause,
            segment.stale_since,
            segment.changed_at,
            segment.differs_since is not None,
            segment.definition,
            segment.remote_updated_at,
            session.scalar(select(SegmentVersion.definition).where(here)),
        )

    @property
    def is_another(self) -> bool:
        """Than the list there is. One of the same rule is read again, most often to find the same
        people: then nothing is written."""
        return self.listed_by != self.definition

    def under(self, segment: Segment) -> Begun:
        """With the rule as it was just fetched."""
        return replace(self, definition=segment.definition, rule_at=segment.remote_updated_at)


@dataclass(slots=True)
class Part:
    """What is read so far: the people, how many rows named them, and which page is next.

    `last` is the cursor of the last page that was read, `seal` a hash of its rows in their order.
    """

    members: BitMap = field(default_factory=BitMap)
    rows: int = 0
    pages: int = 0
    page_info: str | None = None
    last: str | None = None
    seal: str = ""
    is_resumed: bool = False

    def add(self, page: Page[Member], numbers: list[int]) -> None:
        self.members |= BitMap(numbers)
        self.rows, self.pages = self.rows + len(page.items), self.pages + 1
        self.last, self.page_info, self.seal = self.page_info, page.next_page_info, _seal(page)

    @property
    def is_to_be_kept(self) -> bool:
        return self.page_info is not None and self.pages % PAGES == 0

    def after(self, page: Page[Member]) -> Part:
        """Its last page, asked for again: nothing moved across it, or all begins anew."""
        if page.next_page_info is None or _seal(page) != self.seal:
            return Part()
        return replace(self, page_info=page.next_page_info)


def _seal(page: Page[Member]) -> str:
    return sha256("\n".join(member.ref for member in page.items).encode()).hexdigest()


def keep(session: Session, begun: Begun, part: Part, now: datetime) -> None:
    row = session.get(UnfinishedReading, begun.id) or UnfinishedReading(segment_id=begun.id)
    row.asked_at, row.changed_at, row.kept_at = begun.asked_at, begun.changed_at, now
    row.definition, row.rule_at = begun.definition, begun.rule_at
    row.last_page, row.seal, row.rows = part.last, part.seal, part.rows
    row.members = part.members.copy()
    session.add(row)


def is_kept(session: Session, segment_id: int) -> bool:
    return session.get(UnfinishedReading, segment_id) is not None


def go_on(session: Session, begun: Begun, now: datetime) -> Part:
    """The part that was kept, if it is of this very reading; else one to begin with."""
    row = session.get(UnfinishedReading, begun.id)
    if row is None:
        return Part()
    if not _is_the_same(row, begun) or now - row.kept_at > LONGEST_PAUSE:
        session.delete(row)
        return Part()
    return Part(
        row.members.copy(), row.rows, last=row.last_page, seal=row.seal, is_resumed=True
    )


def _is_the_same(row: UnfinishedReading, begun: Begun) -> bool:
    """Asked for once, under one rule, of which no message told anything since."""
    then = (row.asked_at, row.changed_at, row.definition, row.rule_at)
    return then == (begun.asked_at, begun.changed_at, begun.definition, begun.rule_at)


def forget(session: Session, segment_id: int) -> bool:
    """False when nothing was kept."""
    row = session.get(UnfinishedReading, segment_id)
    if row is not None:
        session.delete(row)
    return row is not None


def forget_deleted(session: Session, shop_id: int) -> None:
    """Those of segments that nobody reads any more. Under the lease, as all that is kept here."""
    gone = select(Segment.id).where(Segment.shop_id == shop_id, Segment.state == DELETED)
    session.execute(delete(UnfinishedReading).where(UnfinishedReading.segment_id.in_(gone)))
