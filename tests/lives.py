"""The life of a worker, which may end at any commit. Importable by name, for real processes."""

from __future__ import annotations

import itertools
import os
import signal
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, create_engine, event

from smartpush_shopline.database import Database
from tests.hosting import close_host, make_host
from tests.support import Clock

Death = tuple[str, int]
"""("commit", n): just before the n-th one. ("call", n): while the store answers the n-th one."""


def live(url: str, addresses: dict[str, str], at: datetime, budget: int, death: Death) -> None:
    """Tick until nothing is due. The database is written as in earnest: every commit is kept."""
    host = make_host(url, Clock(at), Database(create_engine(url)), **addresses)
    host.state.settings = replace(host.state.settings, night_budget=budget)
    if death[0] == "commit":
        _end_at(host.database.engine, death[1])
    for _ in range(3):  # what one look leaves for the next is there at the second
        host.tick()
    close_host(host)


def _end_at(engine: Engine, nth: int) -> None:
    commits = itertools.count(1)

    def look(_connection: Any) -> None:
        if next(commits) == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "commit", look)
