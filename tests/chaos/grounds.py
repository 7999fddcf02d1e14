"""What the chaos needs of each of the two databases: a first day, and the test's own clock."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import event
from sqlalchemy.orm import Session

from smartpush_shopline.database import Database
from tests import postgres
from tests.support import Clock


class Ground(Protocol):
    """Leases live by the database's clock, which is the test's as well."""

    def reset(self) -> None:
        """Our tables, empty."""

    def changes(self, session: Session) -> int:
        """Rows written so far, of which this transaction writes more."""

    def end(self) -> None:
        """The engine is that of all tests: give it back with the clock of this machine."""


def ground(template: Path, database: Database, clock: Clock) -> Ground:
    if database.engine.dialect.name == "sqlite":
        return OnSqlite(template, database, clock)
    return OnPostgres(database, clock)


class OnSqlite:
    def __init__(self, template: Path, database: Database, clock: Clock) -> None:
        self.template, self.engine, self.clock = template, database.engine, clock
        event.listen(self.engine, "connect", self._set_clock)

    def reset(self) -> None:
        path = Path(str(self.engine.url.database))
        self.engine.dispose()
        for left in path.parent.iterdir():
            left.unlink()
        shutil.copyfile(self.template, path)

    def changes(self, session: Session) -> int:
        driver = session.connection().connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver.total_changes

    def end(self) -> None:
        event.remove(self.engine, "connect", self._set_clock)
        self.engine.dispose()

    def _set_clock(self, connection: Any, _record: Any) -> None:
        def julian_day(_modifier: str) -> float:
            return self.clock().timestamp() / 86400.0 + 2440587.5

        connection.create_function("julianday", 1, julian_day)


_CLOCK = """
    CREATE SCHEMA IF NOT EXISTS chaos;
    CREATE OR REPLACE FUNCTION chaos.clock_timestamp() RETURNS timestamptz
    LANGUAGE sql AS $$ SELECT current_setting('chaos.now')::timestamptz $$
"""
_CHANGES = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"


class OnPostgres:
    """A function of ours stands before the database's own, where its name is looked for."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.engine, self.clock = database.engine, clock
        with self.engine.begin() as connection:
            connection.exec_driver_sql(_CLOCK)
        self.engine.dispose()
        event.listen(self.engine, "connect", self._look_here_first)
        event.listen(self.engine, "begin", self._set_clock)

    def reset(self) -> None:
        postgres.empty(self.engine)

    def changes(self, session: Session) -> int:
        return int(session.connection().exec_driver_sql(_CHANGES).scalar_one() or 0)

    def end(self) -> None:
        event.remove(self.engine, "begin", self._set_clock)
        event.remove(self.engine, "connect", self._look_here_first)
        self.engine.dispose()
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA chaos CASCADE")

    def _look_here_first(self, connection: Any, _record: Any) -> None:
        connection.execute("SET search_path TO public, chaos, pg_catalog")
        connection.commit()

    def _set_clock(self, connection: Any) -> None:
        now = self.clock().isoformat()
        connection.exec_driver_sql("SELECT set_config('chaos.now', %s, true)", (now,))
