"""Handing out a frozen list batch by batch. Every person of it is in exactly one place.

A batch goes pending → handed out → sent. One that was handed out and never confirmed becomes
uncertain when its claim ends: nobody knows whether it was sent, so it is never sent again by
itself. A person may say that it was, or have it sent again under the same key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Update, case, exists, func, select, update
from sqlalchemy.orm import Session

from ..errors import NotFound
from .delivery_models import (
    AT_THE_FREEZE,
    BATCH_STATES,
    CANCELLED,
    HANDED_OUT,
    PARKED,
    PENDING,
    SENT,
    UNCERTAIN,
    AudienceBatch,
    LeftOut,
)
from .models import CANCELLED as AUDIENCE_CANCELLED
from .models import HELD, SCHEDULED, SENDING, Audience
from .models import SENT as AUDIENCE_SENT

CLAIM = timedelta(minutes=15)
"""How long a batch may take before it counts as uncertain."""
_ADDRESS = re.compile(r"[^\s<>'\"]+@")


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the people of a frozen list are. The parts add up to `total`."""

    total: int = 0
    pending: int = 0
    handed_out: int = 0
    sent: int = 0
    uncertain: int = 0
    parked: int = 0
    cancelled: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def needs_a_person(self) -> int:
        return self.uncertain + self.parked


def claim(
    session: Session, audience_id: int, owner: str, now: datetime, lasts: timedelta = CLAIM
) -> AudienceBatch | None:
    """The next batch that waits, for this owner alone. None while paused, and when all is done."""
    notice_dead(session, audience_id, now)
    batch: AudienceBatch | None = session.scalars(_waiting(audience_id)).first()
    if batch is not None:
        batch.state, batch.owner, batch.error = HANDED_OUT, owner, None
        batch.claimed_until, batch.handed_out_at = now + lasts, now
        session.flush()
    return batch


def _waiting(audience_id: int) -> Select[Any]:
    return (
        select(AudienceBatch)
        .join(Audience, Audience.id == AudienceBatch.audience_id)
        .where(
            AudienceBatch.audience_id == audience_id,
            AudienceBatch.state == PENDING,
            Audience.state == SENDING,
            Audience.paused_at.is_(None),
        )
        .order_by(AudienceBatch.number)
        .limit(1)
        .with_for_update(of=AudienceBatch, skip_locked=True)
        .execution_options(populate_existing=True)
    )


def notice_dead(session: Session, audience_id: int, now: datetime) -> None:
    """Batches whose claim ended: whoever had them is gone, or too slow to be waited for."""
    session.execute(
        _batches(audience_id, HANDED_OUT)
        .where(AudienceBatch.claimed_until < now)
        .values(state=UNCERTAIN)
    )


# -- what becomes of a batch --------------------------------------------------------------------


def confirm(session: Session, batch_id: int, owner: str, now: datetime) -> bool:
    """It was sent, says who had it, perhaps late; not once a person has decided."""
    return _settle(session, batch_id, owner, state=SENT, confirmed_at=now)


def give_up(session: Session, batch_id: int, owner: str) -> bool:
    """Whoever had it stopped in the middle."""
    return _settle(session, batch_id, owner, state=UNCERTAIN)


def park(session: Session, batch_id: int, owner: str, error: str) -> bool:
    """The sender failed: perhaps before the first of them, perhaps after the last."""
    told = _ADDRESS.sub("...@", error)[:500]
    return _settle(session, batch_id, owner, state=PARKED, error=told)


