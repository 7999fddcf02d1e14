"""Tokens at rest: Fernet, newest key first, so rotating a key is a non-event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ..errors import ConfigurationError, NotAuthorised
from ..shopline import Token
from .models import Shop

REFRESH_BEFORE = timedelta(hours=1)
"""Tokens live ten hours; a fresh one is fetched at nine."""


def _cipher(keys: Sequence[str]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ConfigurationError(
            "SMARTPUSH_ENCRYPTION_KEYS holds something that is no Fernet key. "
            "Make one with: python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'"
        ) from None


def keep(shop: Shop, token: Token, keys: Sequence[str]) -> None:
    shop.token = _cipher(keys).encrypt(token.value.encode())
    shop.token_expires_at = token.expires_at
    shop.scopes = ",".join(sorted(token.scope))


def reveal(shop: Shop, keys: Sequence[str]) -> str:
    """The access token in the clear. Raises NotAuthorised when there is none we can read."""
    if shop.token is None:
        raise NotAuthorised(f"There is no token for {shop.handle}.")
    try:
        return _cipher(keys).decrypt(shop.token).decode()
    except InvalidToken:
        raise NotAuthorised(
            f"The token of {shop.handle} was encrypted with a key that is no longer listed."
        ) from None


def is_old(shop: Shop, now: datetime) -> bool:
    return shop.token_expires_at is not None and now > shop.token_expires_at - REFRESH_BEFORE
