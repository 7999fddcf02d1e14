"""The page on which a store is given its moods. All of it is drawn from the registry."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from . import installs, registry
from .admin import Page, admin, done, show
from .door import store, world
from .moods import Moods
from .questions import QUESTIONS
from .registry import NoMood
from .tempers import TEMPERS

STATUSES = (429, 500, 503, 504, 401, 402, 403, 404, 423, 433)


@admin.get("/moods")
def moods() -> str:
    return _page({})


@admin.post("/moods")
def save_moods() -> Page:
    """The whole form: what is in it is set, and a wrong number brings the page back."""
    form = {name: value for name, value in request.form.items() if name in registry.MOODS}
    try:
        with world().lock:
            store().moods.set(form)
    except NoMood as error:
        return _page(form, error), 422
    return done("moods", "moods")


@admin.post("/moods/calm")
def calm_moods() -> Response:
    with world().lock:
        store().moods.calm()
    return done("calm", "moods")


@admin.post("/moods/answers")
def plan_answers() -> Page:
    form = request.form
    try:
        status, times = (int(form.get(name, "")) for name in ("status", "times"))
        store().answers(status, times, form.get("path", "").strip())
    except ValueError as error:
        told = str(error) if isinstance(error, NoMood) else "Status and times are numbers."
        return _page({}, NoMood(told)), 422
    return done("planned", "moods")


@admin.post("/moods/expire")
def expire_tokens() -> Response:
    installs.expire_tokens(store())
    return done("expired", "moods")


def _page(form: dict[str, str], error: NoMood | None = None) -> str:
    return show(
        "moods.html",
        "moods",
        tempers=_grouped(TEMPERS),
        questions=_grouped(QUESTIONS),
        now=_now(store().moods, form),
        usual=store().moods.usual,
        statuses=STATUSES,
        error=error,
    )


def _now(moods: Moods, form: dict[str, str]) -> dict[str, Any]:
    return {name: form.get(name, getattr(moods, name)) for name in registry.MOODS}


def _grouped(moods: Any) -> list[tuple[str, list[Any]]]:
    return [(group, list(each)) for group, each in groupby(moods, lambda mood: mood.group)]
