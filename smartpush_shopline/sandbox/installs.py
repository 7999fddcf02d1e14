"""The app in a store: codes, tokens, and the way out. Lives as on developer.shopline.com.

A code lives 10 minutes and once. A token lives 10 hours; after a refresh the old one lives
5 minutes more. The app's signature alone authorises a refresh, there is no refresh token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from . import wire, wire_store
from .model import Code, Install, Redaction, Token
from .moods import Moods
from .state import Store

CODE_LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(hours=10)
GRACE = timedelta(minutes=5)
REFRESH_PAUSE = timedelta(minutes=1)
REDACT_WAIT = timedelta(hours=48)
REDACT_TOPICS = ("customers/redact", "merchants/redact")
PLATFORM_KEY = secrets.token_bytes(32)
EVERY_SCOPE = frozenset(
    {"read_customers", "write_customers", "read_orders", "read_store_information"}
)


REFUSALS = {
    "not_installed": ("STORE_NOT_INSTALL_APP", "The app is not installed in this store."),
    "too_often": ("REQUEST_FREQUENTLY", "The token was renewed less than a minute ago."),
    "audit": ("APP_AUDIT_NOT_PASS", "The app has not passed its review."),
    "failing": ("TOKEN_CREATE_EXCEPTION", "The token could not be made."),
}


class OAuthError(Exception):
    """Refused; the code is one of the platform's ``i18nCode`` words."""

    def __init__(self, i18n_code: str, message: str) -> None:
        super().__init__(message)
        self.i18n_code = i18n_code


def issue_code(store: Store, scope: str) -> str:
    with store.change():
        value = secrets.token_urlsafe(24).replace("-", "x").replace("_", "y")
        store.codes.put(value, Code(value, scope, store.now() + store.shorter(CODE_LIFE)))
        return value


def redeem_code(store: Store, value: str, app_key: str) -> Token:
    """The app's first token: with it the app is installed."""
    with store.change():
        code, now = store.codes.get(value), store.now()
        store.codes.drop(value)
        if code and code.expires_at > now:
            if store.moods.late_redact == "stays_away":
                store.redactions.clear()
            if store.installs.get(app_key) is None:
                payload = wire_store.app_lifecycle(store.info, app_key, "INSTALL", now)
                store.announce("apps/installed_uninstalled", payload)
            install = Install(app_key, code.scope, now)
            store.installs.put(app_key, install)
            return _issue(store, install)
    raise OAuthError("OAUTH_CODE_INVALID", "The code was used before or is too old.")


def refresh(store: Store, app_key: str) -> Token:
    with store.change():
        install, now = store.installs.get(app_key), store.now()
        if store.moods.refresh in REFUSALS:
            raise OAuthError(*REFUSALS[store.moods.refresh])
        if install is None:
            raise OAuthError(*REFUSALS["not_installed"])
        pause = store.shorter(REFRESH_PAUSE)
        if any(token.issued_at > now - pause for token in store.tokens.all()):
            raise OAuthError(*REFUSALS["too_often"])
        for token in store.tokens.all():
            ends = min(token.expires_at, now + store.shorter(GRACE))
            store.tokens.put(token.value, replace(token, expires_at=ends))
        return _issue(store, install)


def uninstall(store: Store, app_key: str) -> None:
    """The token dies at once; the last webhook still goes out, then the subscriptions are gone.

    The redact topics stay: the Partner Portal holds their address, not the store.
    """
    with store.change():
        if store.installs.get(app_key) is None:
            return
        payload = wire_store.app_lifecycle(store.info, app_key, "UNINSTALL", store.now())
        store.announce("apps/installed_uninstalled", payload)
        store.installs.drop(app_key)
        store.tokens.clear()
        store.codes.clear()
        for subscription in store.subscriptions.all():
            if subscription.topic not in REDACT_TOPICS:
                store.subscriptions.drop(str(subscription.id))
        wait = store.shorter(REDACT_WAIT)
        store.redactions.put(app_key, Redaction(store.now() + wait))
    store.redact_after(wait.total_seconds())


def expire_tokens(store: Store) -> None:
    """Every token ends now; the app has to renew it."""
    with store.change():
        for token in store.tokens.all():
            store.tokens.put(token.value, replace(token, expires_at=store.now()))


def redact_if_due(store: Store, address: str | None) -> None:
    """The store's erasure request, once, if an uninstall is long enough ago."""
    if len(store.redactions):
        redact_store(store, address)


def redact_store(store: Store, address: str | None) -> None:
    """What the platform sends 48 hours after an uninstall, or when somebody asks for it."""
    with store.change():
        store.redactions.clear()
        payload = wire_store.store_redact(store.info, store.now())
        store.announce("merchants/redact", payload, address)


def find_scopes(store: Store, bearer: str) -> tuple[str, frozenset[str]] | None:
    """Whose token this is and what it may do; ``None`` if it opens nothing here and now."""
    if store.moods.tokens == "refused":
        return None
    if hmac.compare_digest(bearer.encode(), f"sandbox-{store.handle}".encode()):
        return "private app", EVERY_SCOPE
    token = store.tokens.get(bearer)
    if token is None or token.expires_at <= store.now():
        return None
    return token.app_key, frozenset(token.scope.split(","))


def show_token(token: Token, moods: Moods) -> wire.Json:
    ends: str | int = token.expires_at.strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
    if moods.token_expiry == "ms":  # noqa: S105  how a time is written
        ends = int(token.expires_at.timestamp() * 1000)
    told = {"accessToken": token.value, "expireTime": ends, "scope": token.scope}
    if moods.refresh_token == "given":  # noqa: S105  whether there is one
        told["refreshToken"] = token.value[-40:]
    return told


def _issue(store: Store, install: Install) -> Token:
    now = store.now()
    for old in store.tokens.all():
        if old.expires_at <= now:
            store.tokens.drop(old.value)
    ends = now + store.shorter(TOKEN_LIFE)
    value = _jwt(store, install.app_key, now, ends)
    token = Token(value, install.app_key, install.scope, now, ends)
    store.tokens.put(token.value, token)
    return token


def _jwt(store: Store, app_key: str, now: datetime, ends: datetime) -> str:
    """A token looks like the samples, but the app cannot verify it: the key is the platform's."""
    claims = {
        "appKey": app_key,
        "sellerId": store.info.merchant_id,
        "storeId": store.info.store_id,
        "version": "V2",
        "timestamp": int(now.timestamp() * 1000),
        "iss": "ysoul",
        "exp": int(ends.timestamp()),
        "jti": secrets.token_hex(8),
    }
    head = f"{_part({'alg': 'HS512'})}.{_part(claims)}"
    seal = hmac.new(PLATFORM_KEY, head.encode(), hashlib.sha512).digest()
    return f"{head}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"


def _part(fields: wire.Json) -> str:
    text = json.dumps(fields, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
