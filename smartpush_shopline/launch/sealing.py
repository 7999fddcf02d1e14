"""Values that only we can make, good for a while: signed with the dashboard's own key.

One of them is where a person goes on after the login, or outside of a frame: the dashboard's login
gets a path of ours and never an address that somebody else wrote.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app, url_for
from itsdangerous import BadSignature, URLSafeSerializer

from ..errors import ConfigurationError, DeepLinkRefused

_TARGET = "smartpush.continue"
_TIME_TO_SIGN_IN = timedelta(hours=1)
OPEN, SEGMENT = "open", "segment"


class Target(NamedTuple):
    """A link from the Admin that was seen to be good at a moment."""

    door: str
    query: bytes
    at: datetime
    ref: str = ""
    """What the path names behind the door. No signature covers it."""


def path_of(target: Target) -> str:
    """A path below our prefix that goes on through this door."""
    said = [target.door, target.query.decode("latin-1"), target.at.isoformat(), target.ref]
    return url_for("smartpush.launch.go_on", sealed=seal(_TARGET, said, target.at))


def target_of(sealed: str, now: datetime) -> Target:
    """Raises DeepLinkRefused with reason `bad_seal`."""
    said = unseal(_TARGET, sealed, now, _TIME_TO_SIGN_IN)
    if said is None:
        raise DeepLinkRefused("The link was not made here, or long ago.", reason="bad_seal")
    door, query, at, ref = said
    return Target(door, query.encode("latin-1"), datetime.fromisoformat(at), ref)


def seal(purpose: str, said: Any, now: datetime) -> str:
    return str(_serializer(purpose).dumps([now.timestamp(), said]))


def unseal(purpose: str, text: str, now: datetime, life: timedelta) -> Any:
    """What was sealed for this purpose; None when it was not, or longer ago than its life."""
    try:
        seconds, said = _serializer(purpose).loads(text)
    except BadSignature:
        return None
    age = now.timestamp() - seconds
    return said if abs(age) <= life.total_seconds() else None


def _serializer(purpose: str) -> URLSafeSerializer:
    """Older keys of the dashboard (SECRET_KEY_FALLBACKS) still open."""
    if not current_app.secret_key:
        raise ConfigurationError("The dashboard has no SECRET_KEY, so nothing can be signed.")
    older = current_app.config.get("SECRET_KEY_FALLBACKS") or ()
    return URLSafeSerializer([*reversed(older), current_app.secret_key], salt=purpose)
