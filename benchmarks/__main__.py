"""`python -m benchmarks`: fill a database of its own, measure, write results.json."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from .baseline import make_baseline
from .cases import ALL, Bench
from .lists import make_lists
from .measuring import Result
from .people import make_shop
from .places import Place, open_place

RESULTS = Path(__file__).parent / "results.json"
MILLION = 1_000_000
_LONGEST = {"audience_count_by_reason": 0.005, "audience_save": 0.050}
_LEAST_RATIO = {"audience_count_by_reason": 200.0}


def main() -> int:
    wanted = _arguments()
    with (
        TemporaryDirectory(prefix="smartpush-benchmark-") as folder,
        open_place(wanted.engine, Path(folder)) as place,
    ):
        bench = _fill(place, wanted.size, wanted.rounds)
        results = [result for case in ALL for result in case(bench)]
    print(_table(results))
    _write(wanted.output, results)
    missed = list(_missed(results)) if (wanted.engine, wanted.size) == ("sqlite", MILLION) else []
    for sentence in missed:
        print(sentence, file=sys.stderr)
    return 1 if missed else 0


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--size", type=int, default=MILLION, help="contacts (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="baseline runs (%(default)s)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="results.json to write")
    return parser.parse_args()


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


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms"


def _write(path: Path, results: list[Result]) -> None:
    path.write_text(json.dumps([found.as_json() for found in results], indent=2) + "\n")


def _missed(results: Iterable[Result]) -> Iterable[str]:
    for found in results:
        longest = _LONGEST.get(found.name)
        if longest is not None and found.seconds > longest:
            yield (
                f"{found.name} took {_milliseconds(found.seconds)}; "
                f"at most {_milliseconds(longest)} are promised."
            )
        least = _LEAST_RATIO.get(found.name)
        if least is not None and (found.ratio or 0) < least:
            yield (
                f"{found.name} is {found.ratio or 0:.0f} times as fast as the baseline; "
                f"{least:.0f} times are promised."
            )


if __name__ == "__main__":
    sys.exit(main())
