"""Customer Segments in the Admin. “All customers” is a row here and nothing anywhere else."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from . import groups
from .admin import Page, admin, done, page_of, show
from .door import store
from .model import Segment
from .people import Invalid
from .rules import EXAMPLES


@admin.get("/segments")
def segments() -> str:
    rows = [(each, len(store().members(each))) for each in store().segments.all()]
    return show("segments.html", "segments", rows=rows, everybody=len(store().customers))


@admin.get("/segments/new")
def new_segment() -> str:
    return _new({"name": "", "query": ""})


@admin.post("/segments/new")
def add_segment() -> Page:
    form = request.form.to_dict()
    try:
        segment = groups.create(store(), form.get("name"), form.get("query"))
    except Invalid as error:
        return _new(form, error), 422
    return done("created", "segment", ref=segment.id)


@admin.get("/segments/<ref>")
def segment(ref: str) -> str:
    found = groups.get(store(), ref)
    return _page(found, {"name": found.name, "query": found.rule})


@admin.post("/segments/<ref>")
def save_segment(ref: str) -> Page:
    form = request.form.to_dict()
    try:
        groups.edit(store(), ref, form.get("name"), form.get("query"))
    except Invalid as error:
        return _page(groups.get(store(), ref), form, error), 422
    return done("saved", "segment", ref=ref)


@admin.post("/segments/<ref>/delete")
def delete_segment(ref: str) -> Response:
    groups.delete(store(), ref)
    return done("deleted", "segments")


def _new(form: dict[str, str], error: Invalid | None = None) -> str:
    return show("segment_new.html", "segments", form=form, error=error, examples=EXAMPLES)


def _page(segment: Segment, form: dict[str, str], error: Invalid | None = None) -> str:
    return show(
        "segment.html",
        "segments",
        segment=segment,
        form=form,
        error=error,
        page=page_of(store().members(segment)),
        examples=EXAMPLES,
    )
