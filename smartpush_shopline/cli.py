"""`flask smartpush ...`"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from . import migrations
from .activity import commands
from .audiences.commands import audience, explain
from .contacts.suppression.commands import suppress
from .doctor import examine
from .errors import ConfigurationError
from .inbox.finding import worked_since
from .launch.commands import connect
from .runner.ringing import tick as tick_once
from .segments.commands import segments
from .shops.commands import rotate_keys
from .shops.lease import Lease
from .shops.models import ACTIVE, PENDING, TRIED, UNINSTALLED, Shop, ShopLease
from .shops.words import cause
from .sync import outlook
from .sync.commands import status
from .web import State

_UPGRADE = "run: flask smartpush db upgrade"
_MISSING = re.compile('no such (table|column): smartpush_|(relation|column) "?smartpush_')


class Group(AppGroup):
    """Says what to do when the tables are missing, or those of another version."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (OperationalError, ProgrammingError) as error:
            if not _MISSING.search(str(error.orig)):
                raise
            raise click.ClickException(
                "SmartPush's tables are not there, or not of this version; " + _UPGRADE
            ) from None


group = Group("smartpush", help="SHOPLINE customer segments in this dashboard.")
for command in (
    audience, commands.erase, commands.inbox, connect, explain, rotate_keys, segments, status,
    suppress,
):
    group.add_command(command)


def _state() -> State:
    return current_app.extensions["smartpush"]  # type: ignore[no-any-return]


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


@group.group()
def db() -> None:
    """SmartPush's own tables."""


@db.command("upgrade")
def upgrade() -> None:
    """Create or update SmartPush's tables."""
    host: SQLAlchemy = current_app.extensions["sqlalchemy"]
    with host.engine.connect() as connection:
        try:
            migrations.bring_up_to_date(connection, _state().database)
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from None
    click.echo("SmartPush's tables are up to date.")


@group.command()
def doctor() -> None:
    """Is SmartPush plugged in right?

    Exit code 1 when something is not. What a dashboard may leave out is only said.
    """
    findings = sorted(examine(_app()), key=lambda each: each.is_choice)
    for number, each in enumerate(findings, 1):
        kind = "Left out: " if each.is_choice else ""
        click.echo(f"{number}. {kind}{each.what}\n   {each.hint}")
    if not all(each.is_choice for each in findings):
        raise click.exceptions.Exit(1)
    click.echo("Everything is in order.")


@group.command()
def tick() -> None:
    """Look at everything that is due, once.

    For cron, when SMARTPUSH_RUNNER is "external".
    """
    state = _state()
    if not state.database.has_tables():
        raise click.ClickException("SmartPush's tables are not there; " + _UPGRADE)
    before, begun = _all_turns(state), state.now()
    tick_once(_app())
    with state.database.read() as session:
        messages = worked_since(session, begun)
    worked = [handle for handle, turns in _all_turns(state).items() if turns > before[handle]]
    click.echo(
        f"Looked at everything that may be due. Messages worked: {messages:,}. "
        f"Stores worked on: {', '.join(sorted(worked)) or 'none'}."
    )


def _all_turns(state: State) -> Counter[str]:
    asked = select(Shop.handle, func.sum(ShopLease.epoch)).join(ShopLease)
    with state.database.read() as session:
        rows = session.execute(asked.group_by(Shop.handle))
        return Counter({row[0]: row[1] for row in rows})


def _after(problem: str | None) -> str:
    return f"; {problem}" if problem else ""


@group.command()
@click.argument("handle", required=False)
@click.option("--plan", "ahead", is_flag=True, help="Only print what tonight would do and why.")
@click.option("--json", "as_json", is_flag=True, help="With --plan: print facts for scripts.")
def sync(handle: str | None, ahead: bool, as_json: bool) -> None:
    """Work on one store, or all, until nothing is due. Exit code 1 when a store was not read."""
    state = _state()
    with state.database.read() as session:
        asked = select(Shop).where(Shop.handle == handle) if handle else select(Shop)
        shops = list(session.scalars(asked.order_by(Shop.id)))
    if handle and not shops:
        raise click.ClickException(f"No store with the handle {handle} is installed.")
    if ahead:
        _plan(state, shops, named=handle is not None, as_json=as_json)
        return
    ends = [_sync(state, shop, named=handle is not None) for shop in shops]
    for shop, (said, _ok) in zip(shops, ends, strict=True):
        click.echo(f"{shop.handle}: {said}")
    if not all(ok for _said, ok in ends):
        raise click.exceptions.Exit(1)


def _plan(state: State, shops: list[Shop], *, named: bool, as_json: bool) -> None:
    """Of the stores that have a night: one that is gone or nobody's yet is read by none."""
    tried = [shop for shop in shops if shop.status in TRIED]
    if named and not tried:
        raise click.ClickException(f"{shops[0].handle} is not connected ({shops[0].status}).")
    if not tried and not as_json:
        click.echo("No store is connected, so nothing is read tonight.")
    outlook.show(state, tried, as_json=as_json)


def _sync(state: State, shop: Shop, *, named: bool) -> tuple[str, bool]:
    """What became of it, and whether that is as it should be."""
    if shop.status in (PENDING, UNINSTALLED):
        return f"not connected ({shop.status}).", not named
    before = _turns(state, shop)
    state.jobs["sync"](state, shop.id)
    with state.database.read() as session:
        after = session.get_one(Shop, shop.id)
    if after.status != ACTIVE:
        return f"nothing is read ({after.status}){_after(cause(after))}", False
    if _turns(state, shop) > before:
        return "nothing more is due.", True
    lease = Lease.take(state.database, shop.id)
    if lease is None:
        return "another worker holds it now.", False
    lease.release()
    return "nothing was due.", True


def _turns(state: State, shop: Shop) -> int:
    """How often somebody has begun to work on the store."""
    with state.database.read() as session:
        return session.get_one(ShopLease, shop.id).epoch
