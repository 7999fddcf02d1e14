"""Tokens at rest: Fernet, newest key first, so rotating a key is a non-event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import select, update

from ..database import Database
from ..errors import ConfigurationError, NotAuthorised
from ..shopline import Token
from .models import Shop

REFRESH_BEFORE = timedelta(hours=1)
"""Tokens live ten hours; a fresh one is fetched at nine."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What came of encrypting every token with the newest key."""

    renewed: tuple[str, ...]
    newest_already: int
    unreadable: tuple[str, ...]


def cipher(keys: Sequence[str]) -> MultiFernet:
    """Encrypts with the newest key, reads with any. Raises ConfigurationError for a wrong one."""
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ConfigurationError(
            "SMARTPUSH_ENCRYPTION_KEYS holds something that is no Fernet key. "
            "Make one with: python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'"
        ) from None


def check_keys(keys: Sequence[str]) -> None:
    """Raises ConfigurationError now rather than when the first store is connected."""
    cipher(keys)


def keep(shop: Shop, token: Token, keys: Sequence[str]) -> None:
    shop.token = cipher(keys).encrypt(token.value.encode())
    shop.token_expires_at = token.expires_at
    shop.scopes = ",".join(sorted(token.scope))


def reveal(shop: Shop, keys: Sequence[str]) -> str:
    """The access token in the clear. Raises NotAuthorised when there is none we can read."""
    if shop.token is None:
        raise NotAuthorised(f"There is no token for {shop.handle}.", reason="no_token")
    try:
        return cipher(keys).decrypt(shop.token).decode()
    except InvalidToken:
        raise NotAuthorised(
            f"The token of {shop.handle} was encrypted with a key that is no longer listed.",
            reason="forgotten_key",
        ) from None


def is_readable(shop: Shop, keys: Sequence[str]) -> bool:
    try:
        reveal(shop, keys)
    except NotAuthorised:
        return False
    return True


def is_old(shop: Shop, now: datetime) -> bool:
    return shop.token_expires_at is not None and now > shop.token_expires_at - REFRESH_BEFORE


def rotate(database: Database, keys: Sequence[str]) -> Rotation:
    """Encrypt every token with the newest key, store by store; stopped half-way, it goes on.

    A token that was renewed meanwhile is left: whoever renewed it used the newest key.
    """
    newest, every = cipher(keys[:1]), cipher(keys)
    renewed, unreadable, already = [], [], 0
    with database.read() as session:
        kept = select(Shop.id, Shop.handle, Shop.token).where(Shop.token.is_not(None))
        rows = [(each.id, each.handle, each.token or b"")
                for each in session.execute(kept.order_by(Shop.id))]
    for shop_id, handle, token in rows:
        if _opens(newest, token):
            already += 1
        elif not _opens(every, token):
            unreadable.append(handle)
        elif _replace(database, shop_id, token, every.rotate(token)):
            renewed.append(handle)
        else:
            already += 1
    return Rotation(tuple(renewed), already, tuple(unreadable))


def _opens(keys: MultiFernet, token: bytes) -> bool:
    try:
        keys.decrypt(token)
    except InvalidToken:
        return False
    return True


def _replace(database: Database, shop_id: int, old: bytes, new: bytes) -> bool:
    mine = update(Shop).where(Shop.id == shop_id, Shop.token == old)
    with database.begin() as session:
        won = session.execute(mine.values(token=new))
        return bool(won.rowcount)  # type: ignore[attr-defined]
