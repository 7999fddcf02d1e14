"""When a campaign goes out. In the dashboard's own session: it commits, then the doorbell rings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Session

from ...errors import CannotSend, StaleChoice
from ...settings import OTHERWISE
from .. import delivery, recall
from ..models import CANCELLED, HELD, SAVED, SCHEDULED, Audience
from . import freezing, story

RELEASED = "skip"
"""Smart sending of what a person sends although it was held: who may get it now, gets it."""
_WAITING = "smartpush_after_commit"


def schedule(
    session: Session,
    audience: Audience,
    at: datetime,
    threshold: float,
    smart_mode: str | None = None,
    otherwise: str | None = None,
    revision: int | None = None,
) -> None:
    """Send at this time, or at once when it is past. Raises CannotSend, and StaleChoice when the
    recipients are not of this `revision`. Flushes.

    A segment that waits for its first list does not hinder: it holds the campaign when it is due,
    as does one that moved more than `threshold`.
    """
    if otherwise not in (None, *OTHERWISE):
        raise ValueError(f"Otherwise it can be one of {', '.join(OTHERWISE)}, not {otherwise}.")
    if at.tzinfo is None:
        raise ValueError("A time without a time zone does not say when to send.")
    audience = freezing.lock(session, audience.id)
    if revision not in (None, audience.revision):
        raise StaleChoice
    if audience.state == CANCELLED and not audience.is_frozen:
        audience.state = SAVED
    freezing.refuse_unready(session, audience)
    if is_empty(session, audience, threshold):
        raise CannotSend("Nobody would get this.", reason="nobody")
    audience.state, audience.scheduled_at = SCHEDULED, at
    audience.let_go()
    audience.otherwise = otherwise or audience.otherwise
    audience.smart_mode = smart_mode or audience.smart_mode
    session.flush()


def is_empty(session: Session, audience: Audience, threshold: float) -> bool:
    """Nobody would get it, and no list that could bring somebody is waited for."""
    return not audience.is_waiting and not recall.recipients_now(session, audience, threshold)


def release(
    session: Session,
    audience: Audience,
    now: datetime,
    threshold: float,
    revision: int | None = None,
) -> None:
    """A person sends what smart sending or a hindrance held, at once, to those who may get it now.

    What waits for an answer about a segment is let go by that answer alone.
    """
    if may_release(audience):
        schedule(session, audience, now, threshold, RELEASED, revision=revision)


def may_release(audience: Audience) -> bool:
    return audience.state == HELD and audience.decide_by is None


def cancel(session: Session, audience: Audience, now: datetime) -> None:
    audience = freezing.lock(session, audience.id)
    if story.is_open(audience):
        story.tell(audience, story.CANCELLED, now)
    delivery.cancel(session, audience, now)


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Once this session's transaction is committed. Forgotten when it is rolled back."""
    if _WAITING not in session.info:
        session.info[_WAITING] = []
        event.listen(session, "after_commit", _committed)
        event.listen(session, "after_rollback", _rolled_back)
    session.info[_WAITING].append(act)


def _committed(session: Session) -> None:
    if session.in_nested_transaction():
        return
    acts, session.info[_WAITING] = session.info[_WAITING], []
    for act in acts:
        act()


def _rolled_back(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info[_WAITING] = []
