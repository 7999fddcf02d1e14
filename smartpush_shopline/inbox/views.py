"""`POST /webhooks/shopline`."""

from __future__ import annotations

import logging

from flask import Blueprint, request

from ..errors import DeliveryRefused
from ..shopline import parse_delivery_headers
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
    mine, told = state(), parse_delivery_headers(dict(request.headers))
    try:
        signed_by = signing_apps(body, told.signature, mine.settings.apps)
    except DeliveryRefused as refusal:
        log.warning("smartpush.delivery_refused reason=%s", refusal.reason)
        return "", 401
    with mine.database.read() as session:
        shop = mine.find_sender(session, receiving.sender(told, body), signed_by)
    if shop is None:
        log.warning("smartpush.delivery_unknown_shop")
        return "", 200
    if receiving.store(mine, shop.id, told, body):
        mine.ring("inbox")
    return "", 200
