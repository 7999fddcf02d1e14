"""What SHOPLINE says about the store itself.

Only the body of a webhook is signed. So a store is taken at its word when the body names it;
otherwise whoever holds its lease asks the store. Nothing is fetched here.
"""

from __future__ import annotations

import logging

from sqlalchemy import select

from ..books import Context, Payload, TopicBook
from ..errors import UnexpectedPayload
from ..shopline import parse_shop
from ..shopline.values import parse_timezone
from . import install
from .models import Shop

topics = TopicBook()
log = logging.getLogger("smartpush")


@topics.on("merchants/update")
def store_changed(change: Payload, ctx: Context) -> None:
    """Messages come in any order; should an older one win, the night puts it right."""
    if not ctx.shop.store_ref or str(change.get("id")) != ctx.shop.store_ref:
        _ask(ctx.shop, ctx)
        return
    was = ctx.shop.status
    install.learn(ctx.shop, parse_shop(_completed(change, ctx.shop)), ctx.now)
    if ctx.shop.status != was:
        ctx.ring("sync")


def _completed(change: Payload, shop: Shop) -> Payload:
    """Empty fields are left out of a webhook; a zone nobody knows is as good as left out."""
    said = {name: value for name, value in change.items() if value not in (None, "")}
    try:
        parse_timezone(said.get("iana_timezone", shop.timezone), "iana_timezone")
    except UnexpectedPayload:
        log.warning("smartpush.timezone_unknown shop=%s", shop.id)
        del said["iana_timezone"]
    return {"name": shop.name, "iana_timezone": shop.timezone, **said}


@topics.on("apps/installed_uninstalled")
def app_installed_or_uninstalled(change: Payload, ctx: Context) -> None:
    """An uninstall is believed when the body names this store and this app."""
    if str(change.get("operate", "")).lower() != "uninstall":
        return
    app_key, handle = str(change.get("appkey", "")), str(change.get("handle", ""))
    if (app_key, handle) == (ctx.shop.app_key, ctx.shop.handle):
        install.uninstall(ctx.shop)
    elif app_key and handle:
        _ask_another(app_key, handle, ctx)
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
