"""Contact numbers: dense within a shop, handed out in blocks, never used again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..shops.models import ShopCounter
from . import reach


def lock_counter(session: Session, shop_id: int) -> ShopCounter:
    """Whoever makes contacts holds this row first, so no two make the same person."""
    return session.scalars(
        select(ShopCounter)
        .where(ShopCounter.shop_id == shop_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def hand_out(session: Session, counter: ShopCounter, how_many: int) -> range:
    """The next numbers, with the chunks of reach they fall into made ready."""
    first = counter.last_number + 1
    counter.last_number += how_many
    reach.open_chunks(session, counter.shop_id, first, counter.last_number)
    return range(first, counter.last_number + 1)
