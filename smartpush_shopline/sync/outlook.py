"""`flask smartpush sync --plan`: what tonight would do and why."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from ..i18n import local_time
from ..shops.models import Shop
from ..tables import echo_table, echo_title
from ..web import State
from . import planning, tonight
from .overview import next_night
from .tonight import LATER, TONIGHT, Line, Outlook

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
    budget, now = state.settings.night_budget, state.now()
    with state.database.read() as session:
        ahead = [
            (
                shop,
                next_night(session, shop, now),
                tonight.look_ahead(session, shop, budget, now),
            )
            for shop in shops
        ]
    if as_json:
        facts = [_facts(shop.handle, each) for shop, _night, each in ahead]
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for number, (shop, night, each) in enumerate(ahead):
        at = f"{local_time(night, shop.timezone)} {shop.timezone}"
        echo_title(f"{shop.name} ({shop.handle}): {at}", number)
        _print(each)


def _print(ahead: Outlook) -> None:
    """The lines of tonight add up to the calls of all of them, which stand below."""
    how = f"from {ahead.since:%Y-%m-%d %H:%M} UTC on" if ahead.since else "read in full"
    rows = [
        (TONIGHT, ahead.customer_calls, f"{ahead.customers:,} customers", how),
        *_orders(ahead),
        (TONIGHT, ahead.counts, f"{ahead.counts:,} counts", "one for each segment"),
        *(_row(each) for each in ahead.lines if each.when == TONIGHT),
        ("in all", ahead.calls, "", f"of {ahead.budget:,} that a night may take"),
        *(_row(each) for each in ahead.lines if each.when == LATER),
    ]
    headings = ["When", "Calls", "What", "Why"]
    echo_table(headings, rows, right=["Calls"], folds=("What", "Why"), indent=2)


def _orders(ahead: Outlook) -> list[tuple[str, int, str, str]]:
    """Where every segment is read, nobody has to be found by their orders."""
    why = "since the last night: their buyers are asked about"
    return [(TONIGHT, ahead.order_calls, "changed orders", why)] if ahead.order_calls else []


def _row(line: Line) -> tuple[str, int, str, str]:
    return line.when, line.calls, line.segment.name, WHY[line.reason]


def _facts(handle: str, ahead: Outlook) -> dict[str, Any]:
    return {
        "shop": handle,
        "budget": ahead.budget,
        "calls": ahead.calls,
        "customers": ahead.customers,
        "customers_calls": ahead.customer_calls,
        "customers_since": ahead.since and ahead.since.isoformat(),
        "orders_calls": ahead.order_calls,
        "counts_calls": ahead.counts,
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
