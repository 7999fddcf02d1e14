"""`flask smartpush suppress FILE`"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
from pathlib import Path
from typing import Any, TextIO

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from ...shops.commands import shop_named
from ...shops.models import PENDING, UNINSTALLED, Shop
from ...web import State
from . import files, lists, words
from .csv_lists import HEAD, NotAList
from .lists import BOTH, CHOICES, Batch, Rules, Seen, Tally

_SHOWN = 20


@click.command()
@click.argument("file", type=click.Path())
@click.option("--store", "handle", help="The store's handle; not needed when there is only one.")
@click.option("--app-key", help="Which app of that store; needed when it has several.")
@click.option(
    "--channel",
    type=click.Choice(CHOICES),
    default=BOTH,
    show_default=True,
    help="What they opted out of; both: e-mail for an address, SMS for a phone number.",
)
@click.option("--dry-run", is_flag=True, help="Only say what it would come to.")
@click.option("--report", type=click.Path(), help="Write the lines in error here.")
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
@with_appcontext
def suppress(
    file: str,
    handle: str | None,
    app_key: str | None,
    channel: str,
    dry_run: bool,
    report: str | None,
    as_json: bool,
) -> None:
    """Take the opt-outs in FILE, a CSV of any export. The same file twice changes nothing.

    Nobody is subscribed by it. Exit code 1 when nothing was taken, as the file cannot be read or
    the report not be written; 2 when lines are wrong.
    """
    state: State = current_app.extensions["smartpush"]
    shop = _shop(state, handle, app_key)
    name = lists.clean_name(file)
    country = state.settings.default_country
    rules = Rules(name, channel, shop.timezone, country, state.now())
    if report and Path(report).exists() and Path(report).samefile(file):
        raise click.ClickException("The report would overwrite the file. Nothing was taken.")
    with _opened(file) as opened, _place_of(report) as out:
        try:
            tally = _work(state, shop.id, opened, rules, dry=dry_run)
        except NotAList as refused:
            raise click.ClickException(words.refusal(refused.reason)) from None
        if out:
            csv.writer(out).writerows(words.report(tally.problems))
    if not dry_run:
        with state.database.begin() as session:
            files.record_done(session, shop.id, name, channel, tally, state.now())
        state.ring("sync", shop.id)
    _show(tally, shop.handle, dry=dry_run, as_json=as_json, report=report)
    if tally.problems:
        raise click.exceptions.Exit(2)


def _opened(file: str) -> io.BufferedReader[Any]:
    try:
        return io.BufferedReader(io.FileIO(file), HEAD)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}.") from None


def _place_of(report: str | None) -> contextlib.AbstractContextManager[TextIO | None]:
    """The report, open before anything is taken: what cannot be told is not done."""
    if report is None:
        return contextlib.nullcontext()
    try:
        return Path(report).open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise click.ClickException(
            f"{report} cannot be written: {error.strerror}. Nothing was taken."
        ) from None


def _shop(state: State, handle: str | None, app_key: str | None) -> Shop:
    with state.database.read() as session:
        if handle is not None:
            return session.get_one(Shop, shop_named(session, handle, app_key))
        there = select(Shop).where(Shop.status.not_in((PENDING, UNINSTALLED)))
        shops = list(session.scalars(there.order_by(Shop.id)))
    if len(shops) != 1:
        handles = ", ".join(shop.handle for shop in shops) or "none is connected"
        raise click.UsageError(f"Say which store, with --store: {handles}.")
    return shops[0]


def _work(
    state: State, shop_id: int, file: io.BufferedReader[Any], rules: Rules, *, dry: bool
) -> Tally:
    whole, seen = Tally(), Seen() if dry else None
    for batch in lists.batches(file, rules):
        if dry:
            with state.database.read() as session:
                done = lists.work(
                    session, shop_id, batch, state.now(), dry=True, seen=seen
                )
        else:
            done = state.database.retrying(_doing(shop_id, batch, state))
        whole.add(done)
    return whole


def _doing(shop_id: int, batch: Batch, state: State) -> Any:
    return lambda session: lists.work(session, shop_id, batch, state.now())


def _show(tally: Tally, handle: str, *, dry: bool, as_json: bool, report: str | None) -> None:
    problems = [
        {"line": line, "reason": reason, "text": words.problem(reason, value)}
        for line, reason, value in tally.problems
    ]
    if as_json:
        facts = {
            "shop": handle,
            "dry_run": dry,
            "lines": tally.lines,
            "addresses": sum(tally.counts.values()),
            "counts": {name: tally.counts[name] for name in words.COUNTED},
            "problems": problems,
        }
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    lines, addresses = tally.lines, sum(tally.counts.values())
    click.echo(
        f"{handle}: {lines:,} {'line' if lines == 1 else 'lines'}, "
        f"{addresses:,} {'address' if addresses == 1 else 'addresses'}."
    )
    for name in words.COUNTED:
        click.echo(f"{tally.counts[name]:>9}  {words.outcome(name, dry=dry)}")
    for each in problems[:_SHOWN]:
        click.echo(f"line {each['line']}: {each['text']}", err=True)
    if len(problems) > _SHOWN:
        where = report or "--report FILE"
        click.echo(f"... and {len(problems) - _SHOWN} more; all are in {where}.", err=True)
    sys.stdout.flush()
