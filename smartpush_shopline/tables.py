"""Columns that line up in a terminal, whatever is in them: long names, wide Chinese signs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

UNFOLDED = 10_000
"""Columns of a file or a pipe: a line stays one line there."""


def echo_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: Collection[str] = (),
    folds: Collection[str] = (),
    indent: int = 0,
) -> None:
    """Numbers get separators; what is None becomes a dash.

    `right` are the columns that stand to the right, `folds` those with texts that are folded
    inside their column when the terminal is too narrow for all.
    """
    made = _table(show_header=True)
    for heading in headings:
        made.add_column(
            heading,
            justify="right" if heading in right else "left",
            no_wrap=heading not in folds,
            overflow="fold",
        )
    _echo(made, rows, indent)


def echo_title(text: str, number: int) -> None:
    """Of one store among others, counted from 0; an empty line stands before all but the first."""
    if number:
        click.echo()
    click.echo(_word(text))


def echo_facts(facts: Iterable[tuple[str, object]]) -> None:
    """A name on the left, what is the case on the right; those that are None are left out."""
    made = _table(show_header=False)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    _echo(made, [each for each in facts if each[1] is not None], indent=2)


def _table(*, show_header: bool) -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=show_header)


def _echo(made: Table, rows: Iterable[Sequence[object]], indent: int) -> None:
    for row in rows:
        made.add_row(*(Text(_word(cell)) for cell in row))
    screen = Console(width=None if sys.stdout.isatty() else UNFOLDED, highlight=False)
    with screen.capture() as caught:
        screen.print(Padding(made, (0, 0, 0, indent), expand=False))
    for line in caught.get().splitlines():
        click.echo(line.rstrip())


def _word(cell: object) -> str:
    """Without signs that would move the cursor: a store names its segments as it likes."""
    if cell is None:
        return "-"
    if isinstance(cell, int):
        return f"{cell:,}"
    return "".join(sign if sign.isprintable() else " " for sign in str(cell))
