"""Trying a message again by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..i18n import gettext as _
from .finding import Wanted, conditions
from .models import DONE, IGNORED, PARKED, RECEIVED, WORKING, Delivery

MOST = 10_000
"""Messages in one replay; who needs more asks again."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What is due again, and what could not be: (id, why)."""

    ids: Sequence[int]
    refused: Sequence[tuple[int, str]]


def replay(session: Session, shop_id: int | None, wanted: Wanted, now: datetime) -> Replayed:
    """Make them due now, as if they had just come. Without ids: the parked ones that are left."""
    asked = select(Delivery).where(*conditions(shop_id, wanted, now))
    if not wanted.ids:
        asked = asked.where(Delivery.state == PARKED, Delivery.body.is_not(None))
    again, refused = [], []
    for delivery in session.scalars(asked.order_by(Delivery.id).limit(MOST).with_for_update()):
        why = obstacle(delivery, now)
        if why:
            refused.append((delivery.id, why))
        else:
            _make_due(delivery, now)
            again.append(delivery.id)
    return Replayed(again, refused)


def obstacle(delivery: Delivery, now: datetime) -> str | None:
    """Why this one cannot be replayed."""
    if delivery.state_at(now) == WORKING:
        return _("It is being worked on now.")
    if delivery.body is not None:
        return None
    return {
        DONE: _("Its body was dropped when it was done, so there is nothing to replay."),
        IGNORED: _("Its body was dropped, since nothing here handles it."),
    }.get(delivery.state, _("Its body was dropped, so there is nothing to replay."))


def _make_due(delivery: Delivery, now: datetime) -> None:
    delivery.state, delivery.attempts, delivery.next_try_at = RECEIVED, 0, now
    delivery.claimed_until = delivery.worked_at = delivery.reason = delivery.error = None
