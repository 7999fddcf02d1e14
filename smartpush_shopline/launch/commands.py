"""`flask smartpush connect`: a store with a private app, whose token a person copied."""

from __future__ import annotations

import os

import click
from flask import current_app
from flask.cli import with_appcontext

from ..errors import ShoplineError
from ..shopline.signing import HANDLE
from ..web import State
from . import connecting

TOKEN_VARIABLE = "SMARTPUSH_TOKEN"  # noqa: S105  the name of a variable, not its value


@click.command("connect")
@click.argument("handle")
@click.option("--app-key", help="Which app of SMARTPUSH_APPS; needed when there are several.")
@with_appcontext
def connect(handle: str, app_key: str | None) -> None:
    """Connect the store HANDLE by the token of its private app.

    The token is asked for, or taken from the environment variable SMARTPUSH_TOKEN; it is never
    part of the command line, which other users of the machine can read.
    """
    state: State = current_app.extensions["smartpush"]
    if not HANDLE.fullmatch(handle):
        raise click.BadParameter("It is the first part of the store's address: birch-and-co.")
    app_key = _app_key(state, app_key)
    token = os.environ.get(TOKEN_VARIABLE) or click.prompt("Token", hide_input=True)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise click.ClickException("That is no token; copy it from the Admin as it is.")
    try:
        shop = connecting.connect_private(state, app_key, handle, token)
    except ShoplineError as error:
        raise click.ClickException(f"{handle} was not connected. {error}") from None
    click.echo(f"{shop.name} is connected; its first synchronisation begins with the next tick.")


def _app_key(state: State, wanted: str | None) -> str:
    known = list(state.settings.apps)
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted not in known:
        raise click.BadParameter(f"Choose one of {', '.join(known)}.", param_hint="--app-key")
    return wanted
