"""`docs/shopline.md` names code and tests that exist, and every disagreement of the pages."""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHEET = ROOT / "docs" / "shopline.md"
MARKS = {"CONFIRMED", "SDK", "EXTRACT", "3RD", "INFERRED"}


def rows():
    """The cells of every table row: fact, mark, code, tests."""
    for number, line in enumerate(SHEET.read_text("utf-8").splitlines(), 1):
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) != 2 and cells[0] != "fact":
            yield pytest.param(cells, id=f"line {number}")


@cache
def names_in(path):
    text = (ROOT / "tests" / f"{path}.py").read_text("utf-8")
    return set(re.findall(r"^def (test_\w+)", text, re.MULTILINE))


@pytest.mark.parametrize("cells", list(rows()))
def test_a_fact_lives_and_is_held_where_the_sheet_says(cells):
    assert len(cells) == 4
    _fact, mark, code, tests = cells
    assert set(re.split(r"[ ,]+", mark)) <= MARKS
    for module, name in re.findall(r"`([\w.]+):([\w.]+)`", code):
        found = import_module(f"smartpush_shopline.{module}")
        for part in name.split("."):
            found = getattr(found, part)
    for path, name in re.findall(r"`([\w/]+)::(\w+)`", tests):
        assert name in names_in(path)
    assert "`" in code
    assert "::" in tests or tests == "none yet"


def test_every_row_of_the_disagreements_is_there():
    text = SHEET.read_text("utf-8").partition("## Where the public pages disagree")[2]
    told = [int(number) for number in re.findall(r"^\| (\d+)\. ", text, re.MULTILINE)]
    assert told == list(range(1, 19))
