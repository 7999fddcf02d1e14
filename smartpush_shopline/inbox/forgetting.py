"""A person is erased: the messages that name them are emptied. Knows no person, only words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from .models import IGNORED, RECEIVED, Delivery
from .words import ABOUT_NOBODY

SHORTEST = 5
"""A shorter word is in so many bodies that it names nobody."""


def forget(session: Session, shop_id: int, refs: Iterable[str], words: Iterable[str]) -> int:
    """Empty every message about these ids or with these words in it. Returns how many."""
    refs = set(refs)
    needles = {_plain(word) for word in {*refs, *words} if len(word) >= SHORTEST} | refs
    named = [row.id for row in _bodies(session, shop_id) if _names(row.body, needles)]
    if named:
        _empty(session, named)
    about = Delivery.subject_ref.in_(refs)
    session.execute(
        update(Delivery).where(Delivery.shop_id == shop_id, about).values(subject_ref=None)
    )
    return len(named)


def _bodies(session: Session, shop_id: int) -> Iterator[Any]:
    """Bodies are kept only of messages that wait or were parked, so these are few.

    A request to erase that waits is left: it is about to be worked, and leaves a receipt.
    """
    asked = select(Delivery.id, Delivery.body).where(
        Delivery.shop_id == shop_id,
        Delivery.body.is_not(None),
        ~((Delivery.state == RECEIVED) & Delivery.topic.endswith("/redact")),
    )
    yield from session.execute(asked.execution_options(yield_per=500))


def _empty(session: Session, ids: list[int]) -> None:
    """What waited is ignored from now on; what was parked stays so, without its body."""
    these = update(Delivery).where(Delivery.id.in_(ids))
    session.execute(these.values(body=None, subject_ref=None, error=None, reason=ABOUT_NOBODY))
    session.execute(these.where(Delivery.state == RECEIVED).values(state=IGNORED))


def _names(body: bytes, needles: set[str]) -> bool:
    try:
        found = {_plain(word) for word in _leaves(json.loads(body))}
    except (ValueError, RecursionError):
        text = _plain(body.decode(errors="replace"))
        return any(needle in text for needle in needles if len(needle) >= SHORTEST)
    return not found.isdisjoint(needles) or any(
        needle in word for word in found for needle in needles if len(needle) >= SHORTEST
    )


def _leaves(value: Any) -> Iterator[str]:
    """Every single value in it, as text."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _plain(word: str) -> str:
    """Without what differs between two ways to write the same: case, and 00 or + of a phone."""
    word = word.strip().casefold()
    return word.removeprefix("+").removeprefix("00") if word[:1] in "+0" else word
