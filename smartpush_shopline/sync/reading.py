"""Reading one segment person by person, and taking in the list of segments."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..contacts import people
from ..contracts import ShopCard
from ..errors import NotAuthorised, ShoplineError
from ..segments import publishing
from ..segments.models import DELETED, SHOPLINE, Segment
from ..segments.publishing import Published
from ..shopline import Member, Page, SavedSearch
from ..signals import segment_members_changed, segment_published
from ..web import announce
from . import findings, rereading, runs, staleness
from .holder import Holder

AGAIN = 2
"""Times that all pages are read once more, because rows moved meanwhile."""
LONGEST_AGAIN = 10_000
"""Rows. In a longer list somebody always moves: who did is told by a message, and asked about."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A segment as it stood when its reading began."""

    id: int
    ref: str
    cause: str
    asked_at: datetime | None
    changed_at: datetime | None
    differs: bool

    @classmethod
    def of(cls, segment: Segment, otherwise: str) -> Begun:
        cause = segment.stale_reason or otherwise
        return cls(
            segment.id,
            segment.segment_ref,
            cause,
            segment.stale_since,
            segment.changed_at,
            segment.differs_since is not None,
        )


def read_segment(holder: Holder, segment_id: int) -> Iterator[None]:
    """All pages into one set, then one short transaction that makes it the current version.

    The store sorts members by a key that moves. A row that comes twice says that rows moved, so
    that another may have slipped between two pages: all pages are read again, at most twice, and
    not when there are very many. What still differs from the Admin's count then is shown, and read
    again later.
    """
    with holder.begin() as session:
        begun = Begun.of(session.get_one(Segment, segment_id), staleness.PERSON)
    if begun.cause not in (staleness.FIRST, staleness.NIGHT):  # those have just listed it
        definition = holder.client.fetch_saved_search(begun.ref)
        with holder.begin() as session:
            segment = session.get_one(Segment, segment_id)
            if take_definition(segment, definition):
                rereading.begin(segment, holder.settings.reread, holder.now())
        yield
    members, rows = yield from _read_pages(holder, begun.ref)
    for _ in range(AGAIN if rows <= LONGEST_AGAIN else 0):
        if rows == len(members):
            break
        yield
        members, rows = yield from _read_pages(holder, begun.ref)
    end(holder, begun, members, rows)


def numbers(holder: Holder, page: Page[Member]) -> BitMap:
    with holder.begin() as session:
        found = people.numbers_of_members(session, holder.shop_id, page.items, holder.now())
    return BitMap(found)


def end(holder: Holder, begun: Begun, members: BitMap, rows: int) -> None:
    """All of them were read, from so many rows: publish, unless the segment changed meanwhile."""
    doubted = begun.differs or rows != len(members)
    there = _count(holder, begun.ref, rows) if doubted else rows
    if not members:  # nobody says whether a deleted one has no members or is not found
        holder.client.fetch_saved_search(begun.ref)
    with holder.begin() as session:
        segment = session.get_one(Segment, begun.id, with_for_update=True)
        if segment.changed_at != begun.changed_at:
            return  # its pages tell of two rules, or it is gone: if it is stale, it is begun anew
        changed_meanwhile, reason = segment.stale_since != begun.asked_at, segment.stale_reason
        published = publishing.publish(session, segment, members, there, begun.cause, holder.now())
        rereading.begin_again(segment, holder.settings.reread, holder.now())
        if changed_meanwhile and reason:
            staleness.mark_stale(session, segment, reason, holder.now())
        if begun.cause == staleness.NIGHT:
            findings.note_drift(session, runs.last_run(session, holder.shop_id), segment, published)
        card = holder.shop(session).card
    tell(published, card)


def _read_pages(holder: Holder, ref: str) -> Generator[None, None, tuple[BitMap, int]]:
    """(the people of a list, how many rows named them)"""
    members, rows, page_info = BitMap(), 0, None
    while True:
        page = holder.client.fetch_member_page(ref, page_info=page_info)
        members |= numbers(holder, page)
        rows, page_info = rows + len(page.items), page.next_page_info
        if page_info is None:
            return members, rows
        yield


def _count(holder: Holder, ref: str, rows: int) -> int:
    """How many the Admin counts; as many as there were rows, where it does not tell."""
    with holder.begin() as session:
        zone = holder.shop(session).timezone
    try:
        return holder.client.fetch_member_count(ref, zone)
    except NotAuthorised:
        raise
    except ShoplineError:
        return rows


def tell(published: Published, card: ShopCard) -> None:
    """After the commit."""
    if published.version is None:
        return
    facts = {
        "shop": card,
        "segment_id": published.segment_id,
        "version": published.version,
        "joined": published.joined,
        "left": published.left,
    }
    announce(segment_published, **facts)
    if published.joined or published.left:
        announce(segment_members_changed, **facts)


def take_list(
    session: Session,
    shop_id: int,
    searches: Sequence[SavedSearch],
    now: datetime,
    reread: Sequence[timedelta] = (),
) -> list[Segment]:
    """Bring our segments in line with the store's complete list. Returns those that exist there."""
    known = {
        segment.segment_ref: segment
        for segment in session.scalars(
            select(Segment).where(Segment.shop_id == shop_id, Segment.source == SHOPLINE)
        )
    }
    listed = []
    for search in searches:
        segment = known.pop(search.ref, None) or publishing.add_segment(
            session, shop_id, SHOPLINE, search.ref, search.name, now
        )
        was_known = bool(segment.definition)
        if take_definition(segment, search) and was_known:
            rereading.begin(segment, reread, now)
        if segment.state == DELETED:
            publishing.restore(segment)
        listed.append(segment)
    for gone in known.values():
        if gone.state != DELETED:
            publishing.mark_deleted(gone, now)
    return listed


def take_definition(segment: Segment, search: SavedSearch) -> bool:
    """The rule as the API tells it; a webhook writes the same rule in another notation.

    True when it is another rule than before.
    """
    publishing.rename(segment, search.name)
    is_another = segment.definition != search.query
    segment.definition = search.query
    segment.remote_updated_at = search.updated_at or segment.remote_updated_at
    return is_another