def _settle(session: Session, batch_id: int, owner: str, **values: object) -> bool:
    mine = update(AudienceBatch).where(
        AudienceBatch.id == batch_id,
        AudienceBatch.owner == owner,
        AudienceBatch.state.in_((HANDED_OUT, UNCERTAIN)),
    )
    done = session.execute(mine.values(claimed_until=None, **values))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def finish(session: Session, audience_id: int, now: datetime) -> bool:
    """Note that all of it was sent, once nothing waits and nothing is uncertain."""
    open_ones = exists().where(
        AudienceBatch.audience_id == audience_id,
        AudienceBatch.state.in_((PENDING, HANDED_OUT, UNCERTAIN, PARKED)),
    )
    done = session.execute(
        update(Audience)
        .where(Audience.id == audience_id, Audience.state == SENDING, ~open_ones)
        .values(state=AUDIENCE_SENT, finished_at=now, paused_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


# -- what a person may do -----------------------------------------------------------------------


def pause(session: Session, audience: Audience, now: datetime) -> None:
    """No further batch is handed out; those that are out are confirmed as ever."""
    if audience.state == SENDING and audience.paused_at is None:
        audience.paused_at = now
    session.flush()


def resume(session: Session, audience: Audience) -> None:
    audience.paused_at = None
    session.flush()


def cancel(session: Session, audience: Audience, now: datetime) -> None:
    """Whoever was not written to yet is not written to. What is out cannot be called back."""
    if audience.state == SENDING:
        session.execute(_batches(audience.id, PENDING).values(state=CANCELLED))
        audience.state, audience.finished_at, audience.paused_at = AUDIENCE_CANCELLED, now, None
    elif audience.state in (SCHEDULED, HELD):
        audience.state = AUDIENCE_CANCELLED
        audience.scheduled_at = None
        audience.let_go()
    session.flush()


def send_again(session: Session, audience: Audience, number: int | None = None) -> int:
    """A person has uncertain and parked batches sent again, under their old keys. How many."""
    if audience.state not in (SENDING, AUDIENCE_CANCELLED):
        raise NotFound("Nothing of this waits for a decision.")
    done = _decide(session, audience, number, state=PENDING, owner=None, error=None)
    if done:
        audience.state, audience.finished_at = SENDING, None
        session.flush()
    return done


def mark_sent(
    session: Session, audience: Audience, now: datetime, number: int | None = None
) -> int:
    """A person knows that uncertain or parked batches did go out. How many."""
    done = _decide(session, audience, number, state=SENT, confirmed_at=now)
    finish(session, audience.id, now)
    session.expire(audience)
    return done


def _decide(
    session: Session, audience: Audience, number: int | None, **values: object
) -> int:
    asked = _batches(audience.id, UNCERTAIN, PARKED)
    if number is not None:
        asked = asked.where(AudienceBatch.number == number)
    done = session.execute(asked.values(claimed_until=None, **values))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _batches(audience_id: int, *states: str) -> Update:
    return (
        update(AudienceBatch)
        .where(AudienceBatch.audience_id == audience_id, AudienceBatch.state.in_(states))
        .execution_options(synchronize_session=False)
    )


# -- what there is to see -----------------------------------------------------------------------


def progress(session: Session, audience_id: int, now: datetime) -> Progress:
    """One reading; a batch whose claim ended counts as uncertain, noticed or not."""
    late = (AudienceBatch.state == HANDED_OUT) & (AudienceBatch.claimed_until < now)
    state = case((late, UNCERTAIN), else_=AudienceBatch.state).label("state")
    counted = (
        select(state, func.sum(AudienceBatch.count))
        .where(AudienceBatch.audience_id == audience_id)
        .group_by(state)
    )
    parts = {name: int(count) for name, count in session.execute(counted)}
    left = _left_out_since(session, audience_id)
    total = sum(parts.values()) + sum(left.values())
    return Progress(total, **{name: parts.get(name, 0) for name in BATCH_STATES}, left_out=left)


def _left_out_since(session: Session, audience_id: int) -> dict[str, int]:
    counted = (
        select(LeftOut.reason, func.sum(LeftOut.count))
        .where(LeftOut.audience_id == audience_id, LeftOut.batch > AT_THE_FREEZE)
        .group_by(LeftOut.reason)
    )
    return {reason: int(count) for reason, count in session.execute(counted)}


def undecided(session: Session, audience_id: int, now: datetime) -> list[AudienceBatch]:
    """Uncertain and parked batches, for a person to decide about."""
    late = (AudienceBatch.state == HANDED_OUT) & (AudienceBatch.claimed_until < now)
    return list(
        session.scalars(
            select(AudienceBatch)
            .where(
                AudienceBatch.audience_id == audience_id,
                AudienceBatch.state.in_((UNCERTAIN, PARKED)) | late,
            )
            .order_by(AudienceBatch.number)
        )
    )
