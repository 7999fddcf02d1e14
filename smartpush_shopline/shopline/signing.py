"""SHOPLINE's three signatures: links from the Admin, token calls, webhooks.

All are HMAC-SHA256 with the app secret, lower-case hex. Secrets are lists, newest first, so that
rotating one is a non-event. Source: developer.shopline.com, "Generate and verify signatures" and
"Webhooks overview".
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote, unquote_plus

from smartpush_shopline.errors import DeepLinkRefused, DeliveryRefused
from smartpush_shopline.shopline.values import EPOCH

WINDOW = timedelta(minutes=10)
LONGEST_QUERY = 4096
BASE = frozenset({"appkey", "handle", "lang", "timestamp", "host"})
"""What every link from the Admin carries. Whether more is signed on some links is not public."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
HANDLE = re.compile(r"[a-z0-9][a-z0-9-]*")


class Pair(NamedTuple):
    """One parameter, decoded and as it was received."""

    key: str
    value: str
    raw: str


def sign_query(params: Mapping[str, str], secret: str) -> str:
    """Sign decoded parameters the way the official SDK does; a `sign` among them is left out."""
    return _hex(decoded_source(params.items()), secret)


def sign_body(body: bytes, timestamp: str, secret: str) -> str:
    """Sign the very bytes that are sent; webhooks use an empty `timestamp`."""
    return _digest(body + timestamp.encode(), secret).hex()


def verify_query(
    raw_query: bytes | str,
    secrets: Sequence[str],
    now: datetime,
    window: timedelta = WINDOW,
    ignore_expiry: bool = False,
    only: Container[str] | None = None,
) -> dict[str, str]:
    """The decoded parameters (without `sign`) of a link that SHOPLINE really signed.

    `only`: names that the signature covers, when others were appended behind it; what those say
    is then no more than a wish. Raises `DeepLinkRefused` with reason `malformed`, `oversize`,
    `ambiguous`, `unsigned`, `bad_signature`, `bad_handle` or `expired` (more than `window` before
    or after `now`).
    """
    if len(raw_query) > LONGEST_QUERY:
        raise DeepLinkRefused("The link is too long.", reason="oversize")
    pairs = _pairs(raw_query)
    _refuse_ambiguity(pairs)
    params = {pair.key: pair.value for pair in pairs}
    claimed = params.pop("sign", "")
    if not claimed:
        raise DeepLinkRefused("The link carries no signature.", reason="unsigned")
    signed = [pair for pair in pairs if only is None or pair.key in only]
    if not _any_match(claimed, _sources(signed), secrets):
        raise DeepLinkRefused("The link's signature does not fit.", reason="bad_signature")
    if "handle" in params and not HANDLE.fullmatch(params["handle"]):
        raise DeepLinkRefused("The link names no store.", reason="bad_handle")
    if any(_CONTROL.search(key + value) for key, value in params.items()):
        raise DeepLinkRefused("The link holds control signs.", reason="malformed")
    if not ignore_expiry:
        _refuse_expired(params.get("timestamp", ""), now, window)
    return params


def verify_webhook(body: bytes, header: str | None, secrets: Sequence[str]) -> None:
    """Compare `X-Shopline-Hmac-Sha256` (hex, or base64 in the page's example) with the raw body.

    Raises `DeliveryRefused` with reason `unsigned`, `malformed` or `bad_signature`.
    """
    signing_apps(body, header, {"": secrets})


