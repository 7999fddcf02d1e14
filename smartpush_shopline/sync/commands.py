"""`flask smartpush status`"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from ..contacts.reach import SENDABLE, VERDICTS
from ..i18n import ago, local_time
from ..shops.models import ACTIVE, PENDING, UNINSTALLED, Shop
from ..tables import echo_facts, echo_table, echo_title
from ..web import state
from . import facts

STATUS = {
    "active": "connected",
    "pending": "waits for somebody who may connect it",
    "paused": "paused",
    "needs_authorisation": "shuts us out",
    "uninstalled": "uninstalled",
}
KINDS = {"import": "first import", "nightly": "nightly check"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
@with_appcontext
def status(as_json: bool) -> None:
    """The stores: segments, freshness, consent, and what failed."""
    now = state().now()
    with state().database.read() as session:
        shops = session.scalars(select(Shop).order_by(Shop.name, Shop.id))
        found = [facts.of_store(session, shop, now) for shop in shops]
    if as_json:
        told = [{"shop": each["handle"], **each} for each in found]
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo("No store is installed. Open the app in the SHOPLINE Admin, under Apps.")
    for number, each in enumerate(found):
        echo_title(f"{each['name']} ({each['handle']})", number)
        _print(each, now)


def _print(store: dict[str, Any], now: datetime) -> None:
    if store["status"] in (PENDING, UNINSTALLED):
        echo_facts(_state(store))
        return
    echo_facts([*_state(store), *_freshness(store, now), ("Inbox", _inbox(store["inbox"]))])
    click.echo()
    _print_reach(store)
    if store["failed"]:
        click.echo()
        headings = ["Not as in the Admin", "Why"]
        echo_table(headings, map(_failed, store["failed"]), folds=headings, indent=2)
    if store["inbox"]["parked"]:
        click.echo("\n  Why messages are parked: flask smartpush inbox list --state parked")


def _state(store: dict[str, Any]) -> Iterator[tuple[str, object]]:
    works = store["status"] == ACTIVE
    yield "State", STATUS[store["status"]] + (f", {_work(store['progress'])}" if works else "")
    yield "Problem", store["problem"] or (store["progress"] or {}).get("error")


def _work(run: dict[str, Any] | None) -> str:
    if run is None:
        return "idle"
    how_far = [
        f"{run[f'{what}_done']:,} of {run[f'{what}_total']:,} {what}"
        for what in ("customers", "segments")
        if run[f"{what}_total"]
    ]
    left = [f"calls left: {run['calls_left']:,}"] if run["calls_left"] else []
    return ", ".join([f"{KINDS[run['kind']]} at {run['percent']}%", *how_far, *left])


def _freshness(store: dict[str, Any], now: datetime) -> Iterator[tuple[str, object]]:
    each = store["segments"]
    yield "Segments", f"{each['total']:,}: {_standings(each)}"
    yield "Counts agreed", _since(store, "count_checked_at", "count_checked_oldest_at", now)
    yield "Lists read", _since(store, "read_at", "read_oldest_at", now)
    yield "Newest version", _since(store, "version_since", "version_since", now)
    yield "Last message", _since(store, "last_webhook_at", "last_webhook_at", now)
    night = local_time(datetime.fromisoformat(store["next_midnight"]), store["timezone"])
    yield "Next night", f"{night} {store['timezone']}"


def _standings(counts: dict[str, int]) -> str:
    words = {"checking": "being checked", "reading": "being read", "needing": "needing a person"}
    others = [f"{counts[name]:,} {said}" for name, said in words.items() if counts[name]]
    return ", ".join([f"{counts['matching']:,} as in the Admin", *others])


def _since(store: dict[str, Any], newest: str, oldest: str, now: datetime) -> str:
    last, first = (
        ago(datetime.fromisoformat(store[name]), now) if store[name] else "not yet"
        for name in (newest, oldest)
    )
    return last if last == first else f"{last}, the oldest {first}"


def _inbox(waiting: dict[str, int]) -> str:
    return (
        f"{waiting['received']:,} waiting, {waiting['working']:,} being worked on, "
        f"{waiting['parked']:,} parked"
    )


def _print_reach(store: dict[str, Any]) -> None:
    """A line for each channel: all contacts, and each of them under one verdict."""
    channels = store["reach"]
    reasons = [each for each in VERDICTS if each != SENDABLE
               and any(each in counts for counts in channels.values())]
    words = [each.replace("_", " ").capitalize() for each in reasons]
    headings = ["Contacts", "May get it", *words]
    rows = [
        [name.replace("sms", "SMS").replace("email", "Email"), store["contacts"]["total"]]
        + [counts.get(each, 0) for each in (SENDABLE, *reasons)]
        for name, counts in channels.items()
    ]
    echo_table(["Channel", *headings], rows, right=headings, indent=2)
    own = store["contacts"]["from_dashboard"]
    if own:
        click.echo(f"  {own:,} of the contacts came from the dashboard's own segments.")


def _failed(segment: dict[str, Any]) -> tuple[str, str]:
    there, here = segment["admin_count"], segment["members"]
    if segment["error"]:
        return segment["segment"], segment["error"]
    if there is None:
        return segment["segment"], "The Admin has not told how many people are in it."
    return segment["segment"], f"The Admin counts {there:,}, our list has {here or 0:,}."
