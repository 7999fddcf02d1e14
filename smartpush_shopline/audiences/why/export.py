"""Recipients as rows. Cells that a spreadsheet would run as a formula are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...contracts import Recipient

COLUMNS = ("number", "address", "first_name", "last_name", "customer_ref", "host_ref")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows(people: Iterable[Recipient]) -> Iterator[list[str]]:
    for person in people:
        yield [escaped(getattr(person, column)) for column in COLUMNS]


def escaped(value: object) -> str:
    """OWASP, "CSV Injection": a leading apostrophe makes it text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