def signing_apps(
    body: bytes, header: str | None, apps: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """The apps of which a secret signed this body; at least one. Raises as `verify_webhook`."""
    claimed = _claimed_digest((header or "").strip())
    matches = [
        (app_key, hmac.compare_digest(claimed, _digest(body, secret)))
        for app_key, secrets in apps.items()
        for secret in secrets
    ]
    signed_by = frozenset(app_key for app_key, fits in matches if fits)
    if not signed_by:
        raise DeliveryRefused("The delivery's signature does not fit.", reason="bad_signature")
    return signed_by


def decoded_source(params: Iterable[tuple[str, str]]) -> str:
    """`k=v` joined by `&`, keys ascending, decoded values: what the official SDK signs."""
    return "&".join(f"{key}={value}" for key, value in sorted(params) if key != "sign")


def encoded_source(params: Iterable[tuple[str, str]]) -> str:
    """The same with percent-encoded keys and values (`%20`): what the page describes."""
    return decoded_source((quote(key, safe=""), quote(value, safe="")) for key, value in params)


def _raw_source(pairs: Iterable[Pair]) -> str:
    return "&".join(sorted((pair.raw for pair in pairs if pair.key != "sign"), key=_raw_key))


def _raw_key(raw: str) -> str:
    return raw.partition("=")[0]


def _sources(pairs: Sequence[Pair]) -> list[str]:
    """Every string SHOPLINE may have signed for this query.

    A raw `+` is left to the other two: as received it reads as a space, but the same text is what
    the SDK signs for a literal plus, so one signature would fit two different values.
    """
    decoded = [(pair.key, pair.value) for pair in pairs]
    raw = _raw_source(pairs)
    return [decoded_source(decoded), encoded_source(decoded)] + ([] if "+" in raw else [raw])


def _pairs(raw_query: bytes | str) -> list[Pair]:
    try:
        text = raw_query.decode("utf-8") if isinstance(raw_query, bytes) else raw_query
        text.encode("utf-8")
        return [_pair(raw) for raw in text.split("&") if raw]
    except UnicodeError:
        raise DeepLinkRefused("The link cannot be read.", reason="malformed") from None


def _pair(raw: str) -> Pair:
    key, _, value = raw.partition("=")
    return Pair(unquote_plus(key, errors="strict"), unquote_plus(value, errors="strict"), raw)


def _refuse_ambiguity(pairs: Sequence[Pair]) -> None:
    """Refuse, before looking at the signature, what could be split or decoded in a second way.

    Someone who lets SHOPLINE sign `customField=x&handle=victim` for their own store would otherwise
    hold a signature for `handle=victim`. `%` left after decoding is refused for the same cause: the
    text signed for it reads differently where the percent-encoded form is accepted too.
    """
    keys = [pair.key for pair in pairs]
    if (
        len(set(keys)) < len(keys)
        or any("=" in key for key in keys)
        or any(mark in pair.key + pair.value for pair in pairs for mark in "&%")
    ):
        raise DeepLinkRefused("The link can be read in two ways.", reason="ambiguous")


def _refuse_expired(timestamp: str, now: datetime, window: timedelta) -> None:
    if not re.fullmatch(r"\d{1,15}", timestamp, re.ASCII):
        raise DeepLinkRefused("The link carries no time.", reason="malformed")
    milliseconds = (now - EPOCH) // timedelta(milliseconds=1)
    if abs(milliseconds - int(timestamp)) > window // timedelta(milliseconds=1):
        raise DeepLinkRefused("The link is too old.", reason="expired")


def _any_match(claimed: str, sources: Sequence[str], secrets: Sequence[str]) -> bool:
    """Compare every candidate, each in constant time, and never stop at the first."""
    expected = [_hex(source, secret) for source in sources for secret in secrets]
    matches = [hmac.compare_digest(claimed.encode(), digest.encode()) for digest in expected]
    return any(matches)


def _claimed_digest(header: str) -> bytes:
    if not header:
        raise DeliveryRefused("The delivery carries no signature.", reason="unsigned")
    if re.fullmatch(r"[0-9a-fA-F]{64}", header):
        return bytes.fromhex(header)
    try:
        digest = base64.b64decode(header.encode(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 32:
        raise DeliveryRefused("The delivery's signature cannot be read.", reason="malformed")
    return digest


def _hex(source: str, secret: str) -> str:
    return _digest(source.encode(), secret).hex()


def _digest(source: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), source, "sha256").digest()
