"""The README shows the lines of the example dashboard, not lines that look like them."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(
    r"^[ ]*# \[readme:(?P<name>\w+)\]\n(?P<lines>.*?)^[ ]*# \[/readme:(?P=name)\]", re.S | re.M
)


def embedded() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((ROOT / "examples" / "dashboard").glob("*.py")):
        for match in MARKED.finditer(path.read_text(encoding="utf-8")):
            found[match["name"]] = dedent(match["lines"]).strip()
    return found


def test_the_readme_shows_the_very_lines_of_the_example() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(embedded()) == {"embed", "field", "save", "sender"}
    for name, lines in embedded().items():
        assert f"```python\n{lines}\n```" in readme, f"README and example differ in [{name}]"


def test_embedding_takes_twenty_lines_at_most() -> None:
    needed = [block for name, block in embedded().items() if name != "sender"]
    lines = [line for block in needed for line in block.splitlines() if line.strip()]
    assert len(lines) <= 20


def test_every_link_into_the_repository_leads_somewhere() -> None:
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
            assert (ROOT / target).exists(), f"{page} links to {target}"
