"""What SHOPLINE says about the store itself.

Only the body of a webhook is signed. So a store is taken at its word when the body names it;
otherwise whoever holds its lease asks the store. Nothing is fetched here.
"""

from __future__ import annotations

from sqlalchemy import select

from ..books import Context, Payload, TopicBook
from ..shopline import parse_app_lifecycle, parse_shop_update
from ..shopline.values import parse_optional_ref
from . import install
from .models import Shop

topics = TopicBook()


@topics.on("merchants/update")
def store_changed(change: Payload, ctx: Context) -> None:
    """Messages come in any order; should an older one win, the night puts it right."""
    named = parse_optional_ref(change.get("id"), "id")
    if not ctx.shop.store_ref or named != ctx.shop.store_ref:
        _ask(ctx.shop, ctx)
        return
    was = ctx.shop.status
    install.learn(ctx.shop, parse_shop_update(change), ctx.now)
    if ctx.shop.status != was:
        ctx.ring("sync")


@topics.on("apps/installed_uninstalled")
def app_installed_or_uninstalled(change: Payload, ctx: Context) -> None:
    """An uninstall is believed when the body names this store and this app."""
    said = parse_app_lifecycle(change)
    if said.installed:
        return
    if (said.app_key, said.handle) == (ctx.shop.app_key, ctx.shop.handle):
        install.uninstall(ctx.shop)
    elif said.app_key and said.handle:
        _ask_another(said.app_key, said.handle, ctx)
    else:
        _ask(ctx.shop, ctx)


def _ask_another(app_key: str, handle: str, ctx: Context) -> None:
    """It names another app at the same store, or another store: none of this one's business."""
    named = ctx.session.scalars(
        select(Shop).where(Shop.app_key == app_key, Shop.handle == handle)
    ).one_or_none()
    if named is not None and named.handle == ctx.shop.handle:
        _ask(named, ctx)


def _ask(shop: Shop, ctx: Context) -> None:
    install.ask_whether_still_in(shop, ctx.now)
    ctx.ring("sync")
