"""The platform's three signatures: HMAC-SHA256 with the app secret, lower-case hex.

Source: developer.shopline.com, "Generate and verify signatures".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlencode


def _digest(secret: str, source: bytes) -> bytes:
    return hmac.new(secret.encode(), source, hashlib.sha256).digest()


def sign_query(secret: str, params: Mapping[str, str], values: str = "decoded") -> str:
    """The sign of an address: its values, sorted by key and joined with ``&``.

    Decoded as the SDK does it, or ``encoded`` as the public page has it.
    """

    def write(text: str) -> str:
        return quote(text, safe="") if values == "encoded" else text

    pairs = (f"{write(key)}={write(params[key])}" for key in sorted(params) if key != "sign")
    return _digest(secret, "&".join(pairs).encode()).hex()


def signed_address(
    secret: str, address: str, params: Mapping[str, str], values: str = "decoded"
) -> str:
    """The address with its parameters and their sign."""
    return f"{address}?{urlencode({**params, 'sign': sign_query(secret, params, values)})}"


def sign_body(secret: str, body: bytes, timestamp: str) -> str:
    """The sign of a token call: the raw body and the timestamp behind it."""
    return _digest(secret, body + timestamp.encode()).hex()


def same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def sign_webhook(secret: str, body: bytes, encoding: str = "hex") -> str:
    """The header of a webhook. The public pages show both encodings; ``wrong`` is a mood."""
    digest = _digest(secret, body)
    if encoding == "base64":
        return base64.b64encode(digest).decode()
    return _digest("not the secret", body).hex() if encoding == "wrong" else digest.hex()
