"""Few combinations in which every two answers meet: a greedy covering array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from .questions import QUESTIONS
from .questions_data import Question

Row = dict[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]


def pairwise(questions: Iterable[Question] = QUESTIONS) -> list[Row]:
    """Moods to set, row after row; the first row is what the sandbox assumes anyhow.

    Any two answers to two questions stand together in at least one row, so whatever goes wrong
    because of one answer or two is found, in some tens of rows instead of billions.
    """
    return cover({each.name: list(each.values) for each in questions})


def cover(choices: Mapping[str, Sequence[str]]) -> list[Row]:
    """The first values together, then rows until every two values of two names have met."""
    if len(choices) == 1:
        return [{name: value} for name, values in choices.items() for value in values]
    usual = {name: values[0] for name, values in choices.items()}
    open_pairs = _pairs(choices) - set(_met(usual))
    rows = [usual]
    while open_pairs:
        row = _next_row(choices, open_pairs)
        open_pairs.difference_update(_met(row))
        rows.append(row)
    return rows


def _next_row(choices: Mapping[str, Sequence[str]], open_pairs: set[Pair]) -> Row:
    """Begin with a pair that nobody met yet, then let each question choose what meets most."""
    first = min(open_pairs)
    row: Row = dict(first)
    for name in sorted(choices, key=lambda each: (-len(choices[each]), each)):
        if name not in row:
            row[name] = max(choices[name], key=lambda value: _gain(row, (name, value), open_pairs))
    return {name: row[name] for name in choices}


def _gain(row: Row, entry: tuple[str, str], open_pairs: set[Pair]) -> int:
    return sum(_pair(entry, other) in open_pairs for other in row.items())


def _pairs(choices: Mapping[str, Sequence[str]]) -> set[Pair]:
    return {
        _pair((one, first), (other, second))
        for one, other in combinations(choices, 2)
        for first in choices[one]
        for second in choices[other]
    }


def _met(row: Row) -> Iterable[Pair]:
    return (_pair(one, other) for one, other in combinations(row.items(), 2))


def _pair(one: tuple[str, str], other: tuple[str, str]) -> Pair:
    return (one, other) if one < other else (other, one)
