"""How the chosen segments lie over each other, and what about a choice is probably a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap
from sqlalchemy.orm import Session

from ...members import union
from ..choice import Choice, Pick
from ..models import ALL, EVERYONE, EXCLUDE, INCLUDE
from ..resolve import Lists, Resolution, lists_of

MOST = 12
"""Segments in a matrix: more are no help to an eye."""
ADDS_NOBODY, IS_EMPTY, REMOVES_NOBODY, REMOVES_EVERYBODY, NOBODY_IN_ALL, NOBODY_LEFT = (
    "adds_nobody",
    "is_empty",
    "removes_nobody",
    "removes_everybody",
    "nobody_in_all",
    "nobody_left",
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """`segment_id` names the pick it is about, if it is about one."""

    kind: str
    segment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """cells[row][column]: people in both; on the diagonal the size of the list itself."""

    segment_ids: Sequence[int]
    cells: Sequence[Sequence[int]]


def look(session: Session, choice: Choice) -> Matrix | None:
    """None when there is nothing to compare."""
    return matrix(choice, lists_of(session, choice)) if len(choice.picks) > 1 else None


def matrix(choice: Choice, lists: Lists) -> Matrix | None:
    picks = [pick for pick in choice.picks if pick.version_id in lists][:MOST]
    if len(picks) < 2:
        return None
    members = [_list(lists, pick) for pick in picks]
    cells = [[one.intersection_cardinality(two) for two in members] for one in members]
    return Matrix([pick.segment_id for pick in picks], cells)


def doubts(choice: Choice, lists: Lists, found: Resolution) -> list[Doubt]:
    """About lists that are there; one that is still awaited has a sentence of its own."""
    told = [*_about_included(choice, lists), *_about_excluded(choice, lists, found)]
    if found.chosen and not found.recipients:
        everybody = len(found.reasons["excluded"]) == found.chosen
        told.append(Doubt(REMOVES_EVERYBODY if everybody else NOBODY_LEFT))
    return told


def _about_included(choice: Choice, lists: Lists) -> list[Doubt]:
    picks = [pick for pick in choice.of(INCLUDE) if pick.version_id in lists]
    if choice.scope == EVERYONE or not picks:
        return []
    if choice.combine == ALL:
        common = BitMap.intersection(*(_list(lists, pick) for pick in picks))
        return [] if common or len(picks) < 2 else [Doubt(NOBODY_IN_ALL)]
    return [
        Doubt(ADDS_NOBODY if _list(lists, pick) else IS_EMPTY, pick.segment_id)
        for at, pick in enumerate(picks)
        if _list(lists, pick) <= union(_list(lists, other) for other in _others(picks, at, lists))
    ]


def _others(picks: Sequence[Pick], at: int, lists: Lists) -> list[Pick]:
    """All others; of two equal lists only the later one adds nobody."""
    mine = _list(lists, picks[at])
    return [
        pick
        for place, pick in enumerate(picks)
        if place < at or (place > at and _list(lists, pick) != mine)
    ]


def _about_excluded(choice: Choice, lists: Lists, found: Resolution) -> list[Doubt]:
    excluded = found.reasons["excluded"]
    picks = [pick for pick in choice.of(EXCLUDE) if pick.version_id in lists]
    if not found.chosen or excluded - union(_list(lists, pick) for pick in picks):
        return []  # a newer list, which is heeded at sending, removes somebody
    return [
        Doubt(REMOVES_NOBODY, pick.segment_id)
        for pick in picks
        if excluded.isdisjoint(_list(lists, pick))
    ]


def _list(lists: Lists, pick: Pick) -> BitMap:
    return lists.get(pick.version_id or 0, BitMap())
