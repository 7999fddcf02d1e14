"""Pages of a list and the ``link`` header to the next and the previous one.

``page_info`` is a moving cursor; with it every filter but ``limit`` and ``fields`` is ignored,
so the filters of page 1 travel inside it. Source: developer.shopline.com, "Paging mechanism".
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, request

from .domain import own_address
from .door import Refusal, answer, store

T = TypeVar("T")
HIGHEST, USUAL = 250, 50
OPAQUE = "."
"""Before a cursor that is written so that nobody reads it."""


@dataclass(frozen=True)
class Page:
    """Which part of which list is wanted."""

    limit: int
    filters: dict[str, str]
    mark: str = ""
    """Where the page begins: the id before it, or how many rows come before it."""
    backwards: bool = False


def wanted(filter_names: Sequence[str], highest: int = HIGHEST) -> Page:
    """Read the page from the query of this request."""
    given = request.args.get("page_info")
    if not given:
        filters = {name: request.args[name] for name in filter_names if request.args.get(name)}
        return Page(_limit(USUAL, highest), filters)
    given = given.removeprefix(OPAQUE)[::-1] if given.startswith(OPAQUE) else given
    try:
        told = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        filters = {str(name): str(value) for name, value in told.get("filters", {}).items()}
        limit, mark = int(told["limit"]), str(told["sinceId"])
        backwards = told["direction"] == "previous"
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refusal(400, "page_info is not one that this store gave out.") from None
    return Page(_limit(limit, highest), filters, mark, backwards)


def _limit(usual: int, highest: int) -> int:
    text = request.args.get("limit") or str(usual)
    if not text.isascii() or not text.isdigit():
        raise Refusal(400, "limit must be a number.")
    if not 1 <= int(text) <= highest:
        raise Refusal(422, f"limit must be between 1 and {highest}.")
    return int(text)


def page_info(page: Page, mark: str, direction: str) -> str:
    told: dict[str, Any] = {"sinceId": mark, "direction": direction, "limit": page.limit}
    if page.filters:
        told["filters"] = page.filters
    text = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    return f"{OPAQUE}{text[::-1]}" if store().moods.page_info == "opaque" else text


def by_id(
    rows: Sequence[T], page: Page, id_of: Callable[[T], str]
) -> tuple[Sequence[T], dict[str, str]]:
    """A page of rows in the order of their ids; the cursor is the last id seen."""
    start = int(page.mark) if page.mark.isdigit() else 0
    if page.backwards:
        end = bisect_left(rows, start, key=lambda row: int(id_of(row)))
        begin = max(0, end - page.limit)
        more, less = True, begin > 0
    else:
        begin = bisect_right(rows, start, key=lambda row: int(id_of(row)))
        end = begin + page.limit
        more, less = end < len(rows), bool(page.mark)
    part = rows[begin:end]
    if not part:
        return part, {}
    cursors = {}
    if more:
        cursors["next"] = page_info(page, id_of(part[-1]), "next")
    if less:
        cursors["previous"] = page_info(page, id_of(part[0]), "previous")
    return part, cursors


def by_position(
    rows: Sequence[T], page: Page, read: Callable[[int], Sequence[T]] | None = None
) -> tuple[Sequence[T], dict[str, str]]:
    """A page of rows whose order moves; rows can shift between two pages, as they do there."""
    start = int(page.mark) if page.mark.isdigit() else 0
    part = read(start) if read else rows[start : start + page.limit]
    cursors = {}
    if start + page.limit < len(rows):
        cursors["next"] = page_info(page, str(start + page.limit), "next")
    if start > 0:
        cursors["previous"] = page_info(page, str(max(0, start - page.limit)), "previous")
    return part, cursors


def respond(name: str, rows: list[dict[str, Any]], page: Page, cursors: dict[str, str]) -> Response:
    """The list with only the wanted ``fields``, and its ``link`` header."""
    response = answer({name: [only_fields(row) for row in rows]})
    address = own_address(store().handle, store().moods.page_links == "platform")
    links = [
        f'<{address}?limit={page.limit}&page_info={cursor}>; rel="{rel}"'
        for rel, cursor in cursors.items()
    ]
    if links:
        response.headers["link"] = ", ".join(links)
    return response


def only_fields(row: dict[str, Any]) -> dict[str, Any]:
    named = [name.strip() for name in request.args.get("fields", "").split(",") if name.strip()]
    return {key: row[key] for key in named if key in row} if named else row
