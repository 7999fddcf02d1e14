"""From a saved list to batches in somebody's hands: the loop of a dashboard, and our own job.

Everything here runs in short sessions of our own, so each step is committed before the next.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ... import signals
from ...books import JobBook
from ...contacts import host_opt_outs
from ...errors import CannotSend
from ...shops.models import Shop
from ...web import State, announce
from .. import delivery, smart
from ..delivery_models import PENDING, AudienceBatch
from ..models import HELD, SCHEDULED, SENDING, Audience
from ..resolve import RECENTLY_WRITTEN
from . import firsts, freezing, holding
from .batching import Batch, Sender, take

log = logging.getLogger("smartpush")
jobs = JobBook()
SIZE = 500
_TURN_SECONDS = 20.0
"""After so long the job rings for itself again, so that the clock is never kept waiting."""


def batches(
    state: State, audience_id: int, size: int = SIZE, claim: timedelta = delivery.CLAIM
) -> Iterator[Batch]:
    """Each batch once, to one worker only. The first call fixes the recipients."""
    begin(state, audience_id, size)
    owner = uuid.uuid4().hex
    batch = None
    while (batch := take(state, audience_id, owner, claim, batch)) is not None:
        try:
            yield batch
        except GeneratorExit:
            batch.give_up()
            raise
    finish(state, audience_id)


def begin(state: State, audience_id: int, size: int = SIZE) -> None:
    """Freeze, unless that was done. Raises CannotSend."""
    if size < 1:
        raise ValueError("A batch holds at least one person.")
    now = state.now()
    with state.database.read() as session:
        shop_id = session.get_one(Audience, audience_id).shop_id
    host_opt_outs.make_sure(state, shop_id)

    def work(session: Session) -> dict[str, object] | None:
        rule = smart.rule_of(state.settings, session.get_one(Audience, audience_id))
        threshold = state.settings.drift_threshold
        if not freezing.freeze(
            session, audience_id, now, size=size, rule=rule, threshold=threshold
        ):
            return None
        return _news(session, audience_id)

    news = state.database.retrying(work)
    if news is not None:
        announce(signals.audience_frozen, **news)


def _news(session: Session, audience_id: int) -> dict[str, object]:
    audience = session.get_one(Audience, audience_id)
    return {
        "shop": session.get_one(Shop, audience.shop_id).card,
        "campaign_ref": audience.campaign_ref,
        "recipients": len(audience.frozen or ()),
        "digest": audience.frozen_digest,
    }


def finish(state: State, audience_id: int) -> None:
    now = state.now()
    state.database.retrying(lambda session: delivery.finish(session, audience_id, now))


# -- what the clock means here ------------------------------------------------------------------


@jobs.job("send")
def send_due(state: State, shop_id: int | None = None) -> None:
    """Begin what is due and give what waits to the registered senders, until it is time to ring."""
    until = time.monotonic() + _TURN_SECONDS
    firsts.take_all(state, shop_id)
    holding.decide_late(state, shop_id)
    for audience_id in _due(state, shop_id):
        _begin_or_hold(state, audience_id)
    for audience_id, channel in _waiting(state, shop_id):
        if channel in state.senders:
            send_with(state, audience_id, state.senders[channel], until)
        if time.monotonic() > until:
            state.ring("send", shop_id)
            return


def _due(state: State, shop_id: int | None) -> list[int]:
    """Scheduled for now or earlier, and what was held for a reason that time or a person, who
    may have decided by now, settles."""
    passing = (RECENTLY_WRITTEN, host_opt_outs.UNREAD)
    waits = (Audience.state == HELD) & or_(
        Audience.held_because.in_(passing), Audience.decide_by.is_not(None)
    )
    asked = select(Audience.id).where(
        or_(Audience.state == SCHEDULED, waits), Audience.scheduled_at <= state.now()
    )
    if shop_id is not None:
        asked = asked.where(Audience.shop_id == shop_id)
    with state.database.read() as session:
        return list(session.scalars(asked.order_by(Audience.scheduled_at)))


def _begin_or_hold(state: State, audience_id: int) -> None:
    try:
        _check_sender(state, audience_id)
        begin(state, audience_id)
    except CannotSend as refusal:
        holding.hold_and_tell(state, audience_id, refusal.reason)


def _check_sender(state: State, audience_id: int) -> None:
    with state.database.read() as session:
        channel = session.get_one(Audience, audience_id).channel
    if channel not in state.senders:
        raise CannotSend(f"No sender is registered for {channel}.", reason="no_sender")


def _waiting(state: State, shop_id: int | None) -> list[tuple[int, str]]:
    """Audiences that have a batch to hand out, longest waiting first; the others are finished."""
    with state.database.begin() as session:
        _notice_all(session, state.now())
        asked = (
            select(Audience.id, Audience.channel)
            .join(AudienceBatch, AudienceBatch.audience_id == Audience.id)
            .where(
                Audience.state == SENDING,
                Audience.paused_at.is_(None),
                AudienceBatch.state == PENDING,
            )
            .group_by(Audience.id, Audience.channel)
            .order_by(func.min(Audience.frozen_at), Audience.id)
        )
        if shop_id is not None:
            asked = asked.where(Audience.shop_id == shop_id)
        return [(found.id, found.channel) for found in session.execute(asked)]


def _notice_all(session: Session, now: datetime) -> None:
    for audience_id in session.scalars(select(Audience.id).where(Audience.state == SENDING)).all():
        delivery.notice_dead(session, audience_id, now)
        delivery.finish(session, audience_id, now)
    smart.forget_old(session, now)


def send_with(
    state: State, audience_id: int, sender: Sender, until: float
) -> None:
    """Batch by batch; one that the sender fails at is parked, and the others go on."""
    owner = uuid.uuid4().hex
    while time.monotonic() < until:
        batch = take(state, audience_id, owner, delivery.CLAIM)
        if batch is None:
            finish(state, audience_id)
            return
        try:
            sender(batch)
        except Exception as error:
            log.exception("smartpush.sender_failed audience=%s batch=%s", audience_id, batch.number)
            batch.park(error)
        else:
            batch.confirm()
