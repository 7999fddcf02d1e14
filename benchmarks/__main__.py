"""`python -m benchmarks`: fill a database of its own, measure, write results.json."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from . import importing
from .baseline import make_baseline
from .cases import ALL as EVERYDAY
from .cases import Bench
from .ground import Ground
from .importing import import_pages
from .lists import make_lists
from .measuring import Figure, Result
from .night import nightly_pass
from .paced import first_import
from .people import make_shop
from .places import Place, open_place
from .sending_cases import hand_out
from .steady import consent_webhook, unchanged_segment
from .waterfall_cases import fill_reach, picker_click, waterfall_page

RESULTS = Path(__file__).parent / "results.json"
MILLION = 1_000_000
Case = Callable[[Any], Any]
# Who changes contacts comes last: until then they are the made store's.
SIMULATED: tuple[Case, ...] = (
    import_pages,
    first_import,
    unchanged_segment,
    nightly_pass,
    consent_webhook,
)
MARKETER: tuple[Case, ...] = (waterfall_page, picker_click, hand_out)
_LONGEST = {
    "audience_count_by_reason": 0.005,
    "audience_save": 0.050,
    "waterfall_page_1m_sqlite": 0.020,
    "waterfall_page_1m_postgresql": 0.040,
    "waterfall_page_10m_sqlite": 0.150,
    "picker_click_1m_sqlite": 0.100,
}
_LEAST_RATIO = {"audience_count_by_reason": 200.0, "hand_out_in_batches_of_10000": 0.5}
_MOST_MEGABYTES = {"hand_out_in_batches_of_10000": 50.0}


def main() -> int:
    wanted = _arguments()
    with TemporaryDirectory(prefix="smartpush-benchmark-") as name:
        folder = Path(name)
        results = [
            *_everyday(wanted, folder), *_marketer(wanted, folder), *_simulated(wanted, folder)
        ]
    print(_table([each for each in results if isinstance(each, Result)]))
    print(_figures([each for each in results if isinstance(each, Figure)]))
    if not wanted.only:
        _write(wanted.output, results)
    missed = list(_missed(results)) if (wanted.engine, wanted.size) == ("sqlite", MILLION) else []
    for sentence in missed:
        print(sentence, file=sys.stderr)
    return 1 if missed else 0


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [case.__name__ for case in (*EVERYDAY, *MARKETER, *SIMULATED)]
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--size", type=int, default=MILLION, help="contacts (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="baseline runs (%(default)s)")
    parser.add_argument("--only", choices=names, action="append", default=[], help="some of them")
    parser.add_argument("--output", type=Path, default=RESULTS, help="results.json to write")
    return parser.parse_args()


def _chosen(cases: Iterable[Case], wanted: Namespace) -> list[Case]:
    return [case for case in cases if not wanted.only or case.__name__ in wanted.only]


def _everyday(wanted: Namespace, folder: Path) -> list[Result]:
    cases = _chosen(EVERYDAY, wanted)
    if not cases:
        return []
    (folder / "everyday").mkdir()
    with open_place(wanted.engine, folder / "everyday") as place:
        bench = _fill(place, wanted.size, wanted.rounds)
        return [result for case in cases for result in case(bench)]


def _marketer(wanted: Namespace, folder: Path) -> list[Result]:
    found: list[Result] = []
    chosen = _chosen(MARKETER, wanted)
    engines = [(wanted.engine, wanted.size), ("postgresql", wanted.size)]
    engines.append(("sqlite", 10 * wanted.size))
    for engine, size in engines:
        cases = (waterfall_page, picker_click) if size == wanted.size else (waterfall_page,)
        pages = [case for case in cases if case in chosen]
        if pages:
            with _place_of(engine, folder, f"pages-{engine}-{size}") as place:
                bench = fill_reach(place, size, wanted.rounds)
                found += [result for case in pages for result in case(bench)]
    if hand_out in chosen:
        with _place_of(wanted.engine, folder, "sending") as place:
            found += hand_out(place, wanted.size, wanted.rounds, Random(wanted.size))
    return found


@contextmanager
def _place_of(engine: str, folder: Path, name: str) -> Iterator[Place]:
    start = perf_counter()
    print(f"{name} ...", flush=True)
    (folder / name).mkdir()
    with open_place(engine, folder / name) as place:
        yield place
    rmtree(folder / name, ignore_errors=True)
    print(f"  done in {perf_counter() - start:.0f} s", flush=True)


def _simulated(wanted: Namespace, folder: Path) -> list[Figure]:
    ground = Ground(folder, wanted.engine, wanted.size, importing.import_all)
    found: list[Figure] = []
    for case in _chosen(SIMULATED, wanted):
        start = perf_counter()
        print(f"{case.__name__} ...", flush=True)
        found += case(ground)
        print(f"  done in {perf_counter() - start:.0f} s", flush=True)
    return found


def _fill(place: Place, size: int, rounds: int) -> Bench:
    random = Random(size)
    start = perf_counter()
    print(f"Making {size:,} contacts in {place.engine_name} ...", flush=True)
    shop_id = make_shop(place.database, size, random)
    lists = make_lists(place.database, shop_id, size, random, datetime.now(UTC))
    make_baseline(place.database, shop_id, lists)
    place.settle()
    print(f"  done in {perf_counter() - start:.0f} s", flush=True)
    return Bench(place, size, lists, rounds, random)


def _table(results: list[Result]) -> str:
    lines = [f"\n{'':40}{'ours':>12}{'baseline':>14}{'ratio':>10}"]
    for found in results:
        theirs = "" if found.baseline_seconds is None else _milliseconds(found.baseline_seconds)
        ratio = "" if found.ratio is None else f"{found.ratio:,.1f}"
        lines.append(f"{found.name:40}{_milliseconds(found.seconds):>12}{theirs:>14}{ratio:>10}")
    return "\n".join([*lines, ""])


def _figures(figures: list[Figure]) -> str:
    """Each on two lines: the number, and how it came about."""
    lines = [f"{f.name:28}{f.value:>10,.3g} {f.unit}\n    {f.about}" for f in figures]
    return "\n".join([*lines, ""])


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms"


def _write(path: Path, results: Sequence[Result | Figure]) -> None:
    path.write_text(json.dumps([found.as_json() for found in results], indent=2) + "\n")


def _missed(results: Iterable[Result | Figure]) -> Iterable[str]:
    for found in results:
        if isinstance(found, Figure):
            if found.missed:
                yield found.missed
            continue
        longest = _LONGEST.get(found.name)
        if longest is not None and found.seconds > longest:
            yield (
                f"{found.name} took {_milliseconds(found.seconds)}; "
                f"at most {_milliseconds(longest)} are promised."
            )
        most = _MOST_MEGABYTES.get(found.name)
        if most is not None and (found.extra_megabytes or 0) > most:
            yield (
                f"{found.name} took {found.extra_megabytes:,.0f} MB more; "
                f"at most {most:.0f} are promised."
            )
        least = _LEAST_RATIO.get(found.name)
        if least is not None and (found.ratio or 0) < least:
            yield (
                f"{found.name} is {found.ratio or 0:.0f} times as fast as the baseline; "
                f"{least:.0f} times are promised."
            )


if __name__ == "__main__":
    sys.exit(main())
