"""One lease per shop: who may call this store's API and write what it answered.

Every transaction of the holder checks that it still holds the lease and prolongs it, so a holder
that slept past its end writes nothing. Time comes from the database, never from a worker's clock.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Float, String, bindparam, cast, extract, func, select, true, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ..database import Database
from ..errors import LeaseLost, trace_of
from .models import ShopLease

LIFE = 45.0
"""Seconds a lease lives unless prolonged, so a worker that died is followed within a minute."""
LONGEST_SILENCE = 600.0
"""Seconds without a transaction for which a lease is kept: who hangs for longer has lost it."""
log = logging.getLogger("smartpush")


@dataclass
class Lease:
    """A held lease. `begin()` opens the holder's transactions; `release()` gives it back.

    `calls_left` of the API's burst was left by who held it before, `idle` seconds ago; None when
    nobody has called yet.
    """

    database: Database
    shop_id: int
    epoch: int
    life: float
    calls_left: float | None
    idle: float
    _prolonged_at: float = field(default_factory=time.monotonic)
    _seen_at: float = field(default_factory=time.monotonic)

    @classmethod
    def take(cls, database: Database, shop_id: int, life: float = LIFE) -> Lease | None:
        """None when somebody else holds it."""
        mine = ShopLease.shop_id == shop_id
        with database.begin() as session:
            now = seconds_of(session, life)
            free = select(ShopLease).where(mine).with_for_update(skip_locked=True)
            row = session.scalars(free).one_or_none()
            if row is None or row.until > now:  # no row: its holder is writing just now
                return None
            left, idle = row.calls_left, now - row.until
            row.owner, row.epoch, row.until = _name(), row.epoch + 1, now + life
            row.calls_left = 0.0  # as far as anybody knows who has to take over from a dead one
            return cls(database, shop_id, row.epoch, life, left, idle)

    @staticmethod
    def seconds_left(database: Database, shop_id: int) -> float:
        """How long, at most, until nobody holds it unless it is prolonged; 0 when it is free."""
        with database.read() as session:
            until = session.get_one(ShopLease, shop_id).until
            return max(0.0, until - seconds_of(session))

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that commits only while the lease is ours. Raises LeaseLost."""
        with self.database.begin() as session:
            self._prolong(session)
            yield session
        self._seen_at = time.monotonic()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """While an answer, a listener or a computation takes long, it is prolonged beside it."""
        done = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(done,), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()

    def release(self, calls_left: float | None = None) -> None:
        """Give it back, with what is left of the burst of calls. Harmless when it is lost."""
        left = self.calls_left if calls_left is None else calls_left
        with self.database.begin() as session:
            now = seconds_of(session)
            ours = (ShopLease.shop_id == self.shop_id) & (ShopLease.epoch == self.epoch)
            held = update(ShopLease).where(ours, ShopLease.until > now)
            session.execute(held.values(until=now, calls_left=left))

    def _prolong(self, session: Session) -> None:
        now = seconds_of(session, self.life)
        ours = {"shop": self.shop_id, "its_epoch": self.epoch}
        told = ours | {"now": now, "new_until": now + self.life}
        kept = session.connection().execute(_PROLONG, told)
        if not kept.rowcount:
            raise LeaseLost
        self._prolonged_at = time.monotonic()

    def _is_old(self) -> bool:
        return time.monotonic() - self._prolonged_at >= self.life / 3

    def _keep(self, done: threading.Event) -> None:
        while not done.wait(self.life / 3):
            if time.monotonic() - self._seen_at > LONGEST_SILENCE:
                log.error("smartpush.lease_given_up shop=%s", self.shop_id)
                return
            try:
                self._keep_alive()
            except LeaseLost:  # whoever works under it finds out at the next transaction
                return
            except SQLAlchemyError as error:
                log.warning("smartpush.lease_not_prolonged\n%s", trace_of(error))

    def _keep_alive(self) -> None:
        if self._is_old():
            with self.database.begin() as session:
                self._prolong(session)


def _name() -> str:
    """Who this is, for people; what counts is the epoch."""
    return f"{os.getpid()} on {socket.gethostname()}"[:64]


_ROW = ShopLease.__table__.c
_PROLONG = (
    update(ShopLease.__table__)  # type: ignore[arg-type]
    .where(
        _ROW.shop_id == bindparam("shop"),
        _ROW.epoch == bindparam("its_epoch"),  # every holder has one of its own
        _ROW.until > bindparam("now"),
    )
    .values(until=bindparam("new_until"))
)
"""Made once, as the questions for the time are: they begin every transaction of a holder."""
_SQLITE_NOW = select(cast((func.julianday("now") - 2440587.5) * 86400.0, Float))
_POSTGRES_NOW = select(
    cast(extract("epoch", func.clock_timestamp()), Float),
    func.set_config(
        "idle_in_transaction_session_timeout", bindparam("patience", type_=String), true()
    ),
)


def seconds_of(session: Session, life: float = LIFE) -> float:
    """Seconds since 1970 by the database's clock.

    PostgreSQL is told as well to let go of a transaction whose process sleeps in the midst of it,
    or nobody could take the lease. On SQLite such a process has the only lock there is.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return float(connection.execute(_SQLITE_NOW).scalar_one())
    told = connection.execute(_POSTGRES_NOW, {"patience": f"{life * 1000:.0f}"})
    return float(told.one()[0])
