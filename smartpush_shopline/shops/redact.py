"""Requests to erase, and their receipts: who asked when, until when, and what was done.

SHOPLINE gives 30 days. Source: developer.shopline.com, "GDPR webhook".
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from sqlalchemy import or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ..books import Payload
from ..database import Database
from ..errors import DeliveryRefused, trace_of
from ..web import State
from .models import Redaction, Shop
from .tokens import cipher

PERSON, STORE = "person", "store"
WAITING, DONE, REFUSED, DISMISSED = "waiting", "done", "refused", "dismissed"
WEBHOOK, BY_HAND = "webhook", "command"
INSTALLED_AGAIN, LOG_IN_USE, UNREADABLE, FAILED = (
    "installed_again",
    "log_in_use",
    "unreadable",
    "failed",
)
TIME_TO_ERASE = timedelta(days=30)
TOPICS = frozenset({"customers/redact", "merchants/redact"})
log = logging.getLogger("smartpush")
_CLAIM = timedelta(minutes=10)
_LONGEST_WAIT = timedelta(hours=6)


def check_names(shop: Shop, payload: Payload) -> None:
    """Only the body is signed: it must itself name this store, by all that it says."""
    ref = payload.get("shop_id") or payload.get("store_id")
    domain = payload.get("shop_domain") or payload.get("store_domain")
    right = [str(ref) == shop.store_ref] if ref and shop.store_ref else []
    right += [_is_domain_of(shop, str(domain))] if domain else []
    if not right or not all(right):
        raise DeliveryRefused("The message does not name this store.", reason="not_this_store")


def _is_domain_of(shop: Shop, domain: str) -> bool:
    host = (urlsplit(f"//{domain}").hostname or "").casefold()
    return host == (shop.domain or "").casefold() or host.split(".")[0] == shop.handle.casefold()


def enter(session: Session, request: Redaction, now: datetime) -> Redaction:
    """Keep the receipt. One that waits for the same person or store is the same request."""
    waiting = select(Redaction).where(
        Redaction.shop_id == request.shop_id,
        Redaction.kind == request.kind,
        Redaction.subject.is_not_distinct_from(request.subject),
        Redaction.state.in_((WAITING, REFUSED)),
    )
    known = session.scalars(waiting).first()
    if known is not None:
        known.state, known.next_try_at, known.error = WAITING, now, None
        known.sealed = request.sealed
        return known
    request.source = request.source or WEBHOOK
    request.state, request.received_at, request.next_try_at = WAITING, now, now
    request.due_at, request.erased = now + TIME_TO_ERASE, {}
    session.add(request)
    session.flush()
    return request


def seal(facts: Mapping[str, Any], keys: Sequence[str]) -> bytes:
    """Whom to erase, readable only until it is done."""
    return cipher(keys).encrypt(json.dumps(facts).encode())


def unseal(sealed: bytes, keys: Sequence[str]) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(cipher(keys).decrypt(sealed))
    return facts


def reseal(database: Database, keys: Sequence[str]) -> None:
    """Encrypt what waits with the newest key; what no key opens is left, and shown."""
    with database.begin() as session:
        waiting = select(Redaction).where(Redaction.sealed.is_not(None)).with_for_update()
        for request in session.scalars(waiting):
            with suppress(InvalidToken):
                request.sealed = cipher(keys).rotate(request.sealed or b"")


def due(state: State, kind: str) -> list[int]:
    now = state.now()
    with state.database.read() as session:
        return list(
            session.scalars(
                select(Redaction.id)
                .where(*_is_free(now), Redaction.kind == kind)
                .order_by(Redaction.id)
            )
        )


def claim(state: State, request_id: int) -> bool:
    """Many workers, the loser walks on; a dead worker's request comes back by itself."""
    now = state.now()
    mine = update(Redaction).where(Redaction.id == request_id, *_is_free(now))
    with state.database.begin() as session:
        won = session.execute(mine.values(claimed_until=now + _CLAIM))
        return bool(won.rowcount)  # type: ignore[attr-defined]


def _is_free(now: datetime) -> tuple[Any, ...]:
    unclaimed = or_(Redaction.claimed_until.is_(None), Redaction.claimed_until < now)
    return Redaction.state == WAITING, Redaction.next_try_at <= now, unclaimed


def scrub(state: State) -> str | None:
    """Why something of what was erased may still lie in the database's file."""
    try:
        return None if state.database.scrub() else LOG_IN_USE
    except (DBAPIError, sqlite3.Error) as error:
        log.error("smartpush.scrub_failed\n%s", trace_of(error))
        return LOG_IN_USE


def close(state: State, request_id: int, why: str | None) -> None:
    """Done; or, with a reason, again later, ever later, but never given up: the deadline is shown
    until it is done.
    """
    with state.database.begin() as session:
        request = session.get_one(Redaction, request_id, with_for_update=True)
        if request.state != WAITING:
            return
        request.error, request.claimed_until = why, None
        if why is None:
            finish(request, state.now())
        else:
            request.attempts += 1
            wait = timedelta(minutes=2 ** min(request.attempts, 10))
            request.next_try_at = state.now() + min(wait, _LONGEST_WAIT)


def finish(request: Redaction, now: datetime) -> None:
    request.state, request.done_at, request.sealed, request.error = DONE, now, None, None


def refuse(request: Redaction, why: str) -> None:
    """A person has to decide."""
    request.state, request.error, request.claimed_until = REFUSED, why, None


def decide(request: Redaction, *, again: bool, now: datetime) -> None:
    """What a person decided about a refused request: look again, or leave it."""
    if request.state != REFUSED:
        return
    request.state, request.next_try_at, request.attempts = WAITING, now, 0
    if not again:
        request.state, request.done_at = DISMISSED, now
