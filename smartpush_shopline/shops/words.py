"""Why a store is not read, and what a person can do: in a marketer's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..failure import sentence
from ..i18n import gettext as _
from ..web import state
from .models import PAUSED, UNAUTHORISED, UNINSTALLED, Shop


class Trouble(NamedTuple):
    what: str
    what_to_do: str
    admin_url: str


def troubles(shops: Iterable[Shop]) -> list[Trouble]:
    """Of those of the stores with which something is the matter."""
    return [
        Trouble(*said, state().settings.store_url(shop.handle) + "/admin")
        for shop in shops
        if (said := in_words(shop)) is not None
    ]


def in_words(shop: Shop) -> tuple[str, str] | None:
    """(what is the matter, what to do); None while all is well."""
    if shop.status == UNINSTALLED:
        return _uninstalled(shop)
    if shop.status == UNAUTHORISED:
        return _shut_out(shop)
    return _paused(shop) if shop.status == PAUSED else None


def _uninstalled(shop: Shop) -> tuple[str, str]:
    return (
        _("SmartPush was uninstalled in %(store)s", store=shop.name),
        _("Nothing is read from the store any more. To go on, install SmartPush again in the "
          "Admin, under Apps, and connect the store here; its segments and campaigns are kept."),
    )


def _shut_out(shop: Shop) -> tuple[str, str]:
    what = _("SHOPLINE does not let us into %(store)s any more", store=shop.name)
    if shop.is_private:
        return (
            what,
            _("Copy a new token of the private app from the Admin and give it to whoever runs this "
              "dashboard: flask smartpush connect %(handle)s", handle=shop.handle),
        )
    if shop.reason == "unknown_app":
        return (
            what,
            _("The app that this store installed is no longer set up in this dashboard. "
              "Whoever runs it can list its key in SMARTPUSH_APPS again."),
        )
    return (
        what,
        _("Open SmartPush once in the Admin, under Apps. "
          "Segments and campaigns stay as they are until then."),
    )


def _paused(shop: Shop) -> tuple[str, str]:
    what = _("%(store)s is paused", store=shop.name)
    again = _("It is tried again every night. Segments and campaigns stay as they are until then.")
    return (what, f"{cause(shop)} {again}".strip())


def cause(shop: Shop) -> str:
    """Why it is not read, in one sentence; empty while all is well."""
    causes = {
        "uninstalled": _("The app was uninstalled in the SHOPLINE Admin."),
        "frozen": _("SHOPLINE has frozen the store; its owner can settle that with SHOPLINE."),
        "locked": _("SHOPLINE has locked the store; its owner can settle that with SHOPLINE."),
        "closed": _("The store is closed."),
    }
    return causes.get(shop.reason or "") or sentence(shop.problem)
