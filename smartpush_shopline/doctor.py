"""`flask smartpush doctor`: is it plugged in right? Each finding comes with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from htmx_flask.requests import HtmxAwareRequest
from jinja2 import TemplateNotFound
from sqlalchemy import select

from .contacts.consent_notes import why_unread
from .contacts.models import OptOutReading
from .contacts.writing_back import SCOPE
from .shops import tokens
from .shops.models import UNINSTALLED, Shop
from .web import State


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not work, or will not for long.

    `is_choice`: or something that a dashboard may well do without.
    """

    what: str
    hint: str
    is_choice: bool = False


def examine(app: Flask) -> list[Finding]:
    state: State = app.extensions["smartpush"]
    if not state.database.has_tables():
        return [Finding("SmartPush's tables are missing.", "Run `flask smartpush db upgrade`.")]
    missing = state.database.missing_columns()
    if missing:
        return [
            Finding(
                f"SmartPush's tables are older than its code: {missing[0]} is missing.",
                "Run `flask smartpush db upgrade`.",
            )
        ]
    return [finding for check in CHECKS for finding in check(app, state)]


def _public_url(app: Flask, state: State) -> Iterator[Finding]:
    url = urlsplit(state.settings.public_url)
    if url.scheme != "https" and url.hostname not in ("127.0.0.1", "localhost"):
        yield Finding(
            f"SMARTPUSH_PUBLIC_URL is {state.settings.public_url}, without https.",
            "SHOPLINE delivers webhooks to https addresses only.",
        )


def _endpoints(app: Flask, state: State) -> Iterator[Finding]:
    for name in ("campaign_form_endpoint", "login_endpoint"):
        endpoint = getattr(state.settings, name)
        if endpoint and endpoint not in app.view_functions:
            yield Finding(
                f"SMARTPUSH_{name.upper()} is {endpoint!r}, which this app does not have.",
                "Name an endpoint as url_for() takes it, such as 'campaigns.new'.",
            )
    if not state.settings.campaign_form_endpoint:
        yield Finding(
            "Create Campaign in the Admin leads nowhere.",
            "Set SMARTPUSH_CAMPAIGN_FORM_ENDPOINT to the endpoint of your campaign form.",
            is_choice=True,
        )


def _base_template(app: Flask, state: State) -> Iterator[Finding]:
    try:
        app.jinja_env.get_template(state.settings.base_template)
    except TemplateNotFound:
        yield Finding(
            f"SMARTPUSH_BASE_TEMPLATE {state.settings.base_template!r} does not exist.",
            "Make it, or leave the setting out for our own frame.",
        )


def _request_class(app: Flask, state: State) -> Iterator[Finding]:
    if not issubclass(app.request_class, HtmxAwareRequest):
        yield Finding(
            "app.request_class was replaced after SmartPush was plugged in.",
            "Set your own request class before smartpush.init_app(app); it is kept.",
        )


def _csrf(app: Flask, state: State) -> Iterator[Finding]:
    csrf = app.extensions.get("csrf")
    if csrf is not None and "smartpush_shopline.inbox.views.receive" not in csrf._exempt_views:
        yield Finding(
            "CSRFProtect was initialised after SmartPush, so webhooks will be refused.",
            "Call csrf.init_app(app) before smartpush.init_app(app).",
        )


def _session_cookie(app: Flask, state: State) -> Iterator[Finding]:
    if not app.secret_key:
        yield Finding(
            "The dashboard has no SECRET_KEY, so links and choices cannot be signed.",
            "Set a long random SECRET_KEY and keep it.",
        )
    if app.config.get("SESSION_COOKIE_SAMESITE") == "Strict":
        yield Finding(
            "SESSION_COOKIE_SAMESITE is Strict, so who comes back from SHOPLINE is not signed in.",
            "Set it to Lax.",
        )


def _apps(app: Flask, state: State) -> Iterator[Finding]:
    secrets = [secret for each in state.settings.apps.values() for secret in set(each)]
    if len(set(secrets)) < len(secrets):
        yield Finding(
            "Two apps in SMARTPUSH_APPS share a secret, so one can speak for the other.",
            "Give each app its own secret, as the Partner Portal does.",
        )
    if state.settings.unsigned_probe and state.settings.public_url.startswith("https:"):
        yield Finding(
            "SMARTPUSH_UNSIGNED_PROBE is on, so unsigned webhooks are answered with 200.",
            "It is for development; leave it out where real stores are connected.",
        )


def _shops(app: Flask, state: State) -> Iterator[Finding]:
    with state.database.read() as session:
        shops = list(session.scalars(select(Shop).where(Shop.status != UNINSTALLED)))
    for shop in shops:
        lacking = set(state.settings.scopes) - set(shop.scopes.split(","))
        if shop.app_key not in state.settings.apps:
            yield Finding(
                f"{shop.handle} installed the app {shop.app_key}, which is not in SMARTPUSH_APPS.",
                "List the app again; until then nothing is read from the store.",
            )
        elif lacking and not shop.is_private:
            yield Finding(
                f"{shop.handle} did not grant {', '.join(sorted(lacking))}.",
                "Its merchant is asked when they open the app in the Admin the next time.",
            )


def _write_back(app: Flask, state: State) -> Iterator[Finding]:
    if not state.settings.write_back:
        return
    if SCOPE not in state.settings.scopes:
        yield Finding(
            f"SMARTPUSH_WRITE_BACK is on, but SMARTPUSH_SCOPES does not ask for {SCOPE}.",
            f"Add {SCOPE} to SMARTPUSH_SCOPES; until then no store is told about opt-outs.",
        )


def _opt_outs(app: Flask, state: State) -> Iterator[Finding]:
    if state.opt_outs() is None:
        return
    with state.database.read() as session:
        failing = session.execute(
            select(Shop.handle, OptOutReading.error)
            .join(OptOutReading, OptOutReading.shop_id == Shop.id)
            .where(OptOutReading.failed_since.is_not(None))
        ).all()
    for handle, error in failing:
        yield Finding(
            f"The dashboard's opt_outs cannot be read for {handle}. {why_unread(error)}",
            "The log says where it failed. It is asked again every minute, and nothing is lost.",
        )


def _tokens(app: Flask, state: State) -> Iterator[Finding]:
    with state.database.read() as session:
        shops = list(session.scalars(select(Shop).where(Shop.token.is_not(None))))
    for shop in shops:
        try:
            tokens.reveal(shop, state.settings.encryption_keys)
        except Exception as error:
            yield Finding(str(error), "List the old key after the new one until it is rotated.")


def _migrate(app: Flask, state: State) -> Iterator[Finding]:
    """Flask-Migrate compares the whole database with the dashboard's models: ours are not there."""
    config = app.extensions.get("migrate")
    env = Path(config.directory, "env.py") if config is not None else None
    if env is not None and env.is_file() and "smartpush" not in env.read_text("utf-8", "replace"):
        yield Finding(
            f"{env} does not leave SmartPush's tables out: the next autogenerate would drop them.",
            "Give context.configure() include_name from smartpush_shopline.migrations, as the "
            "README shows.",
        )


CHECKS: tuple[Callable[[Flask, State], Iterator[Finding]], ...] = (
    _public_url,
    _endpoints,
    _base_template,
    _request_class,
    _csrf,
    _migrate,
    _session_cookie,
    _apps,
    _shops,
    _write_back,
    _opt_outs,
    _tokens,
)
