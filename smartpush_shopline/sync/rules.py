"""May a segment change although nobody in it does, only because time passes?

Rules are never evaluated here. Whatever is not understood counts as moving: reading a segment
for nothing costs calls, not reading one costs the truth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_FIELDS = frozenset(
    {
        "acceptsmarketing",
        "emailsubscribeflag",
        "mobilesubscribeflag",
        "orderscount",
        "state",
        "tags",
        "totalspent",
        "verifiedemail",
    }
)
_DATES = frozenset({"createdat", "customerdate", "lastordertime", "orderdate"})
_KEYS = frozenset(
    {
        "address",
        "emailSubscribeStatus",
        "language",
        "payOrderCnt",
        "phoneSubscribeStatus",
        "status",
        "tag",
        "totalAmount",
    }
)
_DAY = re.compile(r"[<>=]{0,2}\d{4}-\d\d-\d\d", re.ASCII)


def moves_with_time(definition: str) -> bool:
    """Whether it must be read although nothing that we hear of changed."""
    text = definition.strip()
    if text.startswith("{"):
        return not _is_still_tree(text)
    terms = [term for term in text.split(";") if term.strip()]
    return not terms or not all(_is_still(term) for term in terms)


def _is_still(term: str) -> bool:
    """`orders_count:>1`, or a date that is a day of the calendar."""
    field, colon, value = term.strip().partition(":")
    name = field.replace("_", "").casefold()
    if not colon:
        return False
    return name in _FIELDS or (name in _DATES and _DAY.fullmatch(value.strip()) is not None)


def _is_still_tree(text: str) -> bool:
    """Every condition of the Admin's JSON is about something that does not age."""
    try:
        leaves = list(_leaves(json.loads(text)))
    except (ValueError, TypeError, RecursionError):
        return False
    return bool(leaves) and all(
        leaf.get("key") in _KEYS and not leaf.get("metafield") for leaf in leaves
    )


def _leaves(node: Any) -> Iterator[dict[str, Any]]:
    """Anything that is no group is a condition; anything that is neither is a TypeError."""
    if not isinstance(node, dict):
        raise TypeError
    if "conditions" in node:
        for name in ("conditions", "not"):
            yield from _leaves(node[name]) if node.get(name) else ()
    elif "children" in node:
        for child in node["children"]:
            yield from _leaves(child)
    else:
        yield node
