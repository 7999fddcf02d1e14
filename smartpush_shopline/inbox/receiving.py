"""The door for webhooks: verified on the raw bytes, stored once, committed, answered.

Source: developer.shopline.com, "Webhooks overview".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..web import State
from . import words
from .models import PARKED, RECEIVED, Delivery

LARGEST_BODY = 2 * 1024 * 1024


def sender(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The headers; one that names no store is completed from the body, which is signed.

    Nobody says whether requests to erase, set up elsewhere than the others, carry the headers.
    """
    named = dict(headers)
    if any(named.get(name) for name in _SENDERS):
        return named
    _fault, payload = _parse(body)
    for name, keys in _SENDERS.items():
        said = next((payload[key] for key in keys if payload.get(key)), None)
        named |= {name: str(said)} if said is not None else {}
    return named


_SENDERS = {
    "X-Shopline-Shop-Id": ("shop_id", "store_id"),
    "X-Shopline-Shop-Domain": ("shop_domain", "store_domain"),
}


def store(state: State, shop_id: int, headers: Mapping[str, str], body: bytes) -> bool:
    """One row per message; False for a message that is here already: that is only counted.

    A body that is no JSON object is stored as well, and parked: nothing that was rightly signed
    is lost.
    """
    now = state.now()
    fault, subject = _look_inside(body)
    delivery = Delivery(
        shop_id=shop_id,
        delivery_ref=_message_ref(headers, body),
        topic=headers.get("X-Shopline-Topic", "")[:60],
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


def _message_ref(headers: Mapping[str, str], body: bytes) -> str:
    """SHOPLINE's id of the message, the same when it is sent again.

    One without an id is known by its words, so that no two of them are taken for one.
    """
    names = ("X-Shopline-Webhook-Id", "Shopline-Webhook-Id")
    ref = next((headers[name] for name in names if headers.get(name)), "")
    if ref and len(ref) <= 100:
        return ref
    words = ref.encode() or headers.get("X-Shopline-Topic", "").encode() + b"\n" + body
    return f"sha256:{hashlib.sha256(words).hexdigest()}"


def _look_inside(body: bytes) -> tuple[str | None, str | None]:
    """(what is wrong, the id of what it is about)"""
    fault, payload = _parse(body)
    return fault, str(payload["id"])[:60] if "id" in payload else None


def _parse(body: bytes) -> tuple[str | None, dict[str, Any]]:
    try:
        payload: Any = json.loads(body)
    except (ValueError, RecursionError):
        return words.NOT_JSON, {}
    return (None, payload) if isinstance(payload, dict) else (words.NOT_AN_OBJECT, {})
