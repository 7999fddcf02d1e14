"""Which stores a person sees, and which one is in front of them."""

from __future__ import annotations

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..i18n import gettext as _
from ..web import friendly, state
from .models import PENDING, UNINSTALLED, Shop


def connected(session: Session) -> list[Shop]:
    """The connected stores this person may view, by name."""
    shops = session.scalars(
        select(Shop).where(Shop.status.not_in((PENDING, UNINSTALLED))).order_by(Shop.name)
    )
    return [shop for shop in shops if state().may("view", shop.card)]


def waiting(session: Session) -> list[Shop]:
    """Stores that installed the app and that this person may connect."""
    shops = session.scalars(select(Shop).where(Shop.status == PENDING).order_by(Shop.handle))
    return [shop for shop in shops if state().may("connect", shop.card)]


def gone(session: Session) -> list[Shop]:
    """Stores that were connected once and have uninstalled the app."""
    shops = session.scalars(
        select(Shop)
        .where(Shop.status == UNINSTALLED, Shop.connected_at.is_not(None))
        .order_by(Shop.name)
    )
    return [shop for shop in shops if state().may("view", shop.card)]


def find_in_front(session: Session) -> Shop | None:
    shops = connected(session)
    wanted = state().in_front()
    chosen = [shop for shop in shops if shop.handle == wanted]
    return next(iter(chosen or shops), None)


def shop_in_front(session: Session) -> Shop:
    """The store in front of the person; stops with a friendly page when there is none."""
    shop = find_in_front(session)
    if shop is not None:
        return shop
    if not state().may("view", None):
        abort(403)
    friendly(
        _("No store is connected yet"),
        _("Open the app in the SHOPLINE Admin of your store, under Apps, to connect it."),
        404,
    )


def own_shop(session: Session, shop_id: int, action: str) -> Shop:
    """The store with this id, if the person may do this with it; otherwise 404 or 403."""
    shop = session.get(Shop, shop_id)
    if shop is None or not state().may("view", shop.card):
        abort(404)
    if not state().may(action, shop.card):
        abort(403)
    return shop
