"""What can be learned without proof, to be confirmed before it is relied on.

Source: developer.shopline.com, "App authorization": the access token is a JWT whose key is not
ours, so its claims are a hint only.
"""

from __future__ import annotations

import base64
import json

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline.values import parse_text


def store_ref_hint(token: str) -> str | None:
    """The numeric store id a token claims; unverified, `merchants/shop.json` confirms it."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        claimed = parse_text(claims.get("storeId"), "storeId") if isinstance(claims, dict) else None
    except (ValueError, RecursionError, UnexpectedPayload):
        return None
    return claimed if claimed and claimed.isascii() and claimed.isdigit() else None
