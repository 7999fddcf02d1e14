"""Plant each bug in a copy of the project, run the tests, and say which of them found it.

    python -m tests.planted                   all of them
    python -m tests.planted reach lease       those whose name holds one of these words
    python -m tests.planted --jobs 2          so many at once
    python -m tests.planted --quick           without the whole suite

A patch begins with a sentence about what is wrong, and with the tests that are tried first. When
those do not fail, the whole suite is run. At least 95 of 100 have to be found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
REQUIRED = 0.95
_LONGEST = 1_800
_SPREAD = ("-n", "2")


@dataclass(frozen=True, slots=True)
class Bug:
    """One patch. `first` are the tests that ought to find it."""

    path: Path
    what: str
    first: list[str]

    @property
    def name(self) -> str:
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Outcome:
    bug: Bug
    found_by: str | None
    seconds: float


def bugs(words: list[str] | None = None) -> list[Bug]:
    every = [_read(path) for path in sorted(HERE.glob("*.patch"))]
    return [bug for bug in every if not words or any(word in bug.name for word in words)]


def _read(path: Path) -> Bug:
    what, tests, *_patch = path.read_text().splitlines()
    return Bug(path, what.removeprefix("What: "), tests.removeprefix("Tests: ").split())


def try_out(bug: Bug, quick: bool = False) -> Outcome:
    began = time.monotonic()
    with TemporaryDirectory(prefix="smartpush-planted-") as folder:
        copy = Path(folder) / "project"
        _copy(copy)
        subprocess.run(["git", "apply", str(bug.path)], cwd=copy, check=True)
        found_by = _failing(copy, bug.first)
        if found_by is None and not quick:
            found_by = _failing(copy, ["tests"], *_SPREAD)
    return Outcome(bug, found_by, time.monotonic() - began)


def _copy(copy: Path) -> None:
    """What git knows of the project, as it lies here; a repository of its own for `git apply`."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)


def _failing(copy: Path, tests: list[str], *more: str) -> str | None:
    """The first test that failed. Raises RuntimeError when they could not be run at all."""
    asked = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*asked, "-p", "no:randomly", "--ignore=tests/planted", *more, *tests],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=_LONGEST,
    )
    told = (line.split() for line in ran.stdout.splitlines())
    failed = [w[1] for w in told if w[:1] in (["FAILED"], ["ERROR"]) and "::" in w[1]]
    if ran.returncode and not failed:
        raise RuntimeError(f"pytest ended with {ran.returncode}:\n{ran.stdout[-2000:]}")
    return failed[0] if failed else None


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.planted", description=__doc__.split("\n")[0])
    parser.add_argument("words", nargs="*", help="parts of the names of the bugs to plant")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="only the tests that a patch names")
    wanted = parser.parse_args()
    outcomes = []
    with ThreadPoolExecutor(wanted.jobs) as pool:
        planted = [pool.submit(try_out, bug, wanted.quick) for bug in bugs(wanted.words)]
        for each in as_completed(planted):
            outcome = each.result()
            outcomes.append(outcome)
            told = outcome.found_by or "NOT FOUND"
            print(f"{outcome.bug.name:48} {outcome.seconds:6.0f} s  {told}", flush=True)
    found = sum(outcome.found_by is not None for outcome in outcomes)
    print(f"{found} of {len(outcomes)} were found.")
    return 0 if outcomes and found >= REQUIRED * len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
