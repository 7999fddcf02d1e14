"""The Admin a person can click: home, apps, settings, webhook log, and the way to campaigns.

Customers and segments have modules of their own. No page needs a login, and none sets a cookie
(a cookie would be shared with whatever else runs on this machine's other ports).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from . import door, installs, links, profile
from .door import Refusal, store, world
from .oauth import timestamp
from .people import Invalid
from .state import Unknown

admin = Blueprint("admin", __name__, url_prefix="/<handle>/admin")
Page = str | tuple[str, int] | Response
ROWS = 50


@admin.before_request
def _gate() -> None:
    try:
        door.enter()
        door.check_origin()
    except Refusal as refusal:
        abort(refusal.status, str(refusal))


@admin.errorhandler(Unknown)
def _unknown(error: Unknown) -> tuple[str, int]:
    return show("problem.html", "", word="Not found", text=str(error)), 404


def front(handle: str) -> Response:
    """A sandbox store has no shop window; its bare address leads to the Admin."""
    if world().find_store(handle) is None:
        raise NotFound("There is no store at this address.")
    return redirect(url_for("admin.home", handle=handle))


def show(template: str, nav: str, **names: Any) -> str:
    return render_template(template, store=store(), nav=nav, **names)


def done(word: str, endpoint: str, **values: Any) -> Response:
    """After a change: the page again, with a word about it."""
    address = url_for(f"admin.{endpoint}", handle=store().handle, done=word, **values)
    return redirect(address, 303)


def page_of(rows: Sequence[Any]) -> dict[str, Any]:
    """The rows of the page asked for, and where the others are."""
    text = request.args.get("page", "1")
    pages = max(1, -(-len(rows) // ROWS))
    number = min(int(text), pages) if text.isascii() and text.isdigit() and int(text) else 1
    start = (number - 1) * ROWS
    return {
        "rows": rows[start : start + ROWS],
        "total": len(rows),
        "first": start + 1,
        "last": min(start + ROWS, len(rows)),
        "before": number - 1 if number > 1 else None,
        "after": number + 1 if number < pages else None,
    }


@admin.get("/", strict_slashes=False)
def home() -> str:
    return show("home.html", "home", install=_install())


@admin.get("/campaign")
def campaign() -> Response:
    """Signed when it is clicked, so the address it leads to is one that can be opened again."""
    segment, channel = request.args.get("segment", ""), request.args.get("channel", "")
    if channel not in links.CHANNELS:
        abort(404, "A campaign is either an e-mail or an SMS campaign.")
    if segment != links.EVERYONE and store().segments.get(segment) is None:
        raise Unknown(f"There is no segment {segment} in this store.")
    settings = world().settings
    return redirect(links.campaign_address(settings, store(), segment, channel, timestamp()))


@admin.get("/apps")
def apps() -> str:
    return show("apps.html", "apps", install=_install())


@admin.get("/apps/open")
def open_app() -> Response:
    return redirect(links.open_address(world().settings, store(), timestamp()))


@admin.post("/apps/uninstall")
def uninstall() -> Response:
    installs.uninstall(store(), world().settings.app_key)
    return done("uninstalled", "apps")


@admin.post("/apps/redact")
def redact_store() -> Response:
    settings = world().settings
    installs.redact_store(store(), settings.gdpr_url)
    return done("redact", "apps")


@admin.get("/settings")
def settings_page() -> str:
    info = store().info
    return _settings({"name": info.name, "timezone": info.timezone})


@admin.post("/settings")
def save_settings() -> Page:
    form = request.form.to_dict()
    try:
        profile.edit(store(), form.get("name", ""), form.get("timezone", ""))
    except Invalid as error:
        return _settings(form, error), 422
    return done("saved", "settings_page")


@admin.get("/webhooks")
def webhooks() -> str:
    newest = store().deliveries.all()[::-1]
    return show(
        "webhooks.html", "webhooks", page=page_of(newest), subscriptions=store().subscriptions.all()
    )


def _settings(form: dict[str, str], error: Invalid | None = None) -> str:
    zones = profile.timezones()
    return show("settings.html", "settings", form=form, error=error, zones=zones)


def _install() -> Any:
    return store().installs.get(world().settings.app_key)
