"""The two ways in from the Admin: opening the app, and coming back from authorising it."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping, Sequence

from flask import current_app
from flask import session as browser
from itsdangerous import BadSignature, URLSafeTimedSerializer

from ..errors import DeepLinkRefused
from ..shopline import verify_query
from ..web import State

_SALT = "smartpush.install"
_NONCE = "smartpush_install"
_STATE_LIFE = 15 * 60


def checked_query(
    state: State, raw_query: bytes, app_key: str | None, *, ignore_expiry: bool = False
) -> dict[str, str]:
    """The parameters, once the app's own secret is seen to have signed them."""
    secrets: Sequence[str] = state.settings.apps.get(app_key or "", ())
    if not secrets:
        raise DeepLinkRefused("The link is for another app.", reason="unknown_app")
    params: Mapping[str, str] = verify_query(
        raw_query, secrets, state.now(), ignore_expiry=ignore_expiry
    )
    if "handle" not in params:
        raise DeepLinkRefused("The link names no store.", reason="bad_handle")
    return dict(params)


def new_install_state(handle: str) -> str:
    """Travels through the Admin and back; bound to this browser by a nonce in its session."""
    nonce = browser.setdefault(_NONCE, random.token_urlsafe(16))
    return str(_serializer().dumps({"handle": handle, "nonce": nonce}))


def began_here(handle: str, text: str | None) -> bool:
    """Whether this browser began the installation that just came back."""
    try:
        said = _serializer().loads(text or "", max_age=_STATE_LIFE)
    except BadSignature:
        return False
    return bool(said == {"handle": handle, "nonce": browser.get(_NONCE)})


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=_SALT)
