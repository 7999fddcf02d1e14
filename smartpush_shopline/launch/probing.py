"""The SHOPLINE command line asks, at install, whether anybody listens for webhooks: unsigned."""

from __future__ import annotations

from flask import request

from ..web import state

_WEBHOOKS = "smartpush.inbox.receive"


def answer_probe() -> tuple[str, int] | None:
    """Behind SMARTPUSH_UNSIGNED_PROBE, for development: 200, and nothing is read or stored."""
    if request.endpoint != _WEBHOOKS or not state().settings.unsigned_probe:
        return None
    return None if "X-Shopline-Hmac-Sha256" in request.headers else ("", 200)
