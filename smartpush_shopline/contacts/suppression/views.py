"""Opt-outs: files that are taken in, and how the dashboard and the store are told of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    request,
    stream_with_context,
    url_for,
)
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from ... import htmx
from ...i18n import gettext as _
from ...shops.finding import shop_in_front
from ...shops.models import Shop
from ...web import allow, friendly, page_or_partial, render, state
from .. import consent_notes
from . import files, words
from .csv_lists import NotAList
from .lists import CHOICES, Problem
from .many import KEPT, SUPPRESSED
from .models import SuppressionFile, SuppressionProblem

blueprint = Blueprint("contacts", __name__)
FILE = "_partials/opt_outs_file.html"
_SHOWN = 50


@blueprint.get("/contacts/opt-outs")
def opt_outs() -> Response:
    return _whole()


def _whole(problem: str = "", status: int = 200) -> Response:
    with state().database.read() as session:
        shop = shop_in_front(session)
        newest = session.scalars(
            select(SuppressionFile)
            .where(SuppressionFile.shop_id == shop.id)
            .order_by(SuppressionFile.id.desc())
            .limit(_SHOWN)
        ).all()
        html = render(
            "opt_outs.html",
            shop=shop,
            files=newest,
            refusal=words.refusal,
            problem=problem,
            choices=CHOICES,
            notes=consent_notes.notes(session, state(), shop),
            flows=consent_notes.flows(session, state(), shop),
            may_suppress=state().may("suppress", shop.card),
        )
    return Response(html, status)


@blueprint.post("/contacts/opt-outs")
def take() -> BaseResponse:
    """Keep the file and have it checked; nothing is done with it yet."""
    mine, sent = state(), request.files.get("file")
    with mine.database.read() as session:
        shop = shop_in_front(session)
    allow("suppress", shop.card)
    channels = request.form.get("channels", CHOICES[0])
    if channels not in CHOICES:
        abort(400)
    if sent is None or not sent.filename:
        return _whole(_("Choose a file first."), 422)
    keys = mine.settings.encryption_keys
    try:
        with mine.database.begin() as session:
            row = files.store(
                session, shop.id, sent.stream, sent.filename, channels, keys, mine.now()
            )
    except NotAList as refused:
        return _whole(words.refusal(refused.reason), 422)
    mine.ring("suppression_files")
    return redirect(url_for("smartpush.contacts.opt_outs_file", file_id=row.id), 303)


@blueprint.get("/contacts/opt-outs/<int:file_id>")
def opt_outs_file(file_id: int) -> Response:
    with state().database.read() as session:
        shop, row = _own(session, file_id)
        shown = _facts(session, shop, row)
    return page_or_partial("opt_outs_file.html", FILE, **shown)


def _facts(session: Session, shop: Shop, row: SuppressionFile) -> dict[str, Any]:
    dry = row.state in (files.CHECKING, files.CHECKED)
    first = session.execute(
        select(SuppressionProblem.line, SuppressionProblem.reason)
        .where(SuppressionProblem.file_id == row.id)
        .order_by(SuppressionProblem.line, SuppressionProblem.id)
        .limit(_SHOWN)
    ).all()
    counts = row.counts or {}
    return {
        "shop": shop,
        "file": row,
        "outcomes": [
            (name, words.outcome(name, dry=dry), counts.get(name, 0))
            for name in words.COUNTED
        ],
        "addresses": sum(counts.values()),
        "out": counts.get(SUPPRESSED, 0),
        "kept": counts.get(KEPT, 0),
        "problems": [(each.line, words.problem(each.reason)) for each in first],
        "refusal": words.refusal(row.error) if row.error else "",
        "may_suppress": state().may("suppress", shop.card),
    }


@blueprint.post("/contacts/opt-outs/<int:file_id>")
def decide(file_id: int) -> BaseResponse:
    """A person saw what the file would do: do it, or throw it away."""
    decision = request.form.get("decision")
    if decision not in ("import", "discard"):
        abort(400)
    with state().database.begin() as session:
        shop, row = _own(session, file_id)
        allow("suppress", shop.card)
        if decision == "import":
            files.confirm(session, row)
        else:
            files.discard(session, row)
    if decision == "discard":
        return redirect(url_for("smartpush.contacts.opt_outs"), 303)
    state().ring("suppression_files")
    if not htmx.wants_partial():
        return redirect(url_for("smartpush.contacts.opt_outs_file", file_id=file_id), 303)
    with state().database.read() as session:
        shop, row = _own(session, file_id)
        return Response(render(FILE, **_facts(session, shop, row)))


@blueprint.get("/contacts/opt-outs/<int:file_id>/problems.csv")
def problems(file_id: int) -> Response:
    """Every line that was not taken as it stands. It has line numbers and no addresses."""
    with state().database.read() as session:
        _own(session, file_id)
    answer = Response(
        stream_with_context(_report(file_id)), content_type="text/csv; charset=utf-8"
    )
    answer.headers["Content-Disposition"] = f"attachment; filename=opt-outs-{file_id}-lines.csv"
    return answer


def _report(file_id: int) -> Iterator[str]:
    asked = (
        select(SuppressionProblem.line, SuppressionProblem.reason)
        .where(SuppressionProblem.file_id == file_id)
        .order_by(SuppressionProblem.line, SuppressionProblem.id)
    )
    yield "\ufeff"  # else a spreadsheet takes it for another encoding
    with state().database.read() as session:
        rows = session.execute(asked.execution_options(yield_per=1_000))
        for row in words.report(Problem(each.line, each.reason) for each in rows):
            out = io.StringIO()
            csv.writer(out).writerow(row)
            yield out.getvalue()


@blueprint.post("/contacts/opt-outs/tell")
def tell_again() -> BaseResponse:
    """A person lets everything that the store did not take be tried now."""
    with state().database.begin() as session:
        shop = shop_in_front(session)
        allow("suppress", shop.card)
        consent_notes.tell_again(session, shop, state().now())
    state().ring("sync", shop.id)
    return redirect(url_for("smartpush.contacts.opt_outs"), 303)


def _own(session: Session, file_id: int) -> tuple[Shop, SuppressionFile]:
    """The file and its store, or a friendly page when this person sees no such file."""
    shop = shop_in_front(session)
    row = session.get(SuppressionFile, file_id)
    if row is None or row.shop_id != shop.id:
        friendly(
            _("This file is not here"),
            _("It was discarded, or it waited for a day without an answer."),
            404,
        )
    return shop, row
