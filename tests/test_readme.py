"""The README shows the lines of the example dashboard, not lines that look like them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import click
from blinker import NamedSignal

from smartpush_shopline import cli, signals
from smartpush_shopline.settings import PREFIX, Settings

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


def words_of_the_commands(group: click.Group, path: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from words_of_the_commands(command, f"{path}{name} ")
        else:
            yield f"`{path}{name}"


def test_every_setting_signal_and_command_is_named() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    settings = [f"| `{PREFIX}{each.name.upper()}` |" for each in fields(Settings)]
    told = [f"| `{name}` |" for name in vars(signals) if not name.startswith("_")
            and isinstance(getattr(signals, name), NamedSignal)]
    commands = list(words_of_the_commands(cli.group))
    assert len(settings) > 15 and told and len(commands) > 10
    flat = " ".join(readme.split())
    assert [each for each in (*settings, *told, *commands) if each not in flat] == []
