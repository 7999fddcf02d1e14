"""The tables of the guide: ``python -m smartpush_shopline.sandbox.guide docs/sandbox.md``.

Between ``<!-- begin: name -->`` and ``<!-- end: name -->`` the guide is written anew from the
registry; a test says when somebody forgot to.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from .__main__ import parser
from .questions import QUESTIONS
from .tempers import TEMPERS, Number

PART = re.compile(r"(<!-- begin: ([\w ]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)


def tempers() -> str:
    rows = []
    for mood in TEMPERS:
        if isinstance(mood, Number):
            span = f"{mood.least:,} to {mood.most:,}, usually {mood.usual:,}"
            rows.append((mood.group, f"`{mood.name}`", f"{span}: {mood.told}"))
        else:
            rows.append((mood.group, f"`{mood.name}`", _values(mood.values)))
    return _table(("", "mood", "values, the usual one first"), rows)


def questions() -> str:
    rows = (
        (each.title, f"`{each.name}`", _values(each.values), each.asks) for each in QUESTIONS
    )
    return _table(("nobody knows", "mood", "values, the assumed one first", "fact"), rows)


def options() -> str:
    made = parser({})
    rows = []
    for action in made._actions[1:]:
        name = action.option_strings[0]
        choices = " or ".join(action.choices) if action.choices else ""
        usual = "" if action.default is None else f"`{action.default}`"
        rows.append((f"`{name}`", usual, action.help or choices))
    return _table(("option", "usual", ""), rows)


def written(text: str, example: str) -> str:
    """The guide with all its parts as they should be."""
    parts = {"options": options, "tempers": tempers, "questions": questions}
    parts["example"] = lambda: f"```python\n{example}```\n"
    return PART.sub(lambda found: f"{found[1]}{parts[found[2]]()}{found[3]}", text)


def _values(values: dict[str, str]) -> str:
    return "<br>".join(f"`{value}` {told}".replace("|", "\\|") for value, told in values.items())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    guide = Path(sys.argv[1])
    shown = guide.parent.parent / "tests" / "testing" / "test_example.py"
    guide.write_text(written(guide.read_text("utf-8"), shown.read_text("utf-8")), "utf-8")
