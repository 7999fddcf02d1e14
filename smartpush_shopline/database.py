"""Our tables in the dashboard's database, and short sessions of our own.

A dashboard's own connections and transactions are left as they are. On SQLite our sessions use
an engine of their own on the same file, since its settings belong to a connection; elsewhere they
share the dashboard's pool.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Engine,
    MetaData,
    create_engine,
    event,
    inspect,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from .errors import ConfigurationError

TABLE_PREFIX = "smartpush_"
_PATIENCE = 30
"""Seconds to wait for another writer of an SQLite file."""
_WAL_ATTEMPTS = 10
T = TypeVar("T")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out; SQLite itself keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a time zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An amount to four decimals, kept as a whole number so that every database compares alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value.scaleb(4).to_integral_value())

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        return amount(value)


def amount(kept: int | None) -> Decimal | None:
    """What a `Money` column holds, as it was put in."""
    return None if kept is None else Decimal(kept).scaleb(-4)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime}


class Database:
    """Short sessions on the dashboard's database."""

    def __init__(self, host_engine: Engine) -> None:
        self.engine = _own_engine(host_engine)
        options = {"smartpush_reads": True} | _one_moment(self.engine)
        self._reader = self.engine.execution_options(**options)

    def missing_columns(self) -> list[str]:
        """What this code needs and the tables lack: they come from another, unreleased state."""
        there = inspect(self.engine)
        missing = []
        for table in Base.metadata.sorted_tables:
            known = there.has_table(table.name) and there.get_columns(table.name)
            names = {column["name"] for column in known or ()}
            missing += [f"{table.name}.{each.name}" for each in table.columns
                        if each.name not in names]
        return missing

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error.

        On SQLite it takes the write lock at its start, so what it reads stays true until it
        commits. Elsewhere rows are locked by name (`with_for_update`).
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One reading: every statement sees the same moment. Writers are not kept out."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    def scrub(self) -> bool:
        """After an erasure: leave nothing of it in SQLite's file or write-ahead log.

        `secure_delete` overwrites what is deleted, but not the copies that were left in a page's
        gap when it was split: only a rewritten file is free of those. False when somebody reads
        from the log just now; ask again later.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        raw = self.engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("VACUUM")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy
        finally:
            raw.close()

    def has_tables(self) -> bool:
        return inspect(self.engine).has_table(f"{TABLE_PREFIX}shop")

    def retrying(self, work: Callable[[Session], T], attempts: int = 4) -> T:
        """Run `work` in a transaction, again when another writer was in its way."""
        for left in reversed(range(attempts)):
            try:
                with self.begin() as session:
                    return work(session)
            except (IntegrityError, DBAPIError) as error:
                if not left or not _in_the_way(error):
                    raise
        raise AssertionError("unreachable")


def _one_moment(engine: Engine) -> dict[str, Any]:
    """Every statement of one reading sees the same moment, so all numbers of a page agree."""
    if engine.dialect.name == "sqlite":
        return {}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _in_the_way(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, IntegrityError) or state in ("40001", "40P01")


def _own_engine(host: Engine) -> Engine:
    if host.dialect.name == "postgresql":
        return host
    if host.dialect.name != "sqlite":
        raise ConfigurationError(
            f"SmartPush keeps its tables in SQLite or PostgreSQL, not in {host.dialect.name}."
        )
    if not host.url.database or host.url.database == ":memory:":
        raise ConfigurationError(
            "SmartPush needs an SQLite file: a database in memory is seen by one connection only."
        )
    engine = create_engine(host.url, connect_args={"timeout": _PATIENCE})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver opens no transactions: `begin` does
    for pragma in (
        f"busy_timeout={_PATIENCE * 1000}",
        "foreign_keys=ON",
        "secure_delete=ON",
        "synchronous=FULL",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.info.get("smartpush_wal"):
        connection.info["smartpush_wal"] = _become_wal(connection.connection.dbapi_connection)
    reads = connection.get_execution_options().get("smartpush_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _become_wal(connection: Any) -> bool:
    """Tried before each transaction until it is so: without it, a page that reads here and in the
    dashboard's session and a writer about to commit would wait for each other.

    SQLite itself must not wait: who waits for the last reader lets no new reader in.
    """
    connection.execute("PRAGMA busy_timeout=0").close()
    try:
        for _attempt in range(_WAL_ATTEMPTS):
            with suppress(sqlite3.OperationalError):  # somebody is reading or writing
                connection.execute("PRAGMA journal_mode=WAL").close()
                return True
            time.sleep(0.01)
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}").close()
