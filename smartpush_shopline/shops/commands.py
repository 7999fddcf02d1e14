"""`flask smartpush rotate-keys`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask import current_app
from flask.cli import with_appcontext

from ..web import State
from . import redact, tokens


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
