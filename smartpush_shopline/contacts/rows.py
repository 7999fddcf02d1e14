"""Contacts as plain values, read and written a page at a time.

The rules of this room need attributes and nothing else. A session that watches each of them takes
ten times as long for a page of customers, and a first import has thousands of pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, Select, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from .models import Contact

_TABLE = cast("Table", Contact.__table__)
_NAMES = tuple(_TABLE.columns.keys())
_EMPTY = {column.key: None if column.nullable else "" for column in _TABLE.columns}
_BATCH = 500
"""Values per IN (...): few enough for every database, many enough for a page."""


class Row:
    """One contact with the columns of `Contact`. What is set on it is written by `save`.

    Its `id` is None until then when it is new.
    """

    __slots__ = ("__dict__", "saved")

    def __init__(self, values: Mapping[str, Any], *, saved: bool = True) -> None:
        self.__dict__.update(values)
        self.saved = dict(values) if saved else {}

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...


def new(shop_id: int, number: int, now: datetime, **known: Any) -> Row:
    values = {"id": None, "shop_id": shop_id, "number": number, "recorded_at": now, **known}
    return Row(_EMPTY | values, saved=False)


def find(session: Session, shop_id: int, name: str, values: Sequence[Any]) -> list[Any]:
    """(value, number, email, phone) of whoever has one of these values in the column `name`."""
    return _ask(session, _finding(name), shop_id, values)


def load(session: Session, shop_id: int, numbers: Collection[int]) -> list[Row]:
    """As they are in the database now."""
    found = _ask(session, _LOAD, shop_id, sorted(numbers))
    return [Row(dict(zip(_NAMES, row, strict=True))) for row in found]


def _among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Made once and asked with other values: making it takes longer than asking it."""
    mine = _TABLE.c.shop_id == bindparam("shop_id")
    return mine & column.in_(bindparam("some", expanding=True))


@cache
def _finding(name: str) -> Select[Any]:
    column = _TABLE.c[name]
    columns = (column.label("value"), _TABLE.c.number, _TABLE.c.email, _TABLE.c.phone)
    return select(*columns).where(_among(column))


_LOAD = select(_TABLE).where(_among(_TABLE.c.number))


def _ask(session: Session, asked: Select[Any], shop_id: int, values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for some in batches(values):
        found += session.execute(asked, {"shop_id": shop_id, "some": some})
    return found


def save(session: Session, rows: Iterable[Row]) -> None:
    """Write the new ones, which have an id then, and of the others what changed."""
    every = list(rows)
    _insert(session, [row for row in every if row.id is None])
    changes: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in every:
        if vars(row) != row.saved:
            changed = {k: v for k, v in vars(row).items() if v != row.saved[k]}
            changes[tuple(changed)].append(changed | {"row_id": row.id})
            row.saved = dict(vars(row))
    for values in changes.values():
        session.connection().execute(_UPDATE, values)


_UPDATE = update(_TABLE).where(_TABLE.c.id == bindparam("row_id"))


def _insert(session: Session, rows: Sequence[Row]) -> None:
    if not rows:
        return
    for row in rows:
        del row.id  # the database gives it
    session.connection().execute(insert(_TABLE), [vars(row) for row in rows])
    numbers = [row.number for row in rows]
    within = {"shop_id": rows[0].shop_id, "first": min(numbers), "last": max(numbers)}
    ids = {row.number: row.id for row in session.execute(_IDS, within)}
    for row in rows:
        row.id = ids[row.number]
        row.saved = dict(vars(row))


_IDS = select(_TABLE.c.number, _TABLE.c.id).where(
    _TABLE.c.shop_id == bindparam("shop_id"),
    _TABLE.c.number.between(bindparam("first"), bindparam("last")),
)


def batches(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))
