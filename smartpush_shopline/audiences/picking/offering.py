"""Versions of the dashboard's own segments, made when one is chosen."""

from __future__ import annotations

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...contacts import people
from ...contracts import SegmentCard, ShopCard
from ...errors import NotFound
from ...segments import publishing
from ...segments.models import NATIVE, Segment
from ...web import State


def ensure_native_version(state: State, shop: ShopCard, ref: str) -> tuple[int, int | None]:
    """(segment id, version id) with the people the dashboard counts in it now.

    Raises NotFound for a segment the dashboard does not offer.
    """
    card = _card(state, shop, ref)
    persons = list(state.native.members(shop, ref))

    def publish(session: Session) -> tuple[int, int | None]:
        now = state.now()
        segment = publishing.find_segment(
            session, shop.id, NATIVE, ref
        ) or publishing.add_segment(session, shop.id, NATIVE, ref, card.name, now)
        publishing.rename(segment, card.name)
        members = BitMap(people.numbers_of_people(session, shop.id, persons, now))
        publishing.publish(session, segment, members, len(persons), "chosen", now)
        return segment.id, segment.current_version_id

    return state.database.retrying(publish)


def _card(state: State, shop: ShopCard, ref: str) -> SegmentCard:
    for card in state.native.list(shop):
        if card.ref == ref:
            return card
    raise NotFound("The dashboard has no such segment.")


def newest_version_id(state: State, shop_id: int, segment_id: int) -> int | None:
    """The list that is offered now. Raises NotFound for a segment of another store."""
    with state.database.read() as session:
        row = session.execute(
            select(Segment.current_version_id).where(
                Segment.id == segment_id, Segment.shop_id == shop_id
            )
        ).one_or_none()
    if row is None:
        raise NotFound("There is no such segment.")
    version: int | None = row[0]
    return version
