"""Columns that line up in a terminal, whatever is in them: long names, wide Chinese signs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

UNFOLDED = 10_000
"""Columns of a file or a pipe: a line stays one line there."""


def echo_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], right: Collection[str] = ()
) -> None:
    """Numbers, the columns named in `right`, get separators; what is None becomes a dash.

    In a terminal that is too narrow texts are folded inside their column, numbers never are.
    """
    made = _table(show_header=True)
    for heading in headings:
        justify = "right" if heading in right else "left"
        made.add_column(heading, justify=justify, no_wrap=heading in right, overflow="fold")  # type: ignore[arg-type]
    _echo(made, rows)


def echo_facts(facts: Iterable[tuple[str, object]]) -> None:
    """A name on the left, what is the case on the right; those that are None are left out."""
    made = _table(show_header=False)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    _echo(made, [(f"  {name}", fact) for name, fact in facts if fact is not None])


def _table(*, show_header: bool) -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=show_header)


def _echo(made: Table, rows: Iterable[Sequence[object]]) -> None:
    for row in rows:
        made.add_row(*(Text(_word(cell)) for cell in row))
    screen = Console(width=None if sys.stdout.isatty() else UNFOLDED, highlight=False)
    with screen.capture() as caught:
        screen.print(made)
    for line in caught.get().splitlines():
        click.echo(line.rstrip())


def _word(cell: object) -> str:
    """Without signs that would move the cursor: a store names its segments as it likes."""
    if cell is None:
        return "-"
    if isinstance(cell, int):
        return f"{cell:,}"
    return "".join(sign if sign.isprintable() else " " for sign in str(cell))
