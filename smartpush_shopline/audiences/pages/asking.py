"""Pages behind the numbers of an audience: the people of a line, and why (not) this person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from flask import Blueprint, Response, request
from pyroaring import BitMap
from sqlalchemy.orm import Session

from ...i18n import gettext as _
from ...web import friendly, id_of, page_or_partial, state, typed
from .. import forecast, recall
from ..models import Audience
from ..resolve import Resolution
from ..why import explaining, export, listing, telling
from ..why.explanation import Explanation
from . import panel
from .views import csv_file, csv_line, get_own

blueprint = Blueprint("people", __name__)
MOST_MATCHES = 20


@blueprint.get("/audiences/<int:audience_id>/people")
def index(audience_id: int) -> Response:
    asked = listing.Asked.of(request.args)
    with state().database.read() as session:
        shop, audience = get_own(session, audience_id, "view")
        may_export = state().may("export", shop.card)
        reading = panel.read(session, audience)
        now = _now(session, audience, reading.found)
        found = listing.look(session, audience, asked, now, addresses=may_export)
        heading = panel.heading_of(session, audience, reading.asked, asked.step)
    if found is None:
        _no_such_list()
    return page_or_partial(
        "people.html",
        "_partials/people_table.html",
        shop=shop,
        audience=audience,
        people=found,
        heading=heading or found.title,
        may_export=may_export,
    )


@blueprint.get("/audiences/<int:audience_id>/people.csv")
def csv(audience_id: int) -> Response:
    """One line of the waterfall as a file, written while it is read."""
    step = listing.Asked.of(request.args).step
    with state().database.read() as session:
        _shop, audience = get_own(session, audience_id, "export")
        name = export.file_name(audience, f"people-{step}")
        now = _now(session, audience, panel.read(session, audience).found)
        people = listing.find_people(session, audience, step, now)
    if people is None:
        _no_such_list()
    return csv_file(_lines(audience_id, people), name)


def _now(
    session: Session, audience: Audience, found: Resolution | None = None
) -> Resolution:
    return forecast.expected(session, audience, state().settings, state().now(), found)


def _lines(audience_id: int, people: BitMap) -> Iterator[str]:
    with state().database.read() as session:
        audience = session.get_one(Audience, audience_id)
        yield csv_line(list(export.COLUMNS))
        for row in export.rows(recall.iter_people(session, audience, people)):
            yield csv_line(row)


def _no_such_list() -> NoReturn:
    friendly(
        _("This list is not here"),
        _("The recipients may have changed since. Look at them again."),
        404,
    )


@blueprint.get("/audiences/<int:audience_id>/why")
def why(audience_id: int) -> Response:
    """An address, a number or a part of a name; several matches are offered."""
    query = typed(request.args.get("q", ""))
    number = request.args.get("number", type=id_of) or 0
    with state().database.read() as session:
        shop, audience = get_own(session, audience_id, "view")
        may_export = state().may("export", shop.card)
        said, matches = _look_up(session, audience, query, number, may_export)
    return page_or_partial(
        "why.html",
        "_partials/audience_why.html",
        shop=shop,
        audience=audience,
        query=query,
        said=said,
        matches=matches[:MOST_MATCHES],
        more=len(matches) > MOST_MATCHES,
        telling=telling,
        may_export=may_export,
    )


def _look_up(
    session: Session, audience: Audience, query: str, number: int, may_export: bool
) -> tuple[Explanation | None, list[listing.Line]]:
    now = _now(session, audience)
    if number:
        return explaining.explain_number(session, audience, number, now), []
    if not query:
        return None, []
    said, contacts = explaining.explain_query(
        session, audience, query, now, state().settings.default_country,
        addresses=may_export, most=MOST_MATCHES + 1,
    )
    return said, [listing.line(each, audience.channel, may_export) for each in contacts]
