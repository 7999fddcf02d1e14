"""`flask smartpush ...`"""

from __future__ import annotations

import csv
import json
import sys
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from sqlalchemy.orm import Session

from . import migrations
from .activity import commands
from .audiences import forecast, saving
from .audiences import holding_facts as holding
from .audiences.commands import explain
from .audiences.export import COLUMNS, rows
from .audiences.models import Audience
from .contacts import reach
from .contacts.commands import suppress
from .contracts import CHANNELS
from .doctor import examine
from .errors import ConfigurationError
from .failure import sentence
from .launch.commands import connect
from .runner.ringing import tick as tick_once
from .segments import publishing
from .segments.models import Segment
from .shops.commands import rotate_keys
from .shops.lease import Lease
from .shops.models import ACTIVE, PENDING, UNINSTALLED, Shop, ShopLease
from .shops.words import cause
from .sync import outlook, runs
from .web import State

group = AppGroup("smartpush", help="SHOPLINE customer segments in this dashboard.")
for command in (connect, explain, rotate_keys, commands.inbox, commands.erase, suppress):
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
    """Is SmartPush plugged in right? Exit code 1 when something is not."""
    findings = examine(_app())
    for number, finding in enumerate(findings, 1):
        click.echo(f"{number}. {finding.what}\n   {finding.hint}")
    if findings:
        raise click.exceptions.Exit(1)
    click.echo("Everything is in order.")


@group.command()
def tick() -> None:
    """Look at everything that is due, once: for cron when SMARTPUSH_RUNNER is "external"."""
    tick_once(_app())


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
def status(as_json: bool) -> None:
    """The connected stores and what is going on with them."""
    with _state().database.read() as session:
        facts = [_shop_facts(session, shop) for shop in session.scalars(select(Shop))]
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for fact in facts:
        busy = "synchronising" if fact["run"] else "idle"
        click.echo(f"{fact['shop']}: {fact['status']}, {busy}" + _after(fact["problem"]))


def _after(problem: str | None) -> str:
    return f"; {problem}" if problem else ""


def _shop_facts(session: Session, shop: Shop) -> dict[str, Any]:
    run = runs.current_run(session, shop.id)
    return {
        "shop": shop.handle,
        "name": shop.name,
        "status": shop.status,
        "problem": cause(shop) or None,
        "timezone": shop.timezone,
        "last_nightly_date": shop.last_nightly_date and shop.last_nightly_date.isoformat(),
        "run": run
        and {"kind": run.kind, "phase": run.phase, "error": sentence(run.error) or None},
    }


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
def segments(as_json: bool) -> None:
    """All segments with their members and how many of them may be written to."""
    with _state().database.read() as session:
        facts = _segment_facts(session)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for fact in facts:
        members = "-" if fact["members"] is None else fact["members"]
        gone = "  (deleted)" if fact["state"] == "deleted" else ""
        click.echo(f"{fact['shop']}  {members:>8}  v{fact['version'] or 0}  {fact['name']}{gone}")


def _unknown(session: Session, ref: str) -> str:
    """What to say about a campaign without recipients: the references there are."""
    known = session.scalars(
        select(Audience.campaign_ref)
        .where(Audience.campaign_ref.is_not(None))
        .order_by(Audience.id.desc())
        .limit(5)
    )
    hint = ", ".join(str(each) for each in known)
    return f"No recipients are saved for {ref}. The newest are: {hint or 'none yet'}."


def _segment_facts(session: Session) -> list[dict[str, Any]]:
    shops = {shop.id: shop for shop in session.scalars(select(Shop))}
    here = {
        (shop_id, channel): reach.load(session, shop_id, channel)
        for shop_id in shops
        for channel in CHANNELS
    }
    facts = []
    for segment in session.scalars(select(Segment).order_by(Segment.shop_id, Segment.name)):
        version = publishing.current_version(session, segment)
        facts.append(
            {
                "shop": shops[segment.shop_id].handle,
                "ref": segment.segment_ref,
                "name": segment.name,
                "source": segment.source,
                "state": segment.state,
                "version": version.version if version else None,
                "members": version.count if version else None,
                "admin_count": segment.admin_count,
                "sendable": {
                    channel: len(version.members & here[segment.shop_id, channel].sendable)
                    if version
                    else None
                    for channel in CHANNELS
                },
                "definition": segment.definition,
                "stale": segment.stale_reason,
                "differs_since": segment.differs_since and segment.differs_since.isoformat(),
                "error": sentence(segment.error) or None,
                "read_at": segment.read_at and segment.read_at.isoformat(),
                "count_checked_at": segment.count_checked_at
                and segment.count_checked_at.isoformat(),
                "published_at": version and version.published_at.isoformat(),
            }
        )
    return facts


@group.command()
@click.argument("ref")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv")
@click.option("--field", default="recipients", help="Which picker of the campaign's form.")
def audience(ref: str, form: str, field: str) -> None:
    """The recipients of the campaign REF as of now."""
    with _state().database.read() as session:
        found = saving.find(session, ref, field)
        if found is None:
            raise click.ClickException(_unknown(session, ref))
        now = forecast.expected(session, found, _state().settings, _state().now())
        people = saving.iter_people(session, found, now.recipients)
        held = holding.facts(session, found, _state().settings)
        if held:
            click.echo(held.pop("said"), err=True)
        if form == "csv":
            out = csv.writer(sys.stdout)
            out.writerow(COLUMNS)
            out.writerows(rows(people))
            return
        facts = {
            "campaign_ref": ref,
            "channel": found.channel,
            "scope": found.scope,
            "combine": found.combine,
            "saved_at": found.saved_at and found.saved_at.isoformat(),
            "state": found.state,
            "held": held,
            "picks": [
                {
                    "mode": pick.mode,
                    "policy": pick.policy,
                    "segment": pick.segment.segment_ref,
                    "name": pick.segment.name,
                    "version": pick.version and pick.version.version,
                }
                for pick in found.picks
            ],
            "counts": now.counts(),
            "recipients": [
                {column: getattr(person, column) for column in COLUMNS} for person in people
            ],
        }
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False))


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
        outlook.show(state, shops, as_json=as_json)
        return
    ends = [_sync(state, shop, named=handle is not None) for shop in shops]
    for shop, (said, _ok) in zip(shops, ends, strict=True):
        click.echo(f"{shop.handle}: {said}")
    if not all(ok for _said, ok in ends):
        raise click.exceptions.Exit(1)


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
