"""What SHOPLINE says about segments. Nothing is fetched here: a stale row asks for it."""

from __future__ import annotations

from ..books import Context, Payload, TopicBook
from ..contacts.noting import note_changed
from ..segments import publishing
from ..segments.models import SHOPLINE, Segment
from ..shopline import parse_buyer_ref, parse_deleted_saved_search, parse_saved_search
from . import staleness

topics = TopicBook()


@topics.on("customer_groups/create", "customer_groups/update")
def segment_changed(change: Payload, ctx: Context) -> None:
    """The name is taken at once; the rule and its people are read from the store."""
    said = parse_saved_search(change)
    segment = publishing.find_segment(
        ctx.session, ctx.shop.id, SHOPLINE, said.ref
    ) or publishing.add_segment(ctx.session, ctx.shop.id, SHOPLINE, said.ref, said.name, ctx.now)
    known = segment.remote_updated_at
    if known is None or said.updated_at is None or said.updated_at >= known:
        publishing.rename(segment, said.name)
        segment.remote_updated_at = said.updated_at or known
    _read_again(segment, ctx)


@topics.on("customer_groups/delete")
def segment_deleted(change: Payload, ctx: Context) -> None:
    """Only the body is signed: when it does not name this store, the API is asked first."""
    said = parse_deleted_saved_search(change)
    segment = publishing.find_segment(ctx.session, ctx.shop.id, SHOPLINE, said.ref)
    if segment is None:
        return
    if ctx.shop.store_ref and said.store_ref == ctx.shop.store_ref:
        publishing.mark_deleted(segment, ctx.now)
    else:
        _read_again(segment, ctx)


@topics.on("orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/delete")
def order_changed(change: Payload, ctx: Context) -> None:
    """Its buyer may be in other segments now. Not a reading for each order: see `changes`."""
    note_changed(ctx, parse_buyer_ref(change))


def _read_again(segment: Segment, ctx: Context) -> None:
    segment.changed_at = ctx.now
    staleness.mark_stale(ctx.session, segment, staleness.WEBHOOK, ctx.now)
    ctx.ring("sync")
