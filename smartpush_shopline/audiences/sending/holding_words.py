"""What holds a campaign and until when, in the words of a page and of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ...i18n import gettext as _
from ...i18n import local_time, number
from ..deciding.between import GONE, HELD, Question
from ..models import INCLUDE, Audience
from . import reasons
from . import story as story_facts

_MOMENT = "EEE d MMM, HH:mm"


def why(audience: Audience, asked: Sequence[Question]) -> str:
    """"“VIP” moved 22 %." Several sentences when several segments are asked about."""
    return _all([story_facts.fact_of(each) for each in asked]) or reasons.held(
        audience.held_because
    )


def _all(asked: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(_about(fact) for fact in asked)


def _about(fact: Mapping[str, Any]) -> str:
    """Of an exclusion it is the share of the recipients that matters, not how much it moved."""
    facts = {"name": fact["name"], "n": number(fact["percent"])}
    if fact["kind"] == GONE:
        return _("“%(name)s” was deleted in the Admin.", **facts)
    if fact["kind"] != HELD:
        return _("“%(name)s” waits for its first list.", **facts)
    if fact["mode"] == INCLUDE:
        return _("“%(name)s” moved %(n)s %%.", **facts)
    return _("“%(name)s” would take away %(n)s %% of the recipients.", **facts)


def moved(question: Question) -> str:
    return _about(story_facts.fact_of(question))


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


def story(audience: Audience, zone: str) -> list[str]:
    """Each time it was held and something became of it, in sentences; empty for most."""
    return [_told(each, zone) for each in audience.held_story or () if each["answers"]]


def _told(held: Mapping[str, Any], zone: str) -> str:
    began = _("Held on %(time)s (%(zone)s):", time=_time(held["at"], zone), zone=zone)
    became = [_became(each, zone) for each in held["answers"]]
    return " ".join([began, _all(held["asked"]), *became])


def _became(fact: Mapping[str, Any], zone: str) -> str:
    facts = {name: fact.get(name) for name in ("name", "version")}
    facts["time"] = _time(fact["at"], zone)
    told = {
        "take": _("Decided on %(time)s: “%(name)s” v%(version)s was taken."),
        "keep": _("Decided on %(time)s: “%(name)s” v%(version)s was kept."),
        "swap": _("Decided on %(time)s: “%(name)s” v%(version)s took its place."),
        "cancelled": _("Cancelled on %(time)s."),
        "settled": _("On %(time)s nothing was left to decide, so it went out."),
        "undecided_sent": _("Nobody decided by %(time)s, so what was saved was sent."),
        "undecided_cancelled": _("Nobody decided by %(time)s, so it was cancelled."),
    }
    return told[fact["did"]] % facts


def _time(moment: str, zone: str) -> str:
    return local_time(datetime.fromisoformat(moment), zone, _MOMENT)
