"""What every page shares: the app's state, permission, and page or partial."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from blinker import NamedSignal
from flask import Flask, Response, abort, current_app, make_response, render_template, request
from sqlalchemy.orm import Session

from . import failure, htmx, i18n
from .books import JobBook, TopicBook
from .contracts import ACTIONS, OptOuts, SegmentProvider, ShopCard
from .database import Database
from .errors import ConfigurationError
from .settings import Settings
from .shopline import DeliveryHeaders, Pace

log = logging.getLogger("smartpush")
LARGEST_ID = 2_147_483_647


@dataclass(slots=True)
class State:
    """Everything of one app, kept in `app.extensions["smartpush"]`."""

    app: Flask
    settings: Settings
    database: Database
    host_session: Callable[[], Session]
    may: Callable[[str, ShopCard | None], bool]
    in_front: Callable[[], str | None]
    native: SegmentProvider
    topics: TopicBook
    jobs: JobBook
    now: Callable[[], datetime]
    ring: Callable[..., None]
    find_sender: Callable[[Session, DeliveryHeaders, Collection[str]], Any]
    get_shop: Callable[[Session, int], Any]
    lease_seconds: float
    """How long a store waits for a worker that died."""
    csp_nonce: Callable[[], str] | None = None
    opt_outs: Callable[[], OptOuts | None] = lambda: None
    campaign_name: Callable[[str], str | None] = lambda _ref: None
    campaign_url: Callable[[str], str | None] = lambda _ref: None
    senders: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)
    paces: dict[Hashable, Pace] = field(default_factory=dict)


def state() -> State:
    found: State | None = current_app.extensions.get("smartpush")
    if found is None:
        raise ConfigurationError(
            "SmartPush is not plugged into this app; call smartpush.init_app(app) first."
        )
    return found


def id_of(text: str) -> int | None:
    """The number that an address or a button names, or None when no row can have it."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else -1
    return number if 0 <= number <= LARGEST_ID else None


def typed(text: str, longest: int = 255) -> str:
    """What a person typed to search for, without the sign that PostgreSQL keeps in no text."""
    return text.replace("\0", "").strip()[:longest]


def refuse_impossible_ids(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """404 instead of a complaint of the database, which has no such numbers."""
    if any(isinstance(value, int) and value > LARGEST_ID for value in (values or {}).values()):
        abort(404)


def campaign_name(ref: str | None) -> str:
    """What the dashboard calls its campaign, else its reference."""
    return _told_by("campaign_name", ref) or ref or ""


def campaign_url(ref: str | None) -> str:
    """The dashboard's page of its campaign, or nothing."""
    return _told_by("campaign_url", ref)


def _told_by(finder: str, ref: str | None) -> str:
    """What the dashboard's own function says. A failure there is theirs."""
    try:
        return getattr(state(), finder)(ref) or "" if ref else ""
    except Exception:
        log.exception("smartpush.%s_failed", finder)
        return ""


def announce(signal: NamedSignal, **facts: Any) -> None:
    """Tell whoever listens, after the commit. A listener's failure is theirs, not ours."""
    for listener in signal.receivers_for(state().app):
        try:
            listener(state().app, **facts)
        except Exception:
            log.exception("smartpush.listener_failed signal=%s", signal.name)


def allow(action: str, shop: ShopCard | None) -> None:
    """403 unless the dashboard's rule says yes."""
    assert action in ACTIONS, action  # noqa: S101  a slip of ours, not of the person in front
    if not state().may(action, shop):
        abort(403)


def render(template: str, **context: Any) -> str:
    """A template with our own gettext, also on a dashboard that has another `_`."""
    mine = {
        **i18n.for_page(),
        "local_time": i18n.local_time,
        "ago": i18n.ago,
        "failure": failure.sentence,
        "campaign_name": campaign_name,
        "campaign_url": campaign_url,
        "smartpush_base": state().settings.base_template,
        "smartpush_htmx": state().settings.htmx,
        "csp_nonce": state().csp_nonce,
        "csrf_field": current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token"),
        "smartpush_lang": i18n.language(),
    }
    return render_template("smartpush_shopline/" + template, **(mine | context))


def page_or_partial(page: str, partial: str, **context: Any) -> Response:
    """One address answers a browser with the page and htmx with the piece it asked for."""
    response = make_response(render(partial if htmx.wants_partial() else page, **context))
    response.vary.add("HX-Request")
    return response


def friendly(title: str, text: str, status: int, **context: Any) -> NoReturn:
    """Stop with a page that says in plain words what is the matter and what to do."""
    context |= {"title": title, "text": text, "may_view": state().may("view", None)}
    abort(make_response(render("message.html", **context), status))


def refuse_other_sites() -> None:
    """A form of ours that another site sends: 403, also on a dashboard without CSRF tokens.

    Browsers say where a request came from; programs, such as SHOPLINE's webhooks, say nothing.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        other = site not in ("same-origin", "none")
    else:
        own = {request.host, urlsplit(state().settings.public_url).netloc}
        other = origin is not None and urlsplit(origin).netloc not in own
    if other:
        log.warning("smartpush.other_site endpoint=%s", request.endpoint)
        abort(403)


def wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"
