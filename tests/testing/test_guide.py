"""The guide for outsiders says what there is."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from smartpush_shopline import testing
from smartpush_shopline.sandbox.guide import written
from smartpush_shopline.sandbox.registry import MOODS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "sandbox.md"


def test_the_tables_and_the_example_are_those_of_the_code() -> None:
    text = GUIDE.read_text("utf-8")
    example = (ROOT / "tests" / "testing" / "test_example.py").read_text("utf-8")
    again = "run: python -m smartpush_shopline.sandbox.guide docs/sandbox.md"
    assert written(text, example) == text, again
    for name in MOODS:
        assert f"`{name}`" in text


def test_every_verb_of_a_fake_store_is_told() -> None:
    text = GUIDE.read_text("utf-8")
    verbs = {name for name in vars(testing.FakeStore) if not name.startswith("_")}
    untold = {"handle", "url", "token", "segment"}
    assert {verb for verb in verbs - untold if not re.search(rf"\b{verb}\b", text)} == set()


def test_the_plugin_needs_only_pytest_and_responses_and_loads_nowhere_by_itself() -> None:
    tree = ast.parse(Path(testing.__file__).read_text("utf-8"))
    tops = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert tops - sys.stdlib_module_names == {"pytest", "responses", "smartpush_shopline"}
    assert "pytest11" not in (ROOT / "setup.cfg").read_text("utf-8")
