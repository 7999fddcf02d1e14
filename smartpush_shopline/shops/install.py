"""The life of an installed store: installed, connected by a person, uninstalled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..shopline import ShopInfo, Token
from . import tokens
from .models import ACTIVE, PENDING, UNINSTALLED, Shop, ShopCounter, ShopLease


def record_install(
    session: Session, app_key: str, handle: str, token: Token, keys: Sequence[str], now: datetime
) -> Shop:
    """Keep the token of a store that said yes. It stays pending until a person connects it.

    A store that was connected before and was authorised anew stays connected.
    """
    shop = find_shop(session, app_key, handle)
    if shop is None:
        shop = Shop(app_key=app_key, handle=handle, name=handle, status=PENDING, installed_at=now)
        session.add(shop)
        session.flush()
        session.add_all([ShopLease(shop_id=shop.id), ShopCounter(shop_id=shop.id)])
    elif shop.status == UNINSTALLED:
        shop.status, shop.installed_at = PENDING, now
    elif shop.status != PENDING:
        shop.status = ACTIVE
    shop.problem = None
    tokens.keep(shop, token, keys)
    session.flush()
    return shop


def connect(shop: Shop, now: datetime) -> None:
    """A signed-in, permitted person takes the store into the dashboard."""
    shop.status, shop.connected_at, shop.problem = ACTIVE, now, None


def uninstall(shop: Shop) -> None:
    """Drop the token at once. The data stay until SHOPLINE asks for their erasure."""
    shop.status, shop.token, shop.token_expires_at = UNINSTALLED, None, None
    shop.problem = "The app was uninstalled in the SHOPLINE Admin."


def learn(shop: Shop, facts: ShopInfo) -> None:
    shop.store_ref = facts.ref
    shop.merchant_ref = facts.merchant_ref or shop.merchant_ref
    shop.domain = facts.domain or shop.domain
    shop.name = facts.name or shop.name
    shop.timezone = facts.timezone or shop.timezone
    shop.currency = facts.currency or shop.currency
    shop.language = facts.language or shop.language


def find_shop(session: Session, app_key: str, handle: str) -> Shop | None:
    return session.scalars(
        select(Shop).where(Shop.app_key == app_key, Shop.handle == handle)
    ).one_or_none()
