"""The picker as it is drawn inside the dashboard's form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from markupsafe import Markup
from sqlalchemy.orm import Session

from ... import htmx
from ...shops.models import Shop
from ...sync.freshening import freshen
from ...web import render, state
from .. import forecast
from ..choice import Choice
from ..models import EVERYONE, INCLUDE
from ..resolve import SINCE_SAVED, Resolution, lists_of
from . import overlap, sides
from .offers import PAGE, Chip, Group, chips, groups
from .pressing import SIDES, PickerState

_FIELD_NAME = re.compile(r"[A-Za-z][\w.-]{0,99}")


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
