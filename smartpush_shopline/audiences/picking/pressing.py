"""What a button of the picker does to the choice.

Every button carries a small command in `<field>-do`, such as `include:segment:42`. With JavaScript
it comes to our own address, without it along with the dashboard's form; both end in `apply`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from ...errors import NotFound
from ...segments.models import DELETED, NATIVE, Segment
from ...shops.models import Shop
from ...web import id_of, state, typed
from ..choice import Choice
from ..models import EVERYONE, EXCLUDE, INCLUDE, SEGMENTS
from . import offering
from .offers import MOST_ROWS, PAGE

SIDES = (INCLUDE, EXCLUDE)
ENTER = "smartpush-enter"
"""Enter in a text field presses a form's first button: ours, which says this and does nothing."""


@dataclass(frozen=True, slots=True)
class PickerState:
    """What the person did. `clicked`: a button of the picker, not one of the form."""

    clicked: bool = False
    open_side: str | None = None
    query: str = ""
    rows: int = PAGE


def apply(
    choice: Choice, form_data: Mapping[str, str], field_name: str
) -> tuple[Choice, PickerState]:
    """The choice after the button that was pressed, and how to draw the picker then."""
    command = form_data.get(f"{field_name}-do", "")
    side = form_data.get(f"{field_name}-open", "")
    open_side = side if side in SIDES else None
    searched = _searched_by_enter(form_data, field_name)
    if searched:
        command, open_side = f"search:{searched}", searched
    verb, _colon, rest = command.partition(":")
    if verb in SIDES or (verb in ("search", "more") and rest in SIDES):
        open_side = verb if verb in SIDES else rest
    query = typed(form_data.get(f"{field_name}-q-{open_side}", "")) if open_side else ""
    after = with_first_lists(_obey(choice, verb, rest))
    rows = _rows(form_data, field_name, verb, open_side)
    return after, PickerState(bool(command), open_side, query, rows)


def _rows(form_data: Mapping[str, str], field_name: str, verb: str, side: str | None) -> int:
    """How many were shown and stay shown; a page more when asked for, one page of a new search."""
    shown = id_of(form_data.get(f"{field_name}-rows-{side}", "")) or PAGE
    rows = PAGE if verb == "search" else shown + PAGE * (verb == "more")
    return max(PAGE, min(rows, MOST_ROWS))


def with_first_lists(choice: Choice) -> Choice:
    """A segment chosen before it had a list takes its first one as soon as there is one."""
    for pick in choice.picks:
        if pick.version_id is None:
            choice = _take_newest(choice, pick.segment_id)
    return choice


def _searched_by_enter(form_data: Mapping[str, str], field_name: str) -> str | None:
    """Without JavaScript, Enter in our search box presses the form's first button as well."""
    if ENTER not in form_data:
        return None
    for side in SIDES:
        now = form_data.get(f"{field_name}-q-{side}", "")
        if now.strip() and now != form_data.get(f"{field_name}-q-{side}-was", ""):
            return side
    return None


def _obey(choice: Choice, verb: str, rest: str) -> Choice:
    if verb in SIDES:
        return _toggle(choice, verb, rest)
    if verb == "drop":
        return choice.everyone(False) if rest == EVERYONE else choice.without(_number(rest))
    if verb == "combine":
        return choice.combined(rest)
    if verb == "policy":
        policy, _colon, segment_id = rest.partition(":")
        return choice.with_policy(_number(segment_id), policy)
    if verb == "newest":
        return _take_newest(choice, _number(rest))
    return choice


def _toggle(choice: Choice, side: str, rest: str) -> Choice:
    kind, _colon, ref = rest.partition(":")
    if kind == EVERYONE and side == INCLUDE:
        return choice.everyone(choice.scope == SEGMENTS)
    try:
        if kind == NATIVE:
            return _toggle_native(choice, side, ref)
        segment_id = _number(ref)
        version_id = offering.newest_version_id(state(), choice.shop_id, segment_id)
    except NotFound:
        return choice
    if choice.find(segment_id) is None and _is_deleted(segment_id):
        return choice
    return choice.toggle(side, segment_id, version_id)


def _is_deleted(segment_id: int) -> bool:
    with state().database.read() as session:
        return session.get_one(Segment, segment_id).state == DELETED


def _toggle_native(choice: Choice, side: str, ref: str) -> Choice:
    """Taking it back needs no fresh list; choosing it does."""
    with state().database.read() as session:
        shop = session.get_one(Shop, choice.shop_id)
        known = session.scalars(
            select(Segment.id).where(
                Segment.shop_id == shop.id,
                Segment.source == NATIVE,
                Segment.segment_ref == ref,
            )
        ).one_or_none()
    pick = choice.find(known) if known else None
    if pick and pick.mode == side:
        return choice.without(pick.segment_id)
    segment_id, version_id = offering.ensure_native_version(state(), shop.card, ref)
    return choice.toggle(side, segment_id, version_id)


def _take_newest(choice: Choice, segment_id: int) -> Choice:
    if choice.find(segment_id) is None:
        return choice
    newest = offering.newest_version_id(state(), choice.shop_id, segment_id)
    return choice.at_version(segment_id, newest)


def _number(text: str) -> int:
    """Ids come back from the browser; anything else is no segment of ours."""
    return id_of(text) or 0
