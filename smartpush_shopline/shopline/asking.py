"""The pieces of a question: times, ids and page sizes as SHOPLINE wants them in an address.

What cannot be meant (a naive time, an id that would climb out of its path) is a mistake of the
caller and a `ValueError`; it never reaches the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

Params = dict[str, str]


def page_params(limit: int, highest: int, page_info: str | None, filters: Params) -> Params:
    """Filters bind on the first page; with `page_info` only the page size is still heard."""
    if not 1 <= limit <= highest:
        raise ValueError(f"limit must be 1 to {highest}")
    size = {"limit": str(limit)}
    return size | filters if page_info is None else size | {"page_info": page_info}


def filters(**wanted: datetime | str | int | None) -> Params:
    """Those that are given, as text. A time must be aware."""
    return {
        name: _moment(name, value) if isinstance(value, datetime) else str(value)
        for name, value in wanted.items()
        if value is not None
    }


def piece(ref: str) -> str:
    """An id as one piece of a path."""
    if ref in {"", ".", ".."}:
        raise ValueError("that is no id")
    return quote(ref, safe="")


def id_lists(refs: Sequence[str], *, most: int) -> Iterator[list[str]]:
    """Ids, each once, in parts of at most `most`."""
    part: list[str] = []
    for ref in dict.fromkeys(refs):
        if not ref or "," in ref:
            raise ValueError("that is no id")
        if len(part) == most:
            yield part
            part = []
        part.append(ref)
    if part:
        yield part


def _moment(name: str, moment: datetime) -> str:
    if moment.utcoffset() is None:
        raise ValueError(f"{name} must be aware")
    return moment.isoformat(timespec="seconds")
