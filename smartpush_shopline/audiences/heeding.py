"""Picks with the policy "newest at sending": what their newest lists take away.

A list of recipients only shrinks by itself, whatever the policy. Heeding the newest list of an
included segment drops who left it; heeding that of an exclusion drops who joined it. Nobody is
added: that takes a person who presses "Use".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pyroaring import BitMap
from sqlalchemy.orm import Session

from ..contacts.reach import Reach
from ..segments.models import DELETED
from .choice import Choice, Pick
from .models import EVERYONE, EXCLUDE, INCLUDE, NEWEST, Audience, AudiencePick
from .resolve import chosen_of, excluded_of, lists_of

_NO_REACH = Reach({}, BitMap(), {})


@dataclass(frozen=True, slots=True)
class Lost:
    """Of the people as saved; disjoint."""

    left_list: BitMap
    excluded: BitMap


def lost_by(
    session: Session,
    audience: Audience,
    choice: Choice,
    saved: BitMap,
    kept: Collection[int] = (),
) -> Lost:
    """Whom the newest lists take away now. Without such a pick nothing is read.

    `kept`: segments whose newest list is not heeded all the same.
    """
    newest = heeded(audience, choice, kept)
    if newest.picks == choice.picks:
        return Lost(BitMap(), BitMap())
    lists = lists_of(session, newest)
    left = BitMap()
    if choice.scope != EVERYONE and newest.of(INCLUDE) != choice.of(INCLUDE):
        left = saved - chosen_of(newest, lists, _NO_REACH)
    stays = saved - left
    if newest.of(EXCLUDE) == choice.of(EXCLUDE):
        return Lost(left, BitMap())
    return Lost(left, excluded_of(newest, lists, stays))


def heeded(audience: Audience, choice: Choice, kept: Collection[int] = ()) -> Choice:
    """The choice with the newest version of each pick that heeds it."""
    rows = {row.segment_id: row for row in audience.picks if row.segment_id not in kept}
    picks = tuple(_at_newest(pick, rows.get(pick.segment_id)) for pick in choice.picks)
    return replace(choice, picks=picks)


def _at_newest(pick: Pick, row: AudiencePick | None) -> Pick:
    if row is None or row.policy != NEWEST or row.version_id is None:
        return pick
    if row.segment.state == DELETED or row.segment.current_version_id is None:
        return pick
    return replace(pick, version_id=row.segment.current_version_id)
