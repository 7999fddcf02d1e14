"""What the facts of the ledger add up to. Pure: no database, no clock.

Rules (docs/adr/0003): the newest fact wins, with three exceptions. The stricter wins a tie. An
opt-out is lifted only by a newer, dated opt-in, and one that did not come from the store only by
an explicit one. `not_subscribed` and `pending` never replace an opt-out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

SUBSCRIBED, UNSUBSCRIBED, NOT_SUBSCRIBED, PENDING, INVALID = (
    "subscribed",
    "unsubscribed",
    "not_subscribed",
    "pending",
    "invalid",
)
STRICTEST = (UNSUBSCRIBED, INVALID, PENDING, NOT_SUBSCRIBED, SUBSCRIBED)
STORE_SOURCES = ("store", "webhook")


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement. `dated`: its time is known. `explicit`: a person's own act, not a flag."""

    state: str
    source: str
    occurred_at: datetime
    dated: bool = True
    explicit: bool = True


def standing(facts: Iterable[Fact]) -> str | None:
    """The state that the facts add up to, whatever the order they were recorded in."""
    current = standing_fact(facts)
    return current.state if current else None


def standing_fact(facts: Iterable[Fact]) -> Fact | None:
    """The one of the facts that decides."""
    current: Fact | None = None
    for fact in sorted(facts, key=lambda f: (f.occurred_at, -STRICTEST.index(f.state))):
        if current is None or current.state != UNSUBSCRIBED or _replaces_opt_out(fact, current):
            current = fact
    return current


def is_own_opt_out(fact: Fact | None) -> bool:
    """An opt-out that did not come from the store: only an explicit, newer opt-in lifts it."""
    return (
        fact is not None and fact.state == UNSUBSCRIBED and fact.source not in STORE_SOURCES
    )


def _replaces_opt_out(fact: Fact, opt_out: Fact) -> bool:
    if fact.state == UNSUBSCRIBED:
        # The weaker opt-out does not take over: it would be easier to lift.
        return opt_out.source in STORE_SOURCES
    lifts = fact.state == SUBSCRIBED and fact.dated and fact.occurred_at > opt_out.occurred_at
    return lifts and (fact.explicit or opt_out.source in STORE_SOURCES)


def stricter(ours: str | None, theirs: str | None) -> str | None:
    """Of what we know and what the store states now, the one that allows less."""
    said = [state for state in (ours, theirs) if state is not None]
    return min(said, key=STRICTEST.index) if said else None
