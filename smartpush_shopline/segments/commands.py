"""`flask smartpush segments`"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..contacts import reach
from ..contracts import CHANNELS
from ..failure import sentence
from ..i18n import local_time
from ..shops.models import Shop
from ..tables import echo_table, echo_title
from ..web import state
from . import publishing
from .models import Segment, SegmentVersion
from .standing import CHECKING, DIFFERS, GONE, OWN, READING, RETRYING, TROUBLE, standing

HEADINGS = ("Segment", "Admin", "Here", "Email", "SMS", "List", "Since", "Checked", "State")
NUMBERS = HEADINGS[1:5]
STANDINGS = {
    CHECKING: "being checked",
    READING: "being read",
    RETRYING: "tried again",
    TROUBLE: "needs a person",
    GONE: "deleted in the Admin",
    OWN: "the dashboard's own",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
@with_appcontext
def segments(as_json: bool) -> None:
    """All segments, their members, and who may be written to.

    Admin and Here are people as the Admin counts them and in our list, Email and SMS how many of
    these may get either. Since is when this version became the list, in the store's own time,
    Checked when the Admin was last asked for its count.
    """
    with state().database.read() as session:
        shops = session.scalars(select(Shop).order_by(Shop.name, Shop.id)).all()
        found = [(shop, _facts(session, shop)) for shop in shops]
    if as_json:
        told = [fact for _shop, facts in found for fact in facts]
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for number, (shop, facts) in enumerate(found):
        echo_title(f"{shop.name} ({shop.handle}), times in {shop.timezone}", number)
        if facts:
            rows = [_row(each, shop.timezone) for each in facts]
            echo_table(HEADINGS, rows, right=NUMBERS, folds=("Segment", "State"), indent=2)
        else:
            click.echo("  No segments yet.")


def _row(fact: dict[str, Any], zone: str) -> list[object]:
    return [
        fact["name"],
        None if fact["standing"] == GONE else fact["admin_count"],
        fact["members"],
        *fact["sendable"].values(),
        fact["version"] and f"v{fact['version']}",
        _moment(fact["published_at"], zone),
        _moment(fact["count_checked_at"], zone),
        _state(fact, zone),
    ]


def _state(fact: dict[str, Any], zone: str) -> str:
    if fact["standing"] == DIFFERS and fact["differs_since"]:
        return f"differs since {_moment(fact['differs_since'], zone)}"
    word: str = fact["standing"]
    return STANDINGS.get(word, word) + (f": {fact['problem']}" if fact["problem"] else "")


def _moment(at: str | None, zone: str) -> str | None:
    return local_time(datetime.fromisoformat(at), zone, "d MMM, HH:mm") if at else None


def _facts(session: Session, shop: Shop) -> list[dict[str, Any]]:
    here = {channel: reach.load(session, shop.id, channel) for channel in CHANNELS}
    facts = []
    asked = select(Segment).where(Segment.shop_id == shop.id)
    for segment in session.scalars(asked.order_by(func.lower(Segment.name), Segment.id)):
        version = publishing.current_version(session, segment)
        sendable = {
            channel: len(version.members & reached.sendable) if version else None
            for channel, reached in here.items()
        }
        facts.append(_about(shop, segment, version, sendable))
    return facts


def _about(
    shop: Shop, segment: Segment, version: SegmentVersion | None, sendable: dict[str, int | None]
) -> dict[str, Any]:
    return {
        "shop": shop.handle,
        "ref": segment.segment_ref,
        "name": segment.name,
        "source": segment.source,
        "state": segment.state,
        "standing": standing(segment, version.count if version else None, shop.doubted_since),
        "version": version.version if version else None,
        "members": version.count if version else None,
        "admin_count": segment.admin_count,
        "sendable": sendable,
        "definition": segment.definition,
        "stale": segment.stale_reason,
        "differs_since": _iso(segment.differs_since),
        "error": sentence(segment.error) or None,
        "problem": sentence(segment.error, with_facts=False) or None,
        "read_at": _iso(segment.read_at),
        "count_checked_at": _iso(segment.count_checked_at),
        "published_at": _iso(version.published_at if version else None),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
