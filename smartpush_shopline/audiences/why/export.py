"""Recipients as rows of a CSV. Cells that a spreadsheet would run as a formula are escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...contracts import Recipient
from ..models import Audience

COLUMNS = ("number", "address", "first_name", "last_name", "customer_ref", "host_ref")
BOM = "\ufeff"
"""Begins a file that is opened by itself: else a spreadsheet takes it for another encoding."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PHONE = re.compile(r"\+[0-9]{7,15}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def rows(people: Iterable[Recipient]) -> Iterator[list[str]]:
    for person in people:
        yield [escaped(getattr(person, column)) for column in COLUMNS]


def escaped(value: object) -> str:
    """OWASP, "CSV Injection": a leading apostrophe makes it text.

    A telephone number stays as it is, for whoever sends reads it back; run, it is only a number.
    """
    text = "" if value is None else str(value)
    is_safe = not text.startswith(_FORMULA) or _PHONE.fullmatch(text)
    return text if is_safe else f"'{text}"


def file_name(audience: Audience, what: str) -> str:
    """After the dashboard's own name for its campaign, in characters that any system takes."""
    parts = (what, audience.campaign_ref or "", audience.channel)
    name = "-".join(_UNSAFE.sub("-", part).strip("-.") or str(audience.id) for part in parts)
    return f"{name[:100]}.csv"
