"""Everybody of a store: those invented one by one, and as many more who live as they do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from .ground import Ground, Place
from .model import Customer, order_name, order_ref
from .seed import FIRST, FIRST_ID, GIVEN, LAST, SURNAMES, plant


def people(handle: str, now: datetime, size: int) -> Ground[Customer]:
    """Everybody of the store: those of ``plant``, and those who live as they do."""
    planted = plant(handle, now, size).customers
    block, first = len(planted), FIRST_ID[handle]

    def find(ref: str) -> Place | None:
        index = int(ref) - first if ref.isascii() and ref.isdigit() else -1
        return (index % block, index // block) if index >= 0 and block else None

    def make(slot: int, turn: int) -> Customer:
        who = planted[slot]
        return who if turn == 0 else _neighbour(handle, who, slot + turn * block)

    return Ground(planted, range(block), block, size, make, find)


def _neighbour(handle: str, like: Customer, index: int) -> Customer:
    """Somebody with the habits of another, but with a name and addresses of their own."""
    if like.language == "en":
        first, last = FIRST[index * 7 % len(FIRST)], LAST[index // 7 % len(LAST)]
        nick, local = f"{first} {last}", f"{first}.{last}".lower()
    else:
        first, last = GIVEN[index * 7 % len(GIVEN)], SURNAMES[index // 7 % len(SURNAMES)]
        nick, local = last + first, "member"
    phone = f"0088691{index:07d}" if handle == "alder" else f"001555{index:07d}"
    ref, last_order = str(FIRST_ID[handle] + index), like.orders_count - 1
    return replace(
        like,
        id=ref,
        last_order_id=like.last_order_id and order_ref(ref, last_order),
        last_order_name=like.last_order_name and order_name(index, last_order),
        email=like.email and f"{local}{index}@example.com",
        phone=like.phone and phone,
        first_name=first,
        last_name=last,
        nick_name=nick,
    )
