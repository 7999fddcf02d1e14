"""A campaign that is due while a person has to decide is held until a deadline.

A person answers (`pages/answers.py`), or the deadline passes: then what was said when it was
scheduled applies. It is a row, so whoever ticks next decides, however long everything was down.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ... import signals
from ...errors import StaleChoice
from ...settings import OTHERWISE, Settings
from ...shops.models import Shop
from ...web import State, announce
from .. import delivery, recall, smart
from ..deciding import answering, between
from ..deciding.between import GONE, WAITING
from ..deciding.between import HELD as MOVED
from ..models import CANCELLED, HELD, SCHEDULED, UNDECIDED, Audience
from ..resolve import RECENTLY_WRITTEN
from . import freezing, story

log = logging.getLogger("smartpush")
QUESTIONS = (MOVED, GONE, WAITING)
"""Reasons that a person can do something about, and that therefore have a deadline."""
SEND, CANCEL = "send", "cancel"
LATER = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1))
"""How much more time a person may give."""


def hold_and_tell(state: State, audience_id: int, reason: str) -> None:
    """It is due and may not go out. Whoever holds it first tells, after the commit."""
    now, settings = state.now(), state.settings
    news = state.database.retrying(lambda s: hold(s, audience_id, reason, now, settings))
    if news is not None:
        log.warning("smartpush.audience_held audience=%s reason=%s", audience_id, reason)
        announce(signals.audience_held, **news)


def hold(
    session: Session, audience_id: int, reason: str, now: datetime, settings: Settings
) -> dict[str, Any] | None:
    """A person decides, or, after smart sending, time does. None when that was known."""
    audience = freezing.lock(session, audience_id)
    if audience.state not in (SCHEDULED, HELD):
        return None
    known = audience.state == HELD and audience.held_because == reason
    if audience.state != HELD or audience.held_at is None:
        audience.held_at, audience.decide_by = now, now + settings.decide_within
    audience.state, audience.held_because = HELD, reason
    if reason not in QUESTIONS:
        audience.decide_by = None
    elif audience.decide_by is None:
        audience.decide_by = now + settings.decide_within
    if reason == RECENTLY_WRITTEN:
        people = recall.recipients_now(session, audience, settings.drift_threshold)
        free = smart.last_free_at(session, audience, people, smart.rule_of(settings, audience), now)
        audience.scheduled_at = free or audience.scheduled_at
    if known:
        return None
    asked = between.held_by(session, audience, settings.drift_threshold)
    if reason in QUESTIONS:
        story.ask(audience, asked, audience.held_at or now)
    return _news(session, audience, settings, asked)


def _news(
    session: Session, audience: Audience, settings: Settings, asked: Sequence[between.Question]
) -> dict[str, Any]:
    return {
        "shop": session.get_one(Shop, audience.shop_id).card,
        "campaign_ref": audience.campaign_ref,
        "field": audience.field,
        "reason": audience.held_because,
        "segments": [
            {
                "name": each.pick.segment.name,
                "kind": each.kind,
                "moved": each.moved,
                "joined": each.joined,
                "left": each.left,
            }
            for each in asked
        ],
        "decide_by": audience.decide_by,
        "otherwise": otherwise_of(audience, settings),
    }


def is_asked(audience: Audience, asked: Sequence[between.Question]) -> bool:
    """Whether nobody knows yet to whom it goes: it is held, or would be, until somebody decides."""
    if audience.is_frozen or audience.state == CANCELLED:
        return False
    return story.is_open(audience) or any(each.must and each.kind != WAITING for each in asked)


def otherwise_of(audience: Audience, settings: Settings) -> str:
    """What happens when nobody decides. Without a first list there is nothing to send."""
    if audience.is_waiting:
        return CANCEL
    return audience.otherwise or settings.otherwise


def change(
    session: Session, audience: Audience, otherwise: str | None, later: timedelta, now: datetime
) -> None:
    """What is to happen when nobody decides, and so much later. Raises StaleChoice for what does
    not wait for an answer any more."""
    if not story.is_open(audience) or audience.decide_by is None:
        raise StaleChoice
    if otherwise in OTHERWISE:
        audience.otherwise = otherwise
    if later:
        audience.decide_by = max(audience.decide_by, now) + later
    audience.revision += 1
    session.flush()


def go_on(session: Session, audience: Audience, threshold: float) -> None:
    """After an answer: it goes out at once when nothing else is asked."""
    if story.is_open(audience) and not between.held_by(session, audience, threshold):
        audience.state = SCHEDULED
        audience.let_go()
        session.flush()


def decide_late(state: State, shop_id: int | None = None) -> None:
    """Where nobody decided in time. Harmless in many workers: each row is claimed by one."""
    now, settings = state.now(), state.settings
    late = select(Audience.id).where(Audience.state == HELD, Audience.decide_by <= now)
    if shop_id is not None:
        late = late.where(Audience.shop_id == shop_id)
    with state.database.read() as session:
        ids = list(session.scalars(late.order_by(Audience.decide_by, Audience.id)))
    for audience_id in ids:
        work = partial(decide, audience_id=audience_id, now=now, settings=settings)
        done = state.database.retrying(work)
        if done:
            log.warning("smartpush.audience_undecided audience=%s then=%s", audience_id, done)


def decide(session: Session, audience_id: int, now: datetime, settings: Settings) -> str | None:
    """What was said beforehand: send or cancel. None when somebody else has decided."""
    if not _claim(session, audience_id, now):
        return None
    audience = session.get_one(Audience, audience_id, populate_existing=True)
    asked = between.held_by(session, audience, settings.drift_threshold)
    if not asked:  # the question has gone: it goes out as it was meant to
        story.tell(audience, story.SETTLED, now)
        audience.let_go()
        return SEND
    then, by = otherwise_of(audience, settings), audience.decide_by or now
    if then == SEND:
        story.tell(audience, story.UNDECIDED_SENT, by)
        for each in asked:
            answering.keep(session, audience, each.pick.segment_id)
    else:
        since = audience.held_at
        story.tell(audience, story.UNDECIDED_CANCELLED, by)
        delivery.cancel(session, audience, now)
        audience.held_because, audience.held_at, audience.decide_by = UNDECIDED, since, by
    session.flush()
    return then


def _claim(session: Session, audience_id: int, now: datetime) -> bool:
    """One conditional update. The revision tells a person who answers later."""
    mine = update(Audience).where(
        Audience.id == audience_id, Audience.state == HELD, Audience.decide_by <= now
    )
    values = {"state": SCHEDULED, "held_because": UNDECIDED, "revision": Audience.revision + 1}
    done = session.execute(mine.values(values).execution_options(synchronize_session=False))
    return bool(done.rowcount)  # type: ignore[attr-defined]
