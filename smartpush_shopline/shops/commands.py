"""`flask smartpush rotate-keys`, and which store a command is about."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..web import State
from . import redact, tokens
from .models import Shop


def shop_named(session: Session, handle: str, app_key: str | None) -> int:
    """The id of the one store that is meant. Two apps in one store are two stores here."""
    asked = select(Shop.id, Shop.app_key).where(Shop.handle == handle)
    if app_key is not None:
        asked = asked.where(Shop.app_key == app_key)
    found = session.execute(asked.order_by(Shop.id)).all()
    if not found:
        by_app = f" by the app {app_key}" if app_key is not None else ""
        raise click.ClickException(f"No store with the handle {handle} is installed{by_app}.")
    if len(found) > 1:
        keys = ", ".join(key for _id, key in found)
        raise click.ClickException(f"{handle} has several apps; choose with --app-key: {keys}.")
    shop_id: int = found[0].id
    return shop_id


@click.command("rotate-keys")
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
@with_appcontext
def rotate_keys(as_json: bool) -> None:
    """Encrypt every stored token with the newest key. May be stopped and run again.

    Exit code 1 when a token could be read with none of the keys.
    """
    state: State = current_app.extensions["smartpush"]
    done = tokens.rotate(state.database, state.settings.encryption_keys)
    redact.reseal(state.database, state.settings.encryption_keys)
    if as_json:
        click.echo(json.dumps(asdict(done), indent=2))
    else:
        click.echo(f"{len(done.renewed)} encrypted anew, {done.newest_already} already were.")
        for handle in done.unreadable:
            click.echo(f"{handle}: no key opens its token. List the key it was made with, too.")
    if done.unreadable:
        raise click.exceptions.Exit(1)
    if not as_json:
        click.echo("No token needs the older keys in SMARTPUSH_ENCRYPTION_KEYS any more.")
