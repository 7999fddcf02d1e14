"""Lists of people as other systems export them: any encoding, separator, order of columns.

Pure: bytes in, lines out, a few at a time.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from ...errors import SmartPushError
from .csv_names import COLUMNS, SAYS_NO, SAYS_YES

HEAD = 65_536
"""Bytes that are looked at to find out what kind of file it is."""
_SAMPLE = 50
_MARKS: Sequence[tuple[bytes, str]] = (
    (b"PK\x03\x04", "excel"),
    (b"\xd0\xcf\x11\xe0", "excel"),
    (b"%PDF", "not_a_list"),
    (b"\x1f\x8b", "not_a_list"),
    (b"\x89PNG", "not_a_list"),
    (b"\xff\xd8\xff", "not_a_list"),
)
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]+")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,30}", re.ASCII)


class NotAList(SmartPushError):
    """No list of addresses could be read from the file; `reason` says why in one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This is no list of addresses: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    """One record as it stands; `number` is the line of the file it begins on, counted from 1."""

    number: int
    email: str = ""
    phone: str = ""
    channel: str = ""
    date: str = ""
    reason: str = ""
    says_subscribed: bool = False
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """How the file is written, and which column is which."""

    encoding: str
    separator: str
    columns: Mapping[str, int]
    has_header: bool


def read(file: io.BufferedReader[Any]) -> tuple[Shape, Iterator[Line]]:
    """The shape and the lines. Raises NotAList. Empty lines are passed over."""
    head = bytes(file.peek(HEAD))[:HEAD]
    shape = sniff(head, whole=len(head) < HEAD)
    return shape, _lines(file, shape)


def _lines(file: BinaryIO, shape: Shape) -> Iterator[Line]:
    text = io.TextIOWrapper(file, shape.encoding, errors="replace", newline="")
    rows = csv.reader(text, delimiter=shape.separator)
    skip = shape.has_header
    number = 1
    while True:
        try:
            row = next(rows)
        except StopIteration:
            text.detach()  # the file is the caller's to close
            return
        except csv.Error:
            yield Line(number, readable=False)
            row = []
        if _is_separator_note(row) or not any(cell.strip() for cell in row):
            pass
        elif skip:
            skip = False
        else:
            yield _line(number, row, shape.columns)
        number = rows.line_num + 1


def _line(number: int, row: Sequence[str], columns: Mapping[str, int]) -> Line:
    def cell(name: str) -> str:
        at = columns.get(name)
        return row[at].strip().lstrip("'") if at is not None and at < len(row) else ""

    status, refusal = _plain(cell("status")), _plain(cell("refusal"))
    return Line(
        number,
        email=cell("email"),
        phone=cell("phone"),
        channel=_plain(cell("channel")),
        date=cell("date"),
        reason=cell("reason"),
        says_subscribed=status in SAYS_YES or refusal in SAYS_NO,
    )


def sniff(head: bytes, *, whole: bool = True) -> Shape:
    """What kind of file begins like this. `whole`: the file is no longer than that."""
    _refuse_other_kinds(head)
    encoding = _encoding(head)
    text = head.decode(encoding, errors="ignore").lstrip("\ufeff")
    if not text.strip():
        raise NotAList("empty")
    if text.lstrip()[:1] in "<{":
        raise NotAList("web_page" if text.lstrip()[0] == "<" else "not_a_list")
    if "\0" in text:
        raise NotAList("not_a_list")
    if not whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    separator = max(",;\t|", key=lambda mark: _fits(_sample(text, mark)))
    return _shape(encoding, separator, _sample(text, separator))


def _refuse_other_kinds(head: bytes) -> None:
    for mark, reason in _MARKS:
        if head.startswith(mark):
            raise NotAList(reason)


def _encoding(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = [head[start:512:2].count(0) for start in (0, 1)]
    if max(zeros) > len(head[:512]) / 5:  # every second byte of Latin letters
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return "utf-8"


def _sample(text: str, separator: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if any(cell.strip() for cell in row) and not _is_separator_note(row):
                rows.append(row)
            if len(rows) == _SAMPLE:
                break
    except csv.Error:
        pass
    return rows


def _is_separator_note(row: Sequence[str]) -> bool:
    """`sep=;`, as Excel writes it."""
    return bool(row) and row[0].strip().casefold().startswith("sep=") and len(row) <= 2


def _fits(rows: Sequence[Sequence[str]]) -> tuple[int, int, int]:
    if not rows:
        return 0, 0, 0
    addresses = sum(1 for row in rows for cell in row if _EMAIL.fullmatch(cell.strip()))
    return len(_named(rows[0])), addresses, len(rows[0])


def _shape(encoding: str, separator: str, rows: Sequence[Sequence[str]]) -> Shape:
    named = _named(rows[0]) if rows else {}
    if "email" in named or "phone" in named:
        return Shape(encoding, separator, named, has_header=True)
    # Without names: the first column whose cells look like it.
    guessed = {
        name: at
        for name, looks in (("phone", _PHONE), ("email", _EMAIL))
        if (at := _column_like(rows, looks)) is not None
    }
    if not guessed:
        raise NotAList("no_address_column")
    first = [rows[0][at].strip() for at in guessed.values() if at < len(rows[0])]
    has_header = not any(_EMAIL.fullmatch(cell) or _PHONE.fullmatch(cell) for cell in first)
    return Shape(encoding, separator, {**named, **guessed}, has_header)


def _named(header: Sequence[str]) -> dict[str, int]:
    places = {name: at for at, cell in reversed(list(enumerate(header))) if (name := _plain(cell))}
    found = {
        column: next((places[name] for name in names if name in places), None)
        for column, names in COLUMNS.items()
    }
    return {column: at for column, at in found.items() if at is not None}


def _column_like(rows: Sequence[Sequence[str]], looks: re.Pattern[str]) -> int | None:
    widest = max(map(len, rows))
    hits = [
        sum(1 for row in rows if at < len(row) and looks.fullmatch(row[at].strip()))
        for at in range(widest)
    ]
    best = max(range(widest), key=hits.__getitem__)
    return best if hits[best] * 2 >= len(rows) else None


def _plain(cell: str) -> str:
    """A name without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", cell.casefold())


def is_email(text: str) -> bool:
    return len(text) <= 320 and _EMAIL.fullmatch(text) is not None
