"""Keeps the stores over a restart: every thing is one small JSON row of an SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Hashable, Iterator
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast, get_type_hints

from .model import Consent

T = TypeVar("T")
TABLE = """CREATE TABLE IF NOT EXISTS thing (
    store TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (store, kind, key))"""
PUT = "INSERT INTO thing VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"
DROP = "DELETE FROM thing WHERE store = ? AND kind = ? AND key = ?"


class Disk:
    """Writes are collected and then committed together; callers hold the sandbox's lock."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(TABLE)

    def load(self, store: str, kind: str, kind_of: type[T]) -> Iterator[tuple[str, T]]:
        rows = self._connection.execute(
            "SELECT key, body FROM thing WHERE store = ? AND kind = ? ORDER BY rowid",
            (store, kind),
        )
        for key, body in rows:
            yield key, decode(kind_of, json.loads(body))

    def put(self, store: str, kind: str, key: str, thing: Any) -> None:
        body = json.dumps(asdict(thing), default=datetime.isoformat, ensure_ascii=False)
        self._connection.execute(PUT, (store, kind, key, body))

    def drop(self, store: str, kind: str, key: str) -> None:
        self._connection.execute(DROP, (store, kind, key))

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()


class NoDisk(Disk):
    """Remembers nothing."""

    def __init__(self) -> None:
        pass

    def load(self, store: str, kind: str, kind_of: type[T]) -> Iterator[tuple[str, T]]:
        return iter(())

    def put(self, store: str, kind: str, key: str, thing: Any) -> None:
        pass

    def drop(self, store: str, kind: str, key: str) -> None:
        pass

    def commit(self) -> None:
        pass

    def rollback(self) -> None:
        pass

    def close(self) -> None:
        pass


@cache
def hints(kind_of: Any) -> dict[str, Any]:
    return get_type_hints(kind_of)


def decode(kind_of: type[T], fields: dict[str, Any]) -> T:
    """The value again from its JSON."""
    kinds = hints(cast("Hashable", kind_of))
    return kind_of(**{name: _field(kinds[name], value) for name, value in fields.items()})


def _field(kind: Any, value: Any) -> Any:
    if kind is Consent:
        return decode(Consent, value)
    if isinstance(value, str) and kind in (datetime, datetime | None):
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
