"""Reading one segment person by person, and taking in the list of segments."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import datetime, timedelta

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
from . import findings, rereading, runs, staleness, unfinished
from .holder import Holder
from .unfinished import Begun, Part

AGAIN = 2
"""Times that all pages are read once more, because rows moved meanwhile."""
LONGEST_AGAIN = 10_000
"""Rows. In a longer list somebody always moves: who did is told by a message, and asked about."""


def read_segment(holder: Holder, segment_id: int) -> Iterator[None]:
    """All pages into one set, then one short transaction that makes it the current version.

    The store sorts members by a key that moves. A row that comes twice says that rows moved, so
    that another may have slipped between two pages: all pages are read again, at most twice, and
    not when there are very many. What still differs from the Admin's count then is shown, and read
    again later. A long one that was interrupted goes on where it was kept.
    """
    begun = _begin(holder, segment_id)
    yield
    part = yield from _read_pages(holder, begun, _go_on(holder, begun))
    for _ in range(AGAIN if part.rows <= LONGEST_AGAIN else 0):
        if part.rows == len(part.members):
            break
        yield
        part = yield from _read_pages(holder, begun, Part())
    end(holder, begun, part)


def _begin(holder: Holder, segment_id: int) -> Begun:
    """With its rule fetched, unless the store has just listed it."""
    with holder.begin() as session:
        begun = Begun.of(session, session.get_one(Segment, segment_id), staleness.PERSON)
        was_begun = unfinished.is_kept(session, segment_id)
    if begun.cause in (staleness.FIRST, staleness.NIGHT) and not was_begun:
        return begun
    definition = holder.client.fetch_saved_search(begun.ref)
    with holder.begin() as session:
        segment = session.get_one(Segment, segment_id)
        if take_definition(segment, definition):
            rereading.begin(segment, holder.settings.reread, holder.now())
        return begun.under(segment)


def _go_on(holder: Holder, begun: Begun) -> Part:
    with holder.begin() as session:
        part = unfinished.go_on(session, begun, holder.now())
    if not part.is_resumed:
        return part
    return part.after(holder.client.fetch_member_page(begun.ref, page_info=part.last))


def end(holder: Holder, begun: Begun, part: Part) -> None:
    """All of them were read: publish, unless the segment changed meanwhile."""
    there = _counted(holder, begun, part)
    if not part.members:  # nobody says whether a deleted one has no members or is not found
        holder.client.fetch_saved_search(begun.ref)
    with holder.begin() as session:
        segment = session.get_one(Segment, begun.id, with_for_update=True)
        if segment.changed_at != begun.changed_at:
            return  # its pages tell of two rules, or it is gone: if it is stale, it is begun anew
        changed_meanwhile, reason = segment.stale_since != begun.asked_at, segment.stale_reason
        unfinished.forget(session, segment.id)
        members, now = part.members, holder.now()
        published = publishing.publish(session, segment, members, there, begun.cause, now)
        rereading.begin_again(segment, holder.settings.reread, now)
        if changed_meanwhile and reason:
            staleness.mark_stale(session, segment, reason, now)
        if begun.cause == staleness.NIGHT:
            findings.note_drift(session, runs.last_run(session, holder.shop_id), segment, published)
        card = holder.shop(session).card
    tell(published, card)


def _read_pages(holder: Holder, begun: Begun, part: Part) -> Generator[None, None, Part]:
    while True:
        page = holder.client.fetch_member_page(begun.ref, page_info=part.page_info)
        add(holder, begun, part, page)
        if part.page_info is None:
            return part
        yield


def add(holder: Holder, begun: Begun, part: Part, page: Page[Member]) -> None:
    """A page; one we never heard of becomes a contact with it."""
    with holder.begin() as session:
        now = holder.now()
        part.add(page, people.numbers_of_members(session, holder.shop_id, page.items, now))
        if part.is_to_be_kept and begun.is_another:
            unfinished.keep(session, begun, part, now)


def _counted(holder: Holder, begun: Begun, part: Part) -> int:
    """How many the Admin counts, if that is doubted; as many as there were rows, where it does
    not tell."""
    if not (begun.differs or part.is_resumed or part.rows != len(part.members)):
        return part.rows
    with holder.begin() as session:
        zone = holder.shop(session).timezone
    try:
        return holder.client.fetch_member_count(begun.ref, zone)
    except NotAuthorised:
        raise
    except ShoplineError:
        return part.rows


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
    asked_at: datetime,
    reread: Sequence[timedelta] = (),
) -> list[Segment]:
    """Bring our segments in line with the store's complete list, as it was when asked for.

    One that was made, deleted or asked for since then is there, or not, as was heard of it.
    Returns those that are in the list.
    """
    known = {
        segment.segment_ref: segment
        for segment in session.scalars(
            select(Segment).where(Segment.shop_id == shop_id, Segment.source == SHOPLINE)
        )
    }
    listed = []
    for search in searches:
        segment = known.pop(search.ref, None) or publishing.add_segment(
            session, shop_id, SHOPLINE, search.ref, search.name, asked_at
        )
        was_known = bool(segment.definition)
        if take_definition(segment, search) and was_known:
            rereading.begin(segment, reread, asked_at)
        if segment.state == DELETED and not _is_heard_of(segment, asked_at):
            publishing.restore(segment)
        listed.append(segment)
    for gone in known.values():
        if gone.state != DELETED and not _is_heard_of(gone, asked_at):
            publishing.mark_deleted(gone, asked_at)
    unfinished.forget_deleted(session, shop_id)
    return listed


def _is_heard_of(segment: Segment, since: datetime) -> bool:
    heard_at = (segment.created_at, segment.changed_at, segment.stale_since)
    return any(at is not None and at > since for at in heard_at)


def take_definition(segment: Segment, search: SavedSearch) -> bool:
    """The rule as the API tells it; a webhook writes the same rule in another notation.

    True when it is another rule than before.
    """
    publishing.rename(segment, search.name)
    is_another = segment.definition != search.query
    segment.definition = search.query
    segment.remote_updated_at = search.updated_at or segment.remote_updated_at
    return is_another
