"""The door for webhooks: verified on the raw bytes, stored once, committed, answered.

Source: developer.shopline.com, "Webhooks overview".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..shopline import DeliveryHeaders
from ..web import State
from . import words
from .models import PARKED, RECEIVED, Delivery

LARGEST_BODY = 2 * 1024 * 1024


def sender(told: DeliveryHeaders, body: bytes) -> DeliveryHeaders:
    """What the headers tell; one that names no store is completed from the body, which is signed.

    Nobody says whether requests to erase, set up elsewhere than the others, carry the headers.
    """
    if told.store_ref or told.domain:
        return told
    _fault, payload = _parse(body)
    return replace(
        told,
        store_ref=_first(payload, "shop_id", "store_id"),
        domain=_first(payload, "shop_domain", "store_domain"),
    )


def _first(payload: dict[str, Any], *names: str) -> str | None:
    return next((str(payload[name]) for name in names if payload.get(name)), None)


def store(state: State, shop_id: int, told: DeliveryHeaders, body: bytes) -> bool:
    """One row per message; False for a message that is here already: that is only counted.

    A body that is no JSON object is stored as well, and parked: nothing that was rightly signed
    is lost.
    """
    now = state.now()
    fault, subject = _look_inside(body)
    delivery = Delivery(
        shop_id=shop_id,
        delivery_ref=_message_ref(told, body),
        topic=(told.topic or "")[:60],
        body=body,
        subject_ref=subject,
        state=PARKED if fault else RECEIVED,
        reason=fault,
        received_at=now,
        next_try_at=now,
    )
    try:
        with state.database.begin() as session:
            session.add(delivery)
            state.get_shop(session, shop_id).last_webhook_at = now
    except IntegrityError:
        with state.database.begin() as session:
            _count_again(session, delivery)
            state.get_shop(session, shop_id).last_webhook_at = now
        return False
    return True


def _count_again(session: Session, delivery: Delivery) -> None:
    """Counted by the database, so that no two arrivals at once are taken for one."""
    known = (
        Delivery.shop_id == delivery.shop_id,
        Delivery.delivery_ref == delivery.delivery_ref,
    )
    session.execute(
        update(Delivery).where(*known).values(duplicates=Delivery.duplicates + 1)
    )


def _message_ref(told: DeliveryHeaders, body: bytes) -> str:
    """SHOPLINE's id of the message, the same when it is sent again.

    One without an id is known by its words, so that no two of them are taken for one.
    """
    ref = told.message_ref or ""
    if ref and len(ref) <= 100:
        return ref
    words = ref.encode() or (told.topic or "").encode() + b"\n" + body
    return f"sha256:{hashlib.sha256(words).hexdigest()}"


def _look_inside(body: bytes) -> tuple[str | None, str | None]:
    """(what is wrong, the id of what it is about)"""
    fault, payload = _parse(body)
    return fault, str(payload["id"]).replace("\0", "")[:60] if "id" in payload else None


def _parse(body: bytes) -> tuple[str | None, dict[str, Any]]:
    try:
        payload: Any = json.loads(body)
    except (ValueError, RecursionError):
        return words.NOT_JSON, {}
    return (None, payload) if isinstance(payload, dict) else (words.NOT_AN_OBJECT, {})
