"""The page on which a marketer sees why the number is smaller than the segments, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from statistics import median

import requests

from smartpush_shopline.audiences import recall, saving
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.audiences.why import waterfall
from smartpush_shopline.contacts import reach
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import SHOPLINE
from smartpush_shopline.settings import Settings

from .analytics import Analyst
from .cases import Bench
from .dashboard import fetch, listening, make_app
from .lists import CHANNEL, make_lists, some_of
from .measuring import Result, seconds
from .people import make_shop
from .places import Place


def fill_reach(place: Place, size: int, rounds: int) -> Bench:
    """A shop of which only the reach and five lists are there: the page reads nothing else."""
    random = Random(size)
    shop_id = make_shop(place.database, size, random, only_reach=True)
    lists = make_lists(place.database, shop_id, size, random, datetime.now(UTC))
    place.settle()
    return Bench(place, size, lists, rounds, random)


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
                f"waterfall_page_{bench.size // 1_000_000}m_{bench.place.engine_name}",
                lambda: fetch(browser, address),
                about,
                lambda: analyst.counts(statements[best]),
                ours_per_round=10,
            )
        ]


def picker_click(bench: Bench) -> list[Result]:
    """POST of one click in the picker of a store with 500 segments: another one is taken in.

    There is no baseline: what is promised is how long the whole answer takes.
    """
    _more_segments(bench, 500)
    app = make_app(bench.place)
    with app.app_context():
        form = {"recipients": bench.lists.choice.dump()}
    form["recipients-do"] = f"exclude:segment:{max(bench.lists.members) + 1}"
    with listening(app) as url, requests.Session() as browser:

        def click() -> None:
            answer = browser.post(
                f"{url}/smartpush/picker?field=recipients", data=form, timeout=60
            )
            if answer.status_code != 200 or "Segment 0" not in answer.text:
                raise AssertionError(answer.text)

        click()
        took = median(seconds(click) for _ in range(10 * bench.rounds))
    name = f"picker_click_{bench.size // 1_000_000}m_{bench.place.engine_name}"
    return [Result(name, bench.place.engine_name, bench.size, took)]


def _more_segments(bench: Bench, how_many: int) -> None:
    """Of up to 2 % of the people each."""
    shop_id, now = bench.lists.choice.shop_id, datetime.now(UTC)
    for number in range(how_many):
        people = some_of(bench.size, bench.random.random() / 50, bench.random)
        with bench.place.database.begin() as session:
            name = f"Segment {number}"
            segment = publishing.add_segment(session, shop_id, SHOPLINE, name, name, now)
            publishing.publish(session, segment, people, len(people), "first", now)


def _saved(bench: Bench) -> tuple[int, dict[str, int]]:
    """A saved audience, and the people of each step of its waterfall."""
    with bench.place.database.begin() as session:
        campaign = f"waterfall-{next(bench.serial)}"
        saved = saving.save(session, bench.lists.choice, campaign, datetime.now(UTC))
        audience_id = saved.id
    with bench.place.database.read() as session:
        row = session.get_one(Audience, audience_id)
        now = recall.resolution_now(session, row, Settings().drift_threshold)
        fall = waterfall.look(session, row, now)
    steps = {step.key: step.count for step in fall.steps}
    return audience_id, steps | {"union": len(fall.union), "recipients": len(fall.recipients)}
