"""Who was erased is known by a keyed hash alone, so that nothing from before brings them back."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ..shops.models import ShopCounter
from .models import Tombstone
from .rows import batches

_AMONG = select(Tombstone.digest, Tombstone.number).where(
    Tombstone.shop_id == bindparam("shop_id"),
    Tombstone.digest.in_(bindparam("some", expanding=True)),
)


def digest(salt: bytes, kind: str, ref: str) -> str:
    """`kind` is the name of the column that held the reference, or says what it is."""
    return hmac.digest(salt, f"{kind}:{ref}".encode(), "sha256").hex()


def find(session: Session, shop_id: int, kind: str, refs: Sequence[str]) -> dict[str, int]:
    """Reference → the number it had, for those who were erased. One query for a page."""
    salt = session.get_one(ShopCounter, shop_id).salt
    by_digest = {digest(salt, kind, ref): ref for ref in refs}
    found: dict[str, int] = {}
    for some in batches(list(by_digest)):
        asked = session.execute(_AMONG, {"shop_id": shop_id, "some": some})
        found |= {by_digest[row.digest]: row.number for row in asked}
    return found


def place(session: Session, counter: ShopCounter, kind: str, ref: str, number: int) -> None:
    session.add(
        Tombstone(
            shop_id=counter.shop_id, digest=digest(counter.salt, kind, ref), number=number
        )
    )
