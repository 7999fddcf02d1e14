"""`flask smartpush segments`"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..contacts import reach
from ..contracts import CHANNELS
from ..failure import sentence
from ..shops.models import Shop
from ..web import state
from . import publishing
from .models import Segment, SegmentVersion


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
@with_appcontext
def segments(as_json: bool) -> None:
    """All segments with their members and how many of them may be written to."""
    with state().database.read() as session:
        facts = _facts(session)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for fact in facts:
        members = "-" if fact["members"] is None else fact["members"]
        gone = "  (deleted)" if fact["state"] == "deleted" else ""
        click.echo(f"{fact['shop']}  {members:>8}  v{fact['version'] or 0}  {fact['name']}{gone}")


def _facts(session: Session) -> list[dict[str, Any]]:
    shops = {shop.id: shop for shop in session.scalars(select(Shop))}
    here = {
        (shop_id, channel): reach.load(session, shop_id, channel)
        for shop_id in shops
        for channel in CHANNELS
    }
    facts = []
    for segment in session.scalars(select(Segment).order_by(Segment.shop_id, Segment.name)):
        version = publishing.current_version(session, segment)
        sendable = {
            channel: len(version.members & here[segment.shop_id, channel].sendable)
            if version
            else None
            for channel in CHANNELS
        }
        facts.append(_about(shops[segment.shop_id], segment, version, sendable))
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
        "version": version.version if version else None,
        "members": version.count if version else None,
        "admin_count": segment.admin_count,
        "sendable": sendable,
        "definition": segment.definition,
        "stale": segment.stale_reason,
        "differs_since": _iso(segment.differs_since),
        "error": sentence(segment.error) or None,
        "read_at": _iso(segment.read_at),
        "count_checked_at": _iso(segment.count_checked_at),
        "published_at": _iso(version.published_at if version else None),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
