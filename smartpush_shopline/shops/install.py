"""The life of a store: installed, connected by a person, paused, uninstalled."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..errors import UnexpectedPayload
from ..shopline import ShopInfo, ShopUpdate, Token
from ..shopline.values import parse_timezone
from . import calendar, tokens
from .models import (
    ACTIVE,
    PAUSED,
    PENDING,
    UNAUTHORISED,
    UNINSTALLED,
    Shop,
    ShopCounter,
    ShopLease,
    ShopReserve,
)

log = logging.getLogger("smartpush")
OPEN = 2
Problem = dict[str, Any] | None
"""What SHOPLINE answered, as `failure.code_of` keeps it; None when it was no answer."""
SHUT = {3: "closed", 4: "frozen", 5: "closed"}
"""What `biz_store_status` of a store says when nothing is to be read from it."""


def record_install(
    session: Session, app_key: str, handle: str, token: Token, keys: Sequence[str], now: datetime
) -> Shop:
    """Keep the token of a store that said yes. It stays pending until a person connects it.

    A store that was connected before and was authorised anew stays connected.
    """
    shop = find_or_add(session, app_key, handle, now)
    if shop.status == UNINSTALLED:
        shop.status, shop.installed_at = PENDING, now
    elif shop.status != PENDING:
        shop.status = ACTIVE
    shop.is_private = False
    _forget_troubles(shop)
    tokens.keep(shop, token, keys)
    session.flush()
    return shop


def record_private(
    session: Session, app_key: str, handle: str, token: Token, keys: Sequence[str], now: datetime
) -> Shop:
    """Keep the token that a person copied from the Admin, and connect the store by it."""
    shop = find_or_add(session, app_key, handle, now)
    shop.is_private = True
    tokens.keep(shop, token, keys)
    connect(shop, now)
    session.flush()
    return shop


def find_or_add(session: Session, app_key: str, handle: str, now: datetime) -> Shop:
    shop = find_shop(session, app_key, handle)
    if shop is None:
        shop = Shop(app_key=app_key, handle=handle, name=handle, status=PENDING, installed_at=now)
        session.add(shop)
        session.flush()
        session.add_all([made(shop_id=shop.id) for made in (ShopLease, ShopReserve, ShopCounter)])
    return shop


def claim(session: Session, shop: Shop, now: datetime) -> bool:
    """A person takes a waiting store into the dashboard. Of two at once, one wins."""
    won = session.execute(
        update(Shop)
        .where(Shop.id == shop.id, Shop.status == PENDING)
        .values(status=ACTIVE, connected_at=now, problem=None, reason=None)
    )
    return bool(won.rowcount)  # type: ignore[attr-defined]


def connect(shop: Shop, now: datetime) -> None:
    """A signed-in, permitted person takes the store into the dashboard."""
    shop.status, shop.connected_at = ACTIVE, now
    _forget_troubles(shop)


def uninstall(shop: Shop) -> None:
    """Drop the token at once. The data stay until SHOPLINE asks for their erasure."""
    shop.status, shop.token, shop.token_expires_at = UNINSTALLED, None, None
    shop.reason, shop.confirm_at = "uninstalled", None
    shop.problem = None


def shut_out(shop: Shop, reason: str, problem: Problem, now: datetime) -> None:
    """SHOPLINE accepts our token no more, and a new one is not to be had without a person.

    Or so it seems: at the store's next midnight it is tried once, like a paused one.
    """
    shop.status, shop.reason, shop.problem = UNAUTHORISED, reason, problem
    _have_a_night(shop, now)


def pause(shop: Shop, reason: str, problem: Problem, now: datetime) -> None:
    """Nothing is read until the store's next midnight, when it is tried once."""
    shop.status, shop.reason, shop.problem = PAUSED, reason, problem
    _have_a_night(shop, now)


def _have_a_night(shop: Shop, now: datetime) -> None:
    """Also one that stopped before its first import: its next midnight is tomorrow."""
    if shop.last_nightly_date is None:
        shop.last_nightly_date = calendar.today(shop, now)


def ask_whether_still_in(shop: Shop, now: datetime) -> None:
    """Somebody says something about the store that only the store can confirm."""
    shop.confirm_at = now


def learn(shop: Shop, facts: ShopInfo | ShopUpdate, now: datetime) -> None:
    """What the store says about itself: a new time zone moves its midnight, a shut store pauses."""
    shop.store_ref = facts.ref
    shop.merchant_ref = facts.merchant_ref or shop.merchant_ref
    shop.domain = facts.domain or shop.domain
    shop.name = facts.name or shop.name
    shop.currency = facts.currency or shop.currency
    shop.language = facts.language or shop.language
    _move_midnight(shop, facts.timezone)
    shut = SHUT.get(facts.status or 0)
    if shut and shop.status in (ACTIVE, PAUSED):
        pause(shop, shut, None, now)
    elif facts.status == OPEN and shop.status == PAUSED:
        shop.status = ACTIVE
        _forget_troubles(shop)


def _move_midnight(shop: Shop, zone: str | None) -> None:
    """A zone that this machine does not know changes nothing."""
    if zone is None or zone == shop.timezone:
        return
    try:
        calendar.move(shop, parse_timezone(zone))
    except UnexpectedPayload:
        log.warning("smartpush.timezone_unknown shop=%s", shop.id)


def find_shop(session: Session, app_key: str, handle: str) -> Shop | None:
    return session.scalars(
        select(Shop).where(Shop.app_key == app_key, Shop.handle == handle)
    ).one_or_none()


def _forget_troubles(shop: Shop) -> None:
    shop.problem = shop.reason = shop.confirm_at = None
