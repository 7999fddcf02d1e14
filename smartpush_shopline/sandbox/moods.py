"""How a store can be told to misbehave, for tests: ``POST /{handle}/sandbox/moods``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

HMAC = ("hex", "base64", "wrong")
DELIVER = ("once", "twice", "never")


@dataclass
class Moods:
    """The next ``fail_next`` calls whose path contains ``path_contains`` answer ``status``."""

    fail_next: int = 0
    status: int = 503
    path_contains: str = ""
    hmac: str = ""
    """How webhooks are signed: ``hex``, ``base64`` or ``wrong``; empty is the setting's way."""
    deliver: str = "once"
    """``twice`` sends every webhook again, ``never`` loses it."""

    def next_failure(self, path: str) -> int | None:
        """The status this call must fail with, if it must; callers hold the lock."""
        if self.fail_next <= 0 or self.path_contains not in path:
            return None
        self.fail_next -= 1
        return self.status


def parse_moods(data: Any) -> Moods:
    """Moods from JSON; an unknown word or a wrong value is a ``ValueError`` with a sentence."""
    if not isinstance(data, dict):
        raise ValueError("Moods are a JSON object.")
    known = {field.name: type(field.default) for field in fields(Moods)}
    for name, value in data.items():
        if name not in known:
            raise ValueError(f"“{name}” is no mood; the moods are {', '.join(known)}.")
        if type(value) is not known[name]:
            raise ValueError(f"“{name}” must be of type {known[name].__name__}.")
    moods = Moods(**data)
    if moods.hmac not in ("", *HMAC):
        raise ValueError(f"“hmac” is one of {', '.join(HMAC)}.")
    if moods.deliver not in DELIVER:
        raise ValueError(f"“deliver” is one of {', '.join(DELIVER)}.")
    if not 200 <= moods.status <= 599:
        raise ValueError("“status” is an HTTP status from 200 to 599.")
    return moods
