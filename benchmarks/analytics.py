"""DuckDB on the same people: the analyst's way to a waterfall, one row per member.

A column store with both cores, its tables in memory and sorted by number. It answers the counts
alone; the page that is measured beside it also carries the overlaps, the questions and the HTML.
"""

from __future__ import annotations

import duckdb
import numpy
from pyroaring import BitMap

from smartpush_shopline.audiences.models import EXCLUDE, INCLUDE
from smartpush_shopline.contacts import reach

from .lists import Lists

_VERDICTS = [verdict for verdict in reach.VERDICTS if verdict != reach.SENDABLE]


class Analyst:
    """An open DuckDB with the members of each segment, and each contact's verdict and address."""

    def __init__(self, lists: Lists, here: reach.Reach) -> None:
        self._connection = duckdb.connect()
        self._included = lists.segments(INCLUDE)
        self._excluded = lists.segments(EXCLUDE)
        for segment_id, people in lists.members.items():
            self._make(f"member_{segment_id}", number=_column(people))
        numbers = _column(here.everyone)
        verdicts = numpy.empty(len(numbers), dtype="int8")
        for code, verdict in enumerate(reach.VERDICTS):
            verdicts[numpy.searchsorted(numbers, _column(here.verdicts[verdict]))] = code
        owners = numbers.copy()
        if here.firsts:
            twins = numpy.array(list(here.firsts.items()), dtype="int64")
            owners[numpy.searchsorted(numbers, twins[:, 0])] = twins[:, 1]
        self._make("verdict", number=numbers, code=verdicts, owner=owners)

    def _make(self, name: str, **columns: numpy.ndarray) -> None:
        self._connection.register("handed_in", columns)
        self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM handed_in")
        self._connection.unregister("handed_in")

    def statements(self) -> dict[str, str]:
        """Two ways to the same numbers; the faster one of the day is the baseline."""
        return {"semi-joins": _statement(self, _JOINED), "set operations": _statement(self, _SETS)}

    def counts(self, statement: str) -> dict[str, int]:
        """People by step: each exclusion takes its people from what is left, then the verdicts."""
        result = self._connection.execute(statement)
        row = result.fetchone()
        names = [column[0] for column in result.description]
        return dict(zip(names, row, strict=True)) if row else {}

    @property
    def included(self) -> list[int]:
        return self._included

    @property
    def excluded(self) -> list[int]:
        return self._excluded


def _column(people: BitMap) -> numpy.ndarray:
    return numpy.array(people.to_array(), dtype="int64")


def _statement(analyst: Analyst, form: str) -> str:
    outs = analyst.excluded
    union = " UNION ".join(f"SELECT number FROM member_{i}" for i in analyst.included)
    first = "CASE " + " ".join(f"WHEN is_out_{i} THEN {i}" for i in outs) + " ELSE 0 END"
    return form.format(
        union=union,
        out=first,
        flags=", ".join(f"number IN (SELECT number FROM member_{i}) AS is_out_{i}" for i in outs),
        joins=" ".join(f"LEFT JOIN member_{i} e{i} ON e{i}.number = u.number" for i in outs),
        nulls=", ".join(f"e{i}.number IS NOT NULL AS is_out_{i}" for i in outs),
        excluded=", ".join(f'count(*) FILTER (WHERE gone = {i}) AS "excluded:{i}"' for i in outs),
        verdicts=", ".join(
            f"count(*) FILTER (WHERE gone = 0 AND code = {code}) AS {verdict}"
            for code, verdict in enumerate(_VERDICTS)
        ),
        sendable=len(_VERDICTS),
    )


_REST = """, judged AS (SELECT p.*, {out} AS gone, v.code, v.owner
    FROM people p JOIN verdict v ON v.number = p.number)
SELECT count(*) AS "union", {excluded}, {verdicts},
    count(*) FILTER (WHERE gone = 0 AND code = {sendable})
        - count(DISTINCT owner) FILTER (WHERE gone = 0 AND code = {sendable}) AS same_address,
    count(DISTINCT owner) FILTER (WHERE gone = 0 AND code = {sendable}) AS recipients
FROM judged"""
_SETS = "WITH people AS (SELECT number, {flags} FROM ({union}) u)" + _REST
_JOINED = "WITH people AS (SELECT u.number, {nulls} FROM ({union}) u {joins})" + _REST
