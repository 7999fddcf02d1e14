"""The two ways in from the Admin: opening the app, and coming back from authorising it."""

from __future__ import annotations

import secrets as random
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from flask import session as browser

from ..errors import DeepLinkRefused
from ..shopline import verify_query
from ..shopline.signing import BASE, LONGEST_QUERY
from ..web import State
from .sealing import seal, unseal

_STATE = "smartpush.install"
_STATE_LIFE = timedelta(minutes=15)
_NONCES = "smartpush_install"
_AT_ONCE = 5
"""Installations that one browser may have under way."""


def checked_query(
    state: State,
    raw_query: bytes,
    *,
    at: datetime | None = None,
    ignore_expiry: bool = False,
    base_is_enough: bool = False,
) -> dict[str, str]:
    """The parameters, once the app's own secret is seen to have signed them by `at` (or now).

    `base_is_enough`: others may have been appended behind the signature; the caller then trusts
    them no further than the person who is signed in.
    """
    if len(raw_query) > LONGEST_QUERY:
        raise DeepLinkRefused("The link is too long.", reason="oversize")
    app_key = parse_qs(raw_query.decode("latin-1")).get("appkey", [""])[0]
    secrets = state.settings.apps.get(app_key, ())
    if not secrets:
        raise DeepLinkRefused("The link is for another app.", reason="unknown_app")
    at = at or state.now()
    try:
        params = verify_query(raw_query, secrets, at, ignore_expiry=ignore_expiry)
    except DeepLinkRefused as refusal:
        if not base_is_enough or refusal.reason != "bad_signature":
            raise
        params = verify_query(raw_query, secrets, at, ignore_expiry=ignore_expiry, only=BASE)
    if params.get("appkey") != app_key:
        raise DeepLinkRefused("The link is for another app.", reason="unknown_app")
    if "handle" not in params:
        raise DeepLinkRefused("The link names no store.", reason="bad_handle")
    return params


def new_install_state(app_key: str, handle: str, now: datetime) -> str:
    """Travels through the Admin and back; bound to this browser by a nonce in its session."""
    nonces = dict(browser.get(_NONCES, {}))
    nonce = nonces.pop(handle, None) or random.token_urlsafe(16)
    browser[_NONCES] = dict([*nonces.items(), (handle, nonce)][-_AT_ONCE:])
    return seal(_STATE, [app_key, handle, nonce], now)


def began_here(app_key: str, handle: str, text: str | None, now: datetime) -> bool:
    """Whether this browser began the installation that just came back. True only once."""
    nonces = dict(browser.get(_NONCES, {}))
    nonce = nonces.get(handle)
    said = unseal(_STATE, text or "", now, _STATE_LIFE)
    if nonce is None or said != [app_key, handle, nonce]:
        return False
    del nonces[handle]
    browser[_NONCES] = nonces
    return True
