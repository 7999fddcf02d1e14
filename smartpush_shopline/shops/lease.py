"""One lease per shop: who may call this store's API and write what it answered.

Every transaction of the holder checks that it still holds the lease and prolongs it, so a holder
that slept past its end writes nothing. Time comes from the database, never from a worker's clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Float, cast, extract, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from ..database import Database
from ..errors import LeaseLost
from .models import ShopLease

LIFE = 60.0
"""Seconds a lease lives unless prolonged; longer than the 30 s a call may take."""


class Lease:
    """A held lease. `begin()` opens the holder's transactions; `release()` gives it back."""

    def __init__(self, database: Database, shop_id: int, owner: str, epoch: int) -> None:
        self._database = database
        self.shop_id = shop_id
        self.owner = owner
        self.epoch = epoch

    @classmethod
    def take(cls, database: Database, shop_id: int) -> Lease | None:
        """None when somebody else holds it."""
        owner = uuid.uuid4().hex
        with database.begin() as session:
            now = _now(session)
            free = (ShopLease.shop_id == shop_id) & (ShopLease.until < now)
            won = session.execute(
                update(ShopLease)
                .where(free)
                .values(owner=owner, epoch=ShopLease.epoch + 1, until=now + LIFE)
            )
            if not won.rowcount:  # type: ignore[attr-defined]
                return None
            epoch = session.scalars(
                select(ShopLease.epoch).where(ShopLease.shop_id == shop_id)
            ).one()
        return cls(database, shop_id, owner, epoch)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that commits only while the lease is ours. Raises LeaseLost."""
        with self._database.begin() as session:
            self._prolong(session, LIFE)
            yield session

    def release(self) -> None:
        with self._database.begin() as session:
            try:
                self._prolong(session, -1)
            except LeaseLost:
                return

    def _prolong(self, session: Session, seconds: float) -> None:
        now = _now(session)
        ours = (
            (ShopLease.shop_id == self.shop_id)
            & (ShopLease.epoch == self.epoch)
            & (ShopLease.owner == self.owner)
            & (ShopLease.until >= now)
        )
        kept = session.execute(update(ShopLease).where(ours).values(until=now + seconds))
        if not kept.rowcount:  # type: ignore[attr-defined]
            raise LeaseLost


def _now(session: Session) -> float:
    """Seconds since 1970 by the database's clock."""
    clock: ColumnElement[float]
    if session.get_bind().dialect.name == "sqlite":
        clock = cast((func.julianday("now") - 2440587.5) * 86400.0, Float)
    else:
        clock = cast(extract("epoch", func.clock_timestamp()), Float)
    return float(session.scalars(select(clock)).one())
