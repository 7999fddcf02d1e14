"""The link in a message that unsubscribes its reader: signed, without a login, good for ever."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...contacts import opting_out
from ...contacts.models import Contact
from ...errors import ConfigurationError, DeepLinkRefused
from ...shops.models import Shop
from ...web import State
from ..models import Audience

_SALT = b"smartpush.unsubscribe"
_SIGNATURE = 16
_BODY = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a link is about, and the message it was in."""

    audience_id: int
    number: int


def linker(state: State, audience_id: int) -> Callable[[int], str]:
    """number → address. Made when somebody asks for it: signing a million costs seconds."""
    key = _keys(state.app)[0]
    start = state.settings.address("/unsubscribe/")

    def link(number: int) -> str:
        return start + _token(key, audience_id, number)

    return link


def _token(key: bytes, audience_id: int, number: int) -> str:
    body = _BODY.pack(audience_id, number)
    signed = body + hmac.digest(key, body, "sha256")[:_SIGNATURE]
    return base64.urlsafe_b64encode(signed).decode("ascii")


def read(app: Flask, token: str) -> Reader:
    """Raises DeepLinkRefused for anything this dashboard did not sign itself."""
    try:
        signed = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:  # not ASCII is one, too
        raise DeepLinkRefused(reason="malformed") from None
    body, signature = signed[: _BODY.size], signed[_BODY.size :]
    if len(signed) != _BODY.size + _SIGNATURE or base64.urlsafe_b64encode(signed) != token.encode():
        raise DeepLinkRefused(reason="malformed")
    for key in _keys(app):
        if hmac.compare_digest(hmac.digest(key, body, "sha256")[:_SIGNATURE], signature):
            return Reader(*_BODY.unpack(body))
    raise DeepLinkRefused(reason="bad_seal")


def _keys(app: Flask) -> list[bytes]:
    """The dashboard's key, then its older ones (SECRET_KEY_FALLBACKS), which still open."""
    older = app.config.get("SECRET_KEY_FALLBACKS") or ()
    secrets = [app.secret_key, *older]
    if not app.secret_key:
        raise ConfigurationError("The dashboard has no SECRET_KEY, so nothing can be signed.")
    return [_derived(secret) for secret in secrets if secret]


def _derived(secret: str | bytes) -> bytes:
    raw = secret.encode() if isinstance(secret, str) else secret
    return hmac.digest(raw, _SALT, hashlib.sha256)


def find(session: Session, reader: Reader) -> tuple[Audience, Shop, Contact | None]:
    """The message, the store, and the person, unless erased meanwhile."""
    audience = session.get(Audience, reader.audience_id)
    if audience is None:
        raise DeepLinkRefused(reason="unknown")
    contact = session.scalars(
        select(Contact).where(
            Contact.shop_id == audience.shop_id, Contact.number == reader.number
        )
    ).one_or_none()
    return audience, session.get_one(Shop, audience.shop_id), contact


def act(session: Session, reader: Reader, now: datetime) -> None:
    """One fact in the ledger, however often the button is pressed."""
    audience, shop, contact = find(session, reader)
    if contact is None or contact.deleted_at is not None:
        return
    opting_out.record(
        session,
        shop.id,
        [contact.number],
        opting_out.Report(
            audience.channel, "unsubscribed", "link", now, f"audience {audience.id}"
        ),
        now,
    )
