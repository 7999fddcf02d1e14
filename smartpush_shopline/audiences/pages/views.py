"""The picker's own address, the page of an audience, and its people as a file."""

from __future__ import annotations

import csv as csv_format
import io
from collections.abc import Iterator
from itertools import chain
from typing import NoReturn

from flask import Blueprint, Response, abort, request, stream_with_context
from sqlalchemy.orm import Session

from ... import htmx
from ...errors import NotFound
from ...i18n import gettext as _
from ...shops.finding import own_shop, shop_in_front
from ...shops.models import Shop
from ...sync.freshening import freshen
from ...web import allow, friendly, page_or_partial, state
from .. import forecast, recall, smart
from ..choice import Choice
from ..models import Audience
from ..picking import picker as drawing
from ..picking import pressing
from ..why import export
from . import panel

blueprint = Blueprint("audiences", __name__)


@blueprint.post("/picker")
def picker() -> Response:
    """A button of the picker was pressed, or its search box typed in."""
    field = request.args.get("field", "")
    if not drawing.is_field_name(field):
        abort(400)
    choice = _posted_choice(request.form.get(field, ""))
    with state().database.read() as session:
        own_shop(session, choice.shop_id, "choose")
    try:
        choice, shown = pressing.apply(choice, request.form, field)
    except NotFound:
        _stale_picker()
    freshen(state(), choice.shop_id, [pick.segment_id for pick in choice.picks])
    is_list = request.form.get(f"{field}-do", "").startswith(("search:", "more:"))
    if is_list and shown.open_side:
        found = drawing.draw_results(choice, field, shown.open_side, shown.query, shown.rows)
        return Response(found)
    drawn = drawing.draw_bare(choice, field, None, shown.open_side, shown.query, shown.rows)
    return Response(drawn)


def _posted_choice(text: str) -> Choice:
    try:
        return Choice.load(text)
    except ValueError:
        _stale_picker()


def _stale_picker() -> NoReturn:
    friendly(
        _("These recipients cannot be read"),
        _("Open the campaign again and choose them once more."),
        400,
    )


@blueprint.get("/audiences/<int:audience_id>")
def page(audience_id: int) -> Response:
    with state().database.read() as session:
        _shop, audience = get_own(session, audience_id, "view")
        reading = panel.read(session, audience)
        facts = panel.facts_of(session, audience, reading)
        asked = smart.asked(request.args)
        more = {} if htmx.wants_partial() else panel.more_of(session, audience, reading, asked)
        return page_or_partial("audience.html", "_partials/audience_panel.html", **facts, **more)


@blueprint.get("/audiences/<int:audience_id>/recipients.csv")
def csv(audience_id: int) -> Response:
    """Written while it is read: a long list never lies in memory as a whole."""
    with state().database.read() as session:
        _shop, audience = get_own(session, audience_id, "export")
    return csv_file(_lines(audience_id), export.file_name(audience, "recipients"))


def _lines(audience_id: int) -> Iterator[str]:
    with state().database.read() as session:
        audience = session.get_one(Audience, audience_id)
        yield csv_line(list(export.COLUMNS))
        now = forecast.expected(session, audience, state().settings, state().now())
        for row in export.rows(recall.iter_people(session, audience, now.recipients)):
            yield csv_line(row)


def csv_file(lines: Iterator[str], name: str) -> Response:
    """A download that any spreadsheet opens, and nobody's cache keeps."""
    told = stream_with_context(chain([export.BOM], lines))
    response = Response(told, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def csv_line(cells: list[str]) -> str:
    text = io.StringIO()
    csv_format.writer(text).writerow(cells)
    return text.getvalue()


def get_own(session: Session, audience_id: int, action: str) -> tuple[Shop, Audience]:
    """The audience and its store, or a friendly page when this person sees no such audience."""
    shop_in_front(session)
    audience = session.get(Audience, audience_id)
    shop = session.get_one(Shop, audience.shop_id) if audience else None
    if audience is None or shop is None or not state().may("view", shop.card):
        friendly(
            _("These recipients are not here"),
            _("They may belong to another store, or the address is not complete."),
            404,
        )
    allow(action, shop.card)
    return shop, audience


