"""The orders behind the customers' figures: as many as they count, adding up to what they spent.

Invented when somebody asks for them, the same every time. Every seventeenth person cancelled one
more, which is in no figure.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

from .ground import Ground, Place
from .model import Customer, Order, order_name, order_ref
from .neighbours import people
from .seed import FIRST_ID


@lru_cache(maxsize=8)
def orders(handle: str, now: datetime, size: int) -> Ground[Order]:
    ground = people(handle, now, size)
    slots: list[Order] = []
    owners: list[int] = []
    starts: list[int] = []
    for index, who in enumerate(ground.slots):
        starts.append(len(slots))
        history = _history(who, index, now)
        slots += history
        owners += [index] * len(history)
    block, first = ground.block, FIRST_ID[handle]

    def find(ref: str) -> Place | None:
        found = re.fullmatch(r"2105(\d{14})(\d{8})", ref, re.ASCII)
        index = int(found[1]) - first if found else -1
        if found is None or index < 0 or not block:
            return None
        slot = starts[index % block] + int(found[2])
        inside = slot < len(slots) and owners[slot] == index % block
        return (slot, index // block) if inside else None

    def make(slot: int, turn: int) -> Order:
        order, owner = slots[slot], owners[slot]
        if turn == 0:
            return order
        index, number = owner + turn * block, slot - starts[owner]
        buyer = str(first + index)
        ref, name = order_ref(buyer, number), order_name(index, number)
        return Order(**{**vars(order), "id": ref, "name": name, "customer_id": buyer})

    return Ground(slots, owners, block, size, make, find)


def _history(who: Customer, index: int, now: datetime) -> list[Order]:
    dice, count = Random(f"orders-{who.id}"), who.orders_count
    last = who.last_order_at or who.created_at
    span = (last - who.created_at).total_seconds()
    times = sorted(who.created_at + timedelta(seconds=int(span * dice.random()))
                   for _ in range(count - 1))  # fmt: skip
    amounts = _shares(who.spent, count, dice)
    made = [
        _order(who, index, number, at, amount, now, dice)
        for number, (at, amount) in enumerate(zip([*times, last], amounts, strict=False))
    ]
    if index % 17 == 11:
        at = who.created_at + timedelta(hours=2)
        lost = _order(who, index, count, at, 99_00, now, dice)
        told = {"cancelled_at": at + timedelta(hours=1), "cancel_reason": "customer"}
        fields = {**vars(lost), **told, "financial": "refunded", "fulfilled": ""}
        made.append(Order(**fields))
    return made


def _shares(total: int, count: int, dice: Random) -> list[int]:
    """The total in so many parts; whole units of the currency but for the last."""
    weights = [dice.randint(1, 5) for _ in range(count)]
    parts = [total * weight // sum(weights) // 100 * 100 for weight in weights]
    return [*parts[:-1], total - sum(parts[:-1])] if parts else []


def _order(
    who: Customer, index: int, number: int, at: datetime, amount: int, now: datetime, dice: Random
) -> Order:
    """Old ones are shipped, and the very old ones archived."""
    days = (now - at).days
    shipped = days > 14 or dice.random() < 0.4
    fulfilled = "fulfilled" if shipped else "partial" if dice.random() < 0.2 else ""
    updated = at + timedelta(days=3 if days > 3 else 0, seconds=10)
    return Order(
        id=order_ref(who.id, number),
        name=order_name(index, number),
        customer_id=who.id,
        amount=amount,
        placed_at=at,
        updated_at=min(updated, max(now, at)),
        financial="paid" if shipped or dice.random() < 0.8 else "pending",
        fulfilled=fulfilled,
        hidden=days > 400 and dice.random() < 0.6,
    )
