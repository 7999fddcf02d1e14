"""What the store says about itself, and the webhook when that changes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from zoneinfo import available_timezones

from . import wire_store
from .people import Invalid
from .state import Store


@cache
def timezones() -> list[str]:
    """All of their names; reading them takes a moment, so once is enough."""
    return sorted(available_timezones())


def edit(store: Store, name: str, timezone: str) -> None:
    name, timezone = name.strip(), timezone.strip()
    if not 1 <= len(name) <= 100:
        raise Invalid("name", "A store's name has 1 to 100 characters.")
    if timezone not in timezones():
        raise Invalid("timezone", f"“{timezone}” is no time zone; write it like Asia/Taipei.")
    with store.change():
        changed = replace(store.info, name=name, timezone=timezone)
        if changed != store.info:
            store.info = replace(changed, updated_at=store.now())
            store.announce("merchants/update", wire_store.shop(store.info))
