"""Our own engine on the dashboard's SQLite file."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from smartpush_shopline.database import Database


def look(database: Database) -> None:
    with database.read() as session:
        look_again(session)


def look_again(connection: Connection | Session) -> None:
    assert connection.scalar(text("SELECT count(*) FROM campaign")) == 2


def test_a_dashboard_may_always_read_while_its_file_becomes_wal(tmp_path: Path) -> None:
    """A reader is under way, so the file cannot change its mode yet, and nobody waits for that."""
    host = create_engine(f"sqlite:///{tmp_path / 'dashboard.sqlite'}", connect_args={"timeout": 1})
    with host.begin() as setting_up:
        setting_up.execute(text("CREATE TABLE campaign (id integer)"))
        setting_up.execute(text("INSERT INTO campaign VALUES (1), (2)"))
    database = Database(host)
    with host.connect() as reading, host.connect() as another:
        begun = reading.execution_options(stream_results=True).execute(
            text("SELECT * FROM campaign")
        )
        begun.fetchone()
        ours = threading.Thread(target=look, args=(database,))
        ours.start()
        while ours.is_alive():
            look_again(another)
        ours.join()
        begun.close()
    look(database)  # on the connection that could not do it before
    with closing(database.engine.raw_connection()) as opened:
        modes = opened.cursor().execute("PRAGMA journal_mode").fetchone()
        waits = opened.cursor().execute("PRAGMA busy_timeout").fetchone()
    assert (modes[0], waits[0]) == ("wal", 30_000)
    database.engine.dispose()
    host.dispose()
