"""`flask smartpush sync --plan`: what tonight would do and why."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from ..shops.models import Shop
from ..web import State
from . import planning, tonight
from .tonight import Line, Outlook

WHY = {
    planning.NEVER: "never read",
    planning.OVERDUE: "unread for four weeks",
    planning.CHANGED: "its rule changed, or a reading is owed",
    planning.COUNT: "the Admin counts other people than we do",
    planning.MARKED: "somebody in or out of it changed",
    planning.TIME: "its rule moves with time, or is not understood",
    planning.UNCOUNTED: "the Admin's count is not known",
    planning.TURN: "its turn: the longest unread go first",
    planning.FOLLOWED: "read today after its last change, so it comes last",
}


def show(state: State, shops: Iterable[Shop], *, as_json: bool) -> None:
    budget = state.settings.night_budget
    with state.database.read() as session:
        ahead = {
            shop.handle: tonight.look_ahead(session, shop, budget, state.now()) for shop in shops
        }
    if as_json:
        facts = [_facts(handle, each) for handle, each in ahead.items()]
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for handle, each in ahead.items():
        _print(handle, each)


def _print(handle: str, ahead: Outlook) -> None:
    how = "from the last change on" if ahead.since else "in full"
    click.echo(f"{handle}: {ahead.calls} calls of {ahead.budget}")
    click.echo(f"  customers: {ahead.customers}, read {how}")
    for line in ahead.lines:
        click.echo(f"  {line.when:<9}{line.calls:>6}  {line.segment.name}: {WHY[line.reason]}")


def _facts(handle: str, ahead: Outlook) -> dict[str, Any]:
    return {
        "shop": handle,
        "budget": ahead.budget,
        "calls": ahead.calls,
        "customers": ahead.customers,
        "customers_since": ahead.since and ahead.since.isoformat(),
        "everything": ahead.whole,
        "segments": [_line(line) for line in ahead.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "ref": line.segment.segment_ref,
        "name": line.segment.name,
        "when": line.when,
        "calls": line.calls,
        "reason": line.reason,
        "why": WHY[line.reason],
    }
