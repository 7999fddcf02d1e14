"""Everything here about “Create Campaign” is a guess; the platform's own way is not public.

Not stated on any public page: how an app becomes a choice under Create Campaign, which address
is opened, what its parameters are called, and whether they are part of the signature. The
sandbox opens the app's own ``launch/segment`` and signs every parameter, like the open request.
"""

from __future__ import annotations

from .settings import Settings
from .signing import signed_address

CHANNELS = {"email": "Email", "sms": "SMS"}
EVERYONE = "all"
"""What stands for the row “All customers”, which is no segment and has no id."""


def campaign_address(
    settings: Settings, handle: str, segment_id: str, channel: str, timestamp: str
) -> str:
    params = {
        "appkey": settings.app_key,
        "channel": channel,
        "handle": handle,
        "segment_id": segment_id,
        "timestamp": timestamp,
    }
    return signed_address(settings.app_secret, f"{settings.prefix}/launch/segment", params)


def open_address(settings: Settings, handle: str, timestamp: str) -> str:
    """The open request (not a guess): made each time the app is opened from the Admin."""
    params = {"appkey": settings.app_key, "handle": handle, "timestamp": timestamp}
    return signed_address(settings.app_secret, settings.app_url, params)
