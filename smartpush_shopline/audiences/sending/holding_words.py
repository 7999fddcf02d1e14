"""What holds a campaign and until when, in the words of a page and of the command line."""

from __future__ import annotations

from collections.abc import Sequence

from ...i18n import gettext as _
from ...i18n import local_time, number
from ..deciding.between import GONE, HELD, Question
from ..models import INCLUDE, UNDECIDED, Audience
from . import reasons

_MOMENT = "EEE d MMM, HH:mm"


def why(audience: Audience, asked: Sequence[Question]) -> str:
    """"“VIP” moved 22 %." Several sentences when several segments are asked about."""
    told = [_about(each) for each in asked]
    return " ".join(told) or reasons.held(audience.held_because)


def _about(question: Question) -> str:
    name = question.pick.segment.name
    if question.kind == HELD:
        return moved(question)
    if question.kind == GONE:
        return _("“%(name)s” was deleted in the Admin.", name=name)
    return _("“%(name)s” waits for its first list.", name=name)


def moved(question: Question) -> str:
    """Of an exclusion it is the share of the recipients that matters, not how much it moved."""
    name, share = question.pick.segment.name, number(question.percent)
    if question.pick.mode == INCLUDE:
        return _("“%(name)s” moved %(n)s %%.", name=name, n=share)
    return _("“%(name)s” would take away %(n)s %% of the recipients.", name=name, n=share)


def deadline(audience: Audience, then: str, zone: str) -> str:
    """Empty when nothing happens by itself."""
    if audience.decide_by is None:
        return ""
    time = local_time(audience.decide_by, zone, _MOMENT)
    if then == "send":
        return _(
            "Decide by %(time)s (%(zone)s), otherwise what was saved is sent.", time=time, zone=zone
        )
    return _("Decide by %(time)s (%(zone)s), otherwise it is cancelled.", time=time, zone=zone)


def undecided(audience: Audience, zone: str) -> str:
    """What became of a campaign about which nobody decided in time. Empty for all others."""
    if audience.held_because != UNDECIDED or audience.decide_by is None:
        return ""
    time = local_time(audience.decide_by, zone, _MOMENT)
    if audience.is_frozen or audience.state == "scheduled":
        return _("Nobody decided by %(time)s (%(zone)s), so what was saved was sent.",
                 time=time, zone=zone)
    return _("Nobody decided by %(time)s (%(zone)s), so it was cancelled.", time=time, zone=zone)
