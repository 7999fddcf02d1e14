"""`flask smartpush audience` and `explain`"""

from __future__ import annotations

import csv
import json
import sys
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..contacts import finding
from ..contacts.models import Contact
from ..i18n import gettext as _
from ..settings import Settings
from ..shops.models import Shop
from ..tables import echo_table
from ..web import state
from . import forecast, recall
from .deciding import between
from .models import Audience
from .sending import holding, holding_facts, holding_words
from .why import explaining, telling
from .why.explanation import UNKNOWN, Explanation
from .why.export import COLUMNS, rows

MOST_MATCHES = 20


@click.command()
@click.argument("ref")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv")
@click.option("--field", default="recipients", help="Which picker of the campaign's form.")
@with_appcontext
def audience(ref: str, form: str, field: str) -> None:
    """The recipients of the campaign REF as of now."""
    mine = state()
    with mine.database.read() as session:
        found = _saved(session, ref, field)
        now = forecast.expected(session, found, mine.settings, mine.now())
        people = recall.iter_people(session, found, now.recipients)
        held = holding_facts.facts(session, found, mine.settings)
        if held:
            click.echo(held.pop("said"), err=True)
        undecided = None if held else _undecided(session, found, mine.settings)
        if undecided:
            click.echo(undecided, err=True)
        if form == "csv":
            out = csv.writer(sys.stdout)
            out.writerow(COLUMNS)
            out.writerows(rows(people))
            return
        facts = _facts(found) | {
            "held": held,
            "undecided": undecided,
            "counts": now.counts(),
            "recipients": [
                {column: getattr(person, column) for column in COLUMNS} for person in people
            ],
        }
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False))


def _undecided(session: Session, audience: Audience, settings: Settings) -> str | None:
    """Said beside the list, which is the one that was saved and perhaps not the one that goes."""
    asked = between.held_by(session, audience, settings.drift_threshold)
    if not holding.is_asked(audience, asked):
        return None
    return _("Not decided yet: %(why)s", why=holding_words.why(audience, asked))


def _saved(session: Session, ref: str, field: str) -> Audience:
    found = recall.find(session, ref, field)
    if found is None:
        raise click.ClickException(_unknown(session, ref))
    return found


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


def _facts(audience: Audience) -> dict[str, Any]:
    return {
        "campaign_ref": audience.campaign_ref,
        "channel": audience.channel,
        "scope": audience.scope,
        "combine": audience.combine,
        "saved_at": audience.saved_at and audience.saved_at.isoformat(),
        "state": audience.state,
        "picks": [
            {
                "mode": pick.mode,
                "policy": pick.policy,
                "segment": pick.segment.segment_ref,
                "name": pick.segment.name,
                "version": pick.version and pick.version.version,
            }
            for pick in audience.picks
        ],
    }


@click.command()
@click.argument("ref")
@click.argument("who")
@click.option("--field", default="recipients", help="Which picker of the campaign's form.")
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
@with_appcontext
def explain(ref: str, who: str, field: str, as_json: bool) -> None:
    """Why somebody gets the campaign REF, or does not.

    WHO is an e-mail address, a phone number or a part of either or of a name. Of several who are
    like it the first twenty are listed. Exit code 1 when it is not exactly one.
    """
    if not who.strip():
        raise click.UsageError("Say who: an address, or a part of it or of a name.")
    with state().database.read() as session:
        audience = _saved(session, ref, field)
        settings = state().settings
        now = forecast.expected(session, audience, settings, state().now())
        country = settings.default_country
        said, several = explaining.explain_query(
            session, audience, who, now, country, addresses=True, most=MOST_MATCHES + 1
        )
        zone, channel = session.get_one(Shop, audience.shop_id).timezone, audience.channel
    if said is None:
        _show_several(several, channel, as_json=as_json)
        raise click.exceptions.Exit(1)
    if as_json:
        click.echo(json.dumps(said.as_json(), indent=2, ensure_ascii=False))
    else:
        _show(said, channel, zone)
    if said.rule == UNKNOWN:
        raise click.exceptions.Exit(1)


def _show(said: Explanation, channel: str, zone: str) -> None:
    lines = [
        telling.headline(said, channel, zone),
        telling.because(said, channel),
        telling.since(said, zone),
        telling.today(said),
        *telling.segments(said),
    ]
    click.echo("\n".join(line for line in lines if line))


def _show_several(contacts: list[Contact], channel: str, *, as_json: bool) -> None:
    found = [
        (finding.name_of(each), finding.address_of(each, channel))
        for each in contacts[:MOST_MATCHES]
    ]
    if as_json:
        matches = [{"name": name, "address": address} for name, address in found]
        click.echo(json.dumps({"matches": matches}, indent=2, ensure_ascii=False))
        return
    more = len(contacts) > len(found)
    first = f"The first {len(found)} who are" if more else f"{len(found)} people are"
    click.echo(f"{first} like that. Say whose address you mean:")
    echo_table(("Name", "Address"), found, indent=2)
