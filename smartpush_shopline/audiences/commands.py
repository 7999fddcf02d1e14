"""`flask smartpush explain`"""

from __future__ import annotations

import json

import click
from flask.cli import with_appcontext

from ..shops.models import Shop
from ..web import state
from . import explaining, forecast, saving, telling


@click.command()
@click.argument("ref")
@click.argument("address")
@click.option("--field", default="recipients", help="Which picker of the campaign's form.")
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
@with_appcontext
def explain(ref: str, address: str, field: str, as_json: bool) -> None:
    """Why somebody gets the campaign REF, or does not: an e-mail address or a phone number."""
    with state().database.read() as session:
        audience = saving.find(session, ref, field)
        if audience is None:
            raise click.ClickException(f"No recipients are saved for {ref}.")
        settings = state().settings
        now = forecast.expected(session, audience, settings, state().now())
        country = settings.default_country
        said = explaining.explain_address(session, audience, address, now, country)
        zone, channel = session.get_one(Shop, audience.shop_id).timezone, audience.channel
    if as_json:
        click.echo(json.dumps(said.as_json(), indent=2, ensure_ascii=False))
        return
    lines = [
        telling.headline(said, channel),
        telling.because(said, channel),
        telling.since(said, zone),
        telling.today(said),
        *telling.segments(said),
    ]
    click.echo("\n".join(line for line in lines if line))
