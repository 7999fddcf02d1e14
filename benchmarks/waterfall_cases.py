"""The page on which a marketer sees why the number is smaller than the segments, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import requests

from smartpush_shopline.audiences import saving, waterfall
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.contacts import reach

from .analytics import Analyst
from .cases import Bench
from .dashboard import fetch, listening, make_app
from .lists import CHANNEL
from .measuring import Result


def waterfall_page(bench: Bench) -> list[Result]:
    """GET of the page of a saved audience, HTML and all, beside the bare counts by DuckDB."""
    audience_id, counts = _saved(bench)
    with bench.place.database.read() as session:
        analyst = Analyst(bench.lists, reach.load(session, bench.lists.choice.shop_id, CHANNEL))
    statements = analyst.statements()
    for way, statement in statements.items():
        theirs = {name: count for name, count in analyst.counts(statement).items() if count}
        if theirs != counts:
            raise AssertionError(f"Other counts by {way}: {theirs}, ours {counts}.")
    best = bench.fastest("waterfall", statements, lambda way: analyst.counts(statements[way]))
    about = f"DuckDB in memory, the counts alone ({best})"
    with listening(make_app(bench.place)) as url, requests.Session() as browser:
        address = f"{url}/smartpush/audiences/{audience_id}"
        if f"{counts['recipients']:,}" not in fetch(browser, address):
            raise AssertionError("The page does not say how many receive it.")
        return [
            bench.measure(
                "waterfall_page_over_http",
                lambda: fetch(browser, address),
                about,
                lambda: analyst.counts(statements[best]),
                ours_per_round=10,
            )
        ]


def _saved(bench: Bench) -> tuple[int, dict[str, int]]:
    """A saved audience, and the people of each step of its waterfall."""
    with bench.place.database.begin() as session:
        campaign = f"waterfall-{next(bench.serial)}"
        saved = saving.save(session, bench.lists.choice, campaign, datetime.now(UTC))
        audience_id = saved.id
    with bench.place.database.read() as session:
        fall = waterfall.look(session, session.get_one(Audience, audience_id))
    steps = {step.key: step.count for step in fall.steps}
    return audience_id, steps | {"union": len(fall.union), "recipients": len(fall.recipients)}
