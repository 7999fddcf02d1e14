"""What commands print lines up, whatever the store calls its segments."""

from __future__ import annotations

import pytest
from click import unstyle
from rich.cells import cell_len

from smartpush_shopline.tables import echo_facts, echo_table, echo_title

NAMES = ["VIP", "回訪的貴賓客戶", "A very long name " * 6]


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_columns_line_up_by_their_width_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(name, number, "here") for name, number in zip(NAMES, (7, 1200, None), strict=True)]
    echo_table(["Name", "Members", "State"], rows, right=["Members"])
    heading, *body = lines_of(capsys)
    ends = [cell_len(line[: line.rindex(" here")]) for line in body]
    assert len(set(ends)) == 1 and cell_len(heading[: heading.index("  State")]) == ends[0] - 1
    assert [line.split()[-2] for line in body] == ["7", "1,200", "-"]


def test_a_pipe_gets_one_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    echo_table(["Name"], [["x" * 500], ["[bold]y[/bold]"]])
    assert lines_of(capsys) == ["Name", "x" * 500, "[bold]y[/bold]"]


def test_a_narrow_terminal_folds_names_and_never_numbers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    echo_table(["Name", "Members"], [["名" * 40, 1_234_567]], right=["Members"], folds=["Name"])
    found = [unstyle(line) for line in lines_of(capsys)]
    assert max(map(cell_len, found)) <= 30 and "1,234,567" in found[1]
    assert sum(line.count("名") for line in found) == 40


def test_a_name_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    echo_title("Tea\x1b[2J", 0)
    echo_facts([("Name", "a\x1b[2Jb\nc"), ("Nothing", None)])
    assert lines_of(capsys) == ["Tea [2J", "  Name  a [2Jb c"]
