"""Everything here about “Create Campaign” is a guess; the platform's own way is not public.

Not stated on any public page: how an app becomes a choice under Create Campaign, which address
is opened, what its parameters are called, and whether they are part of the signature. Unless its
moods say otherwise the sandbox opens the app's own ``launch/segment`` and signs every parameter,
like the open request.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from .settings import Settings
from .signing import sign_query, signed_address
from .state import Store

CHANNELS = {"email": "Email", "sms": "SMS"}
EVERYONE = "all"
"""What stands for the row “All customers”, which is no segment and has no id."""


BASE = ("appkey", "handle", "lang", "timestamp")


def campaign_address(
    settings: Settings, store: Store, segment_id: str, channel: str, timestamp: str
) -> str:
    """Where Create Campaign leads, in the spelling of the store's moods."""
    moods = store.moods
    params = {**_base(settings, store, timestamp), "channel": channel}
    place = settings.app_url if moods.link_target == "app" else f"{settings.prefix}/launch/segment"
    segment = _spelled(segment_id, moods.link_segment)
    if moods.link_parameter == "path":
        place = f"{place.rstrip('/')}/{quote(segment, safe='')}"
    else:
        params[moods.link_parameter] = segment
    if moods.link_sign == "none":
        return f"{place}?{urlencode(params)}"
    signed = params
    if moods.link_sign == "base":
        signed = {key: value for key, value in params.items() if key in BASE}
    sign = sign_query(settings.app_secret, signed, moods.query_sign)
    return f"{place}?{urlencode({**params, 'sign': sign})}"


def open_address(settings: Settings, store: Store, timestamp: str) -> str:
    """The open request (not a guess): made each time the app is opened from the Admin."""
    params = _base(settings, store, timestamp)
    values = store.moods.query_sign
    return signed_address(settings.app_secret, settings.app_url, params, values)


def _base(settings: Settings, store: Store, timestamp: str) -> dict[str, str]:
    params = {"appkey": settings.app_key, "handle": store.handle, "timestamp": timestamp}
    return {**params, "lang": "en"} if store.moods.link_lang == "en" else params


def _spelled(segment_id: str, form: str) -> str:
    if segment_id == EVERYONE or form == "group":
        return segment_id
    digits = segment_id.removeprefix("GROUP")
    return digits if form == "digits" else f"gid://shopline/Segment/{segment_id}"
