"""E-mail and SMS side by side: how many of the same choice each would reach."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from ...contracts import CHANNELS
from ..choice import Choice
from ..resolve import Lists, Resolution, resolve


@dataclass(frozen=True, slots=True)
class Sides:
    """either == email + sms - both, person by person."""

    email: int
    sms: int
    both: int
    either: int

    @property
    def only_email(self) -> int:
        return self.email - self.both

    @property
    def only_sms(self) -> int:
        return self.sms - self.both


def look(
    session: Session, choice: Choice, own: Resolution, lists: Lists | None = None
) -> Sides:
    """`own` is what the choice comes to on its own channel; the other is worked out now."""
    other = next(channel for channel in CHANNELS if channel != choice.channel)
    found = {choice.channel: own.recipients}
    found[other] = resolve(session, replace(choice, channel=other), lists).recipients
    email, sms = found["email"], found["sms"]
    return Sides(len(email), len(sms), len(email & sms), len(email | sms))
