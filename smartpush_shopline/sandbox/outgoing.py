"""When a message leaves: at once, twice, late, in another order, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from .moods import Moods

CHAOS = ("once", "once", "duplicated", "delayed", "dropped")
TOGETHER = 3
"""So many messages are mixed when they arrive in another order."""


@dataclass(frozen=True)
class Leaving:
    delivery_id: str
    wait: float = 0.0
    instead: bool = False
    """It was to leave later and leaves now."""


def departures(delivery_id: str, moods: Moods, held: list[str]) -> list[Leaving]:
    """When this message leaves, and those that were held for it; nothing if it is lost."""
    how = moods.dice.choice(CHAOS) if moods.webhooks == "chaos" else moods.webhooks
    late = Leaving(delivery_id, float(moods.webhook_delay) / float(moods.speed))
    if how == "reordered":
        return _mixed(delivery_id, late, moods, held)
    leaving = {"duplicated": [Leaving(delivery_id)] * 2, "delayed": [late], "dropped": []}
    return leaving.get(how, [Leaving(delivery_id)])


def _mixed(delivery_id: str, late: Leaving, moods: Moods, held: list[str]) -> list[Leaving]:
    held.append(delivery_id)
    if len(held) < TOGETHER:
        return [late]
    mixed = list(held)
    while mixed == held:
        moods.dice.shuffle(mixed)
    held.clear()
    return [Leaving(each, instead=each != delivery_id) for each in mixed]
