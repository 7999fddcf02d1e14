"""What SHOPLINE says about the store itself."""

from __future__ import annotations

from ..books import Context, Payload, TopicBook
from ..shopline import parse_shop
from . import install

topics = TopicBook()


@topics.on("merchants/update")
def store_changed(change: Payload, ctx: Context) -> None:
    install.learn(ctx.shop, parse_shop(change))


@topics.on("apps/installed_uninstalled")
def app_installed_or_uninstalled(change: Payload, ctx: Context) -> None:
    """Only the body is signed, so it must itself name the store and the app."""
    named = (str(change.get("handle")), str(change.get("appkey")))
    if named != (ctx.shop.handle, ctx.shop.app_key):
        return
    if str(change.get("operate", "")).lower() == "uninstall":
        install.uninstall(ctx.shop)
