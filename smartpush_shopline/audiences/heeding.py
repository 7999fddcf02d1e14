"""Picks with the policy "newest at sending": what their newest lists take away.

A list of recipients only shrinks by itself, whatever the policy. Heeding the newest list of an
included segment drops who left it; heeding that of an exclusion drops who joined it. Nobody is
added: that takes a person who presses "Use".

A list that moved too much is not heeded by itself: a person decides. Until then every number is of
what was saved, as is what one of the answers would send.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pyroaring import BitMap
from sqlalchemy.orm import Session

from ..contacts.reach import Reach
from ..segments.models import DELETED
from . import drift
from .choice import Choice, Pick
from .models import EVERYONE, EXCLUDE, INCLUDE, NEWEST, Audience, AudiencePick
from .resolve import Lists, chosen_of, excluded_of, lists_of

_NO_REACH = Reach({}, BitMap(), {})


@dataclass(frozen=True, slots=True)
class Lost:
    """Of the people as saved; disjoint. `undecided`: segments whose newest list moved too much."""

    left_list: BitMap
    excluded: BitMap
    undecided: frozenset[int] = frozenset()


def lost_by(
    session: Session,
    audience: Audience,
    choice: Choice,
    saved: BitMap,
    threshold: float,
) -> Lost:
    """Whom the newest lists take away now. Without such a pick nothing is read.

    `threshold`: the share from which on a list moved too much, a setting.
    """
    newest = heeded(audience, choice)
    if newest.picks == choice.picks:
        return Lost(BitMap(), BitMap())
    lists = lists_of(session, replace(choice, picks=(*choice.picks, *newest.picks)))
    undecided = _moved_too_much(choice, newest, lists, saved, threshold)
    newest = heeded(audience, choice, undecided)
    left = BitMap()
    if choice.scope != EVERYONE and newest.of(INCLUDE) != choice.of(INCLUDE):
        left = saved - chosen_of(newest, lists, _NO_REACH)
    stays = saved - left
    if newest.of(EXCLUDE) == choice.of(EXCLUDE):
        return Lost(left, BitMap(), undecided)
    return Lost(left, excluded_of(newest, lists, stays), undecided)


def _moved_too_much(
    choice: Choice, newest: Choice, lists: Lists, saved: BitMap, threshold: float
) -> frozenset[int]:
    return frozenset(
        pick.segment_id
        for pick, then in zip(choice.picks, newest.picks, strict=True)
        if pick != then
        and drift.held(
            drift.share(
                pick.mode,
                lists.get(pick.version_id or 0, BitMap()),
                lists.get(then.version_id or 0, BitMap()),
                saved,
            ),
            threshold,
        )
    )


def heeded(audience: Audience, choice: Choice, undecided: Collection[int] = ()) -> Choice:
    """The choice with the newest version of each pick that heeds it, except for the undecided.

    Once the sending began: with the versions that were heeded then.
    """
    if audience.is_frozen:
        return _as_frozen(audience, choice)
    rows = {row.segment_id: row for row in audience.picks if row.segment_id not in undecided}
    picks = tuple(_at_newest(pick, rows.get(pick.segment_id)) for pick in choice.picks)
    return replace(choice, picks=picks)


def _as_frozen(audience: Audience, choice: Choice) -> Choice:
    for row in audience.picks:
        if row.heeded_version_id is not None:
            choice = choice.at_version(row.segment_id, row.heeded_version_id)
    return choice


def _at_newest(pick: Pick, row: AudiencePick | None) -> Pick:
    if row is None or pick.policy != NEWEST or pick.version_id is None:
        return pick
    if row.segment.state == DELETED or row.segment.current_version_id is None:
        return pick
    return replace(pick, version_id=row.segment.current_version_id)
