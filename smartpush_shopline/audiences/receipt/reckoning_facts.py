"""What a reckoning is made of, read from the rows of one audience."""

from __future__ import annotations

from dataclasses import replace

from pyroaring import BitMap
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...contacts import reach
from ...members import union
from .. import heeding, recall
from ..choice import Choice
from ..delivery_models import (
    AT_THE_FREEZE,
    CANCELLED,
    HANDED_OUT,
    PARKED,
    PENDING,
    SENT,
    UNCERTAIN,
    AudienceBatch,
    LeftOut,
)
from ..models import EVERYONE, Audience
from ..resolve import SINCE_SAVED, chosen_of, lists_of
from .reckoning import Facts, Reckoning, reckon

_PLACES = {
    "unsent": (PENDING, HANDED_OUT),
    "uncertain": (UNCERTAIN, PARKED),
    "cancelled": (CANCELLED,),
    "sent": (SENT,),
}


def look(session: Session, audience: Audience) -> Reckoning:
    """Of an audience whose sending has begun."""
    choice = recall.choice_of(audience)
    newest, heeded = _newest(audience, choice), heeding.heeded(audience, choice)
    every = replace(choice, picks=(*choice.picks, *newest.picks, *heeded.picks))
    lists = lists_of(session, every)
    here = reach.load(session, audience.shop_id, audience.channel)
    today = chosen_of(newest, lists, here)
    if choice.scope == EVERYONE:
        today = today - here.verdicts["erased"]
    frozen = recall.frozen(session, audience)
    return reckon(
        Facts(
            choice=choice,
            newest=newest,
            heeded=heeded,
            lists=lists,
            today=today,
            saved=recall.recipients(session, audience),
            frozen=frozen.recipients,
            reasons=frozen.reasons,
            lost=_lost(session, audience),
            went=_went(session, audience),
        )
    )


def _newest(audience: Audience, choice: Choice) -> Choice:
    """The lists of today. A deleted segment's last list is what the Admin had."""
    for pick in audience.picks:
        newest = pick.segment.current_version_id or pick.version_id
        choice = choice.at_version(pick.segment_id, newest)
    return choice


def _lost(session: Session, audience: Audience) -> dict[str, BitMap]:
    """Who fell away while it was sent, by reason."""
    rows = session.execute(
        select(LeftOut.reason, LeftOut.members).where(
            LeftOut.audience_id == audience.id, LeftOut.batch > AT_THE_FREEZE
        )
    ).all()
    return {
        reason: union(members for name, members in rows if name == reason)
        for reason in SINCE_SAVED
        if any(name == reason for name, _members in rows)
    }


def _went(session: Session, audience: Audience) -> dict[str, BitMap]:
    """People by what became of their batch. What is out counts as not sent yet."""
    rows = session.execute(
        select(AudienceBatch.state, AudienceBatch.members).where(
            AudienceBatch.audience_id == audience.id
        )
    ).all()
    return {
        place: union(members for state, members in rows if state in states)
        for place, states in _PLACES.items()
    }
