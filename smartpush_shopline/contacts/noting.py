"""A message told of somebody: they may be in other segments now, which is asked a little later."""

from __future__ import annotations

from pyroaring import BitMap
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ..books import Context
from ..shops.models import Shop
from .changing import numbers_of
from .models import ChangedContact, Contact


def note_changed(ctx: Context, customer_ref: str | None) -> None:
    """One row for each person, however many messages tell of them. Flushes.

    Called last in a handler: everybody who locks the shop's row has the other locks already.
    """
    refs = [customer_ref] if customer_ref else []
    for number in numbers_of(ctx.session, ctx.shop.id, Contact.customer_ref, refs).values():
        if ctx.session.get(ChangedContact, (ctx.shop.id, number)) is None:
            ctx.session.add(ChangedContact(shop_id=ctx.shop.id, number=number))
        _look_soon(ctx)
    ctx.shop.people_changed_at = ctx.now
    ctx.session.flush()


def _look_soon(ctx: Context) -> None:
    """The first message sets the time; in the database, for another one may have set it by now."""
    if ctx.shop.changes_at is None:
        ctx.ring("sync")
    soon = ctx.now + ctx.settings.changes_after
    ctx.shop.changes_at = func.coalesce(Shop.changes_at, soon)


def take_changed(session: Session, shop_id: int, most: int) -> BitMap:
    """Up to so many of them, who are then noted no more."""
    here = ChangedContact.shop_id == shop_id
    asked = select(ChangedContact.number).where(here).order_by(ChangedContact.number).limit(most)
    numbers = BitMap(session.scalars(asked))
    if numbers:
        session.execute(delete(ChangedContact).where(here, ChangedContact.number <= numbers.max()))
    return numbers
