"""A first import begins with the segments of one page, so that something can be chosen at once."""

from __future__ import annotations

from contextlib import suppress

from ..errors import Gone
from . import checking, reading, runs, staleness
from .holder import Holder
from .models import SyncRun
from .unfinished import Begun, Part


def read_small(holder: Holder, run_id: int) -> None:
    """The first page of one segment: one that ends there is read with it, others wait their turn.

    Whatever is wrong with it, it is read later like the others, and keeps none of them waiting.
    """
    with holder.begin() as session:
        run = session.get_one(SyncRun, run_id)
        segment = runs.next_unread(session, run, after=int(run.page_info or 0))
        if segment is None:
            runs.advance(session, run_id)
            return
        run.page_info, run.calls, run.error, run.attempts = str(segment.id), run.calls + 1, None, 0
        begun = Begun.of(session, segment, staleness.FIRST)
    page = checking.asked(lambda: holder.client.fetch_member_page(begun.ref), checking.PATIENCE)
    if page is not None and page.next_page_info is None:
        part = Part()
        reading.add(holder, begun, part, page)
        with suppress(Gone):
            reading.end(holder, begun, part)
