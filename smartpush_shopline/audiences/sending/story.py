"""That a campaign was held, since when and about what, and what was decided: kept for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ...segments.models import SegmentVersion
from ..deciding.between import Question
from ..models import HELD, Audience

SETTLED, CANCELLED, UNDECIDED_SENT, UNDECIDED_CANCELLED = (
    "settled",
    "cancelled",
    "undecided_sent",
    "undecided_cancelled",
)
"""What becomes of it besides the answers of a person: take, keep, swap, discard."""


def fact_of(question: Question) -> dict[str, Any]:
    """What JSON can hold of a question."""
    pick = question.pick
    return {
        "kind": question.kind,
        "name": pick.segment.name,
        "mode": pick.mode,
        "percent": question.percent,
    }


def is_open(audience: Audience) -> bool:
    """It waits for an answer."""
    return audience.state == HELD and audience.decide_by is not None


def ask(audience: Audience, asked: Sequence[Question], since: datetime) -> None:
    """It is held. What is asked besides, while it is, belongs to the same story."""
    told = list(audience.held_story or ())
    facts = {"at": since.isoformat(), "asked": [fact_of(each) for each in asked], "answers": []}
    if told and told[-1]["at"] == facts["at"]:
        facts["answers"] = told.pop()["answers"]
    audience.held_story = [*told, facts]


def tell(audience: Audience, did: str, at: datetime, **about: object) -> None:
    """What was decided. `about`: see there."""
    if audience.held_story:
        *before, last = audience.held_story
        fact = {"at": at.isoformat(), "did": did, **about}
        audience.held_story = [*before, last | {"answers": [*last["answers"], fact]}]


def about(session: Session, audience: Audience, segment_id: int) -> dict[str, object]:
    """The name of a chosen segment and its version, as it is chosen by now."""
    for pick in audience.picks:
        if pick.segment_id == segment_id:
            version = session.get(SegmentVersion, pick.version_id or 0)
            return {"name": pick.segment.name, "version": version and version.version}
    return {}
