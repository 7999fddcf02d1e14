"""The picker as it is drawn inside the dashboard's form, and what its buttons do.

Every button carries a small command in `<field>-do`, such as `include:segment:42`. With JavaScript
it comes to our own address, without it along with the dashboard's form; both end in `apply`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import request
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from ... import htmx
from ...errors import NotFound
from ...segments.models import DELETED, NATIVE, Segment
from ...shops.models import Shop
from ...sync.freshening import freshen
from ...web import id_of, render, state, typed
from .. import forecast
from ..choice import Choice
from ..models import EVERYONE, EXCLUDE, INCLUDE, SEGMENTS
from ..resolve import SINCE_SAVED, Resolution, lists_of
from . import offering, overlap, sides
from .offers import MOST_ROWS, PAGE, Chip, Group, chips, groups

SIDES = (INCLUDE, EXCLUDE)
ENTER = "smartpush-enter"
"""Enter in a text field presses a form's first button: ours, which says this and does nothing."""
_FIELD_NAME = re.compile(r"[A-Za-z][\w.-]{0,99}")


@dataclass(frozen=True, slots=True)
class PickerState:
    """What the person did. `clicked`: a button of the picker, not one of the form."""

    clicked: bool = False
    open_side: str | None = None
    query: str = ""
    rows: int = PAGE


@dataclass(frozen=True, slots=True)
class Box:
    side: str
    chips: Sequence[Chip]
    groups: Sequence[Group]
    is_open: bool
    query: str
    rows: int
    everyone: bool


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Sum:
    """chosen == recipients + all parts, person by person."""

    chosen: int
    recipients: int
    parts: Sequence[Part]


def draw(
    choice: Choice | None,
    field_name: str,
    error: str | None = None,
    open_side: str | None = None,
    query: str = "",
    rows: int = PAGE,
) -> Markup:
    """The picker for the dashboard's form, with style and script before the first on a page."""
    if choice is not None and choice.picks and request.method == "GET":
        # Not while a post is worked on: the dashboard may be in the middle of writing.
        freshen(state(), choice.shop_id, [pick.segment_id for pick in choice.picks])
    return assets() + draw_bare(choice, field_name, error, open_side, query, rows)


def draw_bare(
    choice: Choice | None,
    field_name: str,
    error: str | None = None,
    open_side: str | None = None,
    query: str = "",
    rows: int = PAGE,
) -> Markup:
    """As htmx swaps it: the page has style and script already."""
    if choice is None:
        return Markup(render("_partials/picker_none.html", field=field_name, error=error))  # noqa: S704
    with state().database.read() as session:
        shop = session.get_one(Shop, choice.shop_id)
        boxes = _boxes(session, shop, choice, PickerState(False, open_side, query, rows))
        lists = lists_of(session, choice)
        found = forecast.of_choice(session, choice, lists, state().settings, state().now())
        doubts = overlap.doubts(choice, lists, found)
        known = choice.without_pending_exclusions()
        both = sides.look(session, known, found, lists) if choice else None
    pending = [chip.name for box in boxes for chip in box.chips if chip.version is None]
    html = render(
        "_partials/picker.html",
        field=field_name,
        shop=shop,
        choice=choice,
        boxes=boxes,
        total=sum_of(found),
        doubts=doubts,
        sides=both,
        names={chip.segment_id: chip.name for box in boxes for chip in box.chips},
        pending=pending,
        error=error,
        open_side=open_side,
    )
    return Markup(html)  # noqa: S704  rendered by an autoescaping template


def draw_results(
    choice: Choice, field_name: str, side: str, query: str, rows: int = PAGE
) -> Markup:
    """What was found, while somebody types or asks for more."""
    with state().database.read() as session:
        shop = session.get_one(Shop, choice.shop_id)
        box = _box(session, shop, choice, side, PickerState(False, side, query, rows), [])
    html = render("_partials/picker_results.html", field=field_name, shop=shop, box=box)
    return Markup(html)  # noqa: S704


def sum_of(found: Resolution) -> Sum:
    counts = found.counts()
    parts = [Part(name, counts[name]) for name in SINCE_SAVED if counts.get(name)]
    return Sum(found.chosen, len(found.recipients), parts)


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


def _boxes(session: Session, shop: Shop, choice: Choice, shown: PickerState) -> list[Box]:
    chosen = chips(session, choice)
    return [
        _box(
            session,
            shop,
            choice,
            side,
            shown if side == shown.open_side else PickerState(),
            chosen[side],
        )
        for side in SIDES
    ]


def _box(
    session: Session,
    shop: Shop,
    choice: Choice,
    side: str,
    shown: PickerState,
    chosen: Sequence[Chip],
) -> Box:
    return Box(
        side=side,
        chips=chosen,
        groups=groups(session, state(), shop, choice, side, shown.query, shown.rows),
        is_open=side == shown.open_side,
        query=shown.query,
        rows=shown.rows,
        everyone=side == INCLUDE and choice.scope == EVERYONE,
    )


def assets() -> Markup:
    """Style and scripts, for the first picker or panel of a page.

    A piece that htmx brings has none: a second htmx would do everything twice, and a page with a
    nonce refuses that of another answer. The layout has them there (`SmartPush.assets`).
    """
    if htmx.wants_partial() or "smartpush.assets" in request.environ:
        return Markup("")
    request.environ["smartpush.assets"] = True
    return Markup(render("_assets.html"))  # noqa: S704


def is_field_name(text: str) -> bool:
    return _FIELD_NAME.fullmatch(text) is not None
