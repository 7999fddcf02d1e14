"""`POST /webhooks/shopline`."""

from __future__ import annotations

import logging

from flask import Blueprint, request

from ..errors import DeliveryRefused
from ..shopline.signing import signing_apps
from ..web import state
from . import receiving

blueprint = Blueprint("inbox", __name__)
log = logging.getLogger("smartpush")


@blueprint.post("/webhooks/shopline")
def receive() -> tuple[str, int]:
    """Answers 200 once the message is committed; the work comes after."""
    if (request.content_length or 0) > receiving.LARGEST_BODY:
        return "", 413
    body = request.stream.read(receiving.LARGEST_BODY + 1)
    if len(body) > receiving.LARGEST_BODY:
        return "", 413
    mine = state()
    try:
        header = request.headers.get("X-Shopline-Hmac-Sha256")
        signed_by = signing_apps(body, header, mine.settings.apps)
    except DeliveryRefused as refusal:
        log.warning("smartpush.delivery_refused reason=%s", refusal.reason)
        return "", 401
    with mine.database.read() as session:
        named = receiving.sender(dict(request.headers), body)
        shop = mine.find_sender(session, named, signed_by)
    if shop is None:
        log.warning("smartpush.delivery_unknown_shop")
        return "", 200
    if receiving.store(mine, shop.id, dict(request.headers), body):
        mine.ring("inbox")
    return "", 200
