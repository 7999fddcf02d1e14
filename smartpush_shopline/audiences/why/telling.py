"""An explanation in the words of a page and of the command line."""

from __future__ import annotations

from ...i18n import gettext as _
from ...i18n import local_time
from ..models import EXCLUDE
from .explanation import DecidingFact, Explanation, InSegment


def headline(said: Explanation, channel: str, zone: str) -> str:
    """"Ada Lin gets this email.", or what became of it once the sending began."""
    if said.rule == "unknown":
        return _unknown(said.address or "")
    who = said.name or said.address or _("Contact %(n)s", n=said.number)
    if said.place == "sent":
        return _got(said, channel, zone) % {"who": who}
    return _sms(channel, _outcomes(said)) % {"who": who}


def _unknown(what: str) -> str:
    if "@" in what or what[-1:].isdigit():
        return _("Nobody in this store has the address %(what)s.", what=what)
    return _("Nobody in this store is called “%(what)s”.", what=what or "–")


def _sms(channel: str, texts: tuple[str, str]) -> str:
    return texts[1] if channel == "sms" else texts[0]


def _outcomes(said: Explanation) -> tuple[str, str]:
    """By email and by SMS."""
    if said.place == "left_out":
        return _("%(who)s did not get this email."), _("%(who)s did not get this SMS.")
    if said.place == "cancelled":
        return (
            _("%(who)s did not get this email: it was cancelled before."),
            _("%(who)s did not get this SMS: it was cancelled before."),
        )
    if said.place in ("uncertain", "parked"):
        return (
            _("%(who)s perhaps got this email: nobody can say."),
            _("%(who)s perhaps got this SMS: nobody can say."),
        )
    if said.is_undecided:
        return (
            _("It is not decided yet whether %(who)s gets this email."),
            _("It is not decided yet whether %(who)s gets this SMS."),
        )
    if said.is_recipient:
        return _("%(who)s gets this email."), _("%(who)s gets this SMS.")
    return _("%(who)s does not get this email."), _("%(who)s does not get this SMS.")


def _got(said: Explanation, channel: str, zone: str) -> str:
    time = local_time(said.sent_at, zone, "d MMM, HH:mm") if said.sent_at else "–"
    texts = {
        "sendable": (
            _("%(who)s got this email on %(time)s."),
            _("%(who)s got this SMS on %(time)s."),
        ),
        "unsubscribed": (
            _("%(who)s got this email on %(time)s; has unsubscribed since."),
            _("%(who)s got this SMS on %(time)s; has unsubscribed since."),
        ),
    }
    other = (
        _("%(who)s got this email on %(time)s; may not be written to any more."),
        _("%(who)s got this SMS on %(time)s; may not be written to any more."),
    )
    return _sms(channel, texts.get(said.today or "", other)).replace("%(time)s", time)


def because(said: Explanation, channel: str) -> str:
    """The first rule that decided, in one sentence."""
    segment, other = said.segment or "", said.through or ""
    if said.rule == "excluded":
        return _("Excluded by “%(segment)s”.", segment=segment)
    if said.rule == "left_list":
        return _(
            "No longer in “%(segment)s”, whose newest list counts at sending.", segment=segment
        )
    if said.rule == "same_address" and not said.through_gets:
        return _(
            "%(other)s has the same address and was to get it, but does not get it any more. "
            "Nobody is added by itself, so this stays as it is until the lists are taken anew.",
            other=other,
        )
    if said.rule == "same_address":
        return _("%(other)s has the same address and gets it: one address, once.", other=other)
    if said.through:
        return _("%(other)s has the same address, and what binds one binds both.", other=other)
    rule = "got" if said.is_recipient and said.place == "sent" else said.rule
    return _sentences(channel).get(rule, rule)


def _sentences(channel: str) -> dict[str, str]:
    sms = channel == "sms"
    return {
        "got": _("Was in the chosen segments, subscribed, and excluded by none."),
        "recipient": _("In the chosen segments, subscribed, and excluded by none."),
        "unknown": _("Look whether the address is complete, or try the name."),
        "not_chosen": _("Not in the chosen segments, in the versions this campaign keeps."),
        "not_in_all": _("In some of the chosen segments, but not in all of them."),
        "erased": _("Deleted in the store, or erased on request."),
        "blacklisted": _("Blacklisted in the Admin."),
        "no_address": _("No phone number is known.") if sms else _("No email address is known."),
        "invalid_address": _("The phone number is not valid.")
        if sms
        else _("The email address is not valid."),
        "unsubscribed": _("Unsubscribed."),
        "pending": _("The subscription was never confirmed."),
        "not_subscribed": _("Never subscribed."),
        "recently_written": _("Written to recently: smart sending leaves this person out."),
    }


def since(said: Explanation, zone: str) -> str:
    """"Since 12 Nov 2026, 14:00 (told by the store; noted here on 13 Nov)." Or empty."""
    if said.fact is not None:
        return _told(said.fact, zone)
    if said.since is not None:
        return _("Since %(time)s.", time=local_time(said.since, zone))
    if said.rule in ("unsubscribed", "pending", "not_subscribed", "blacklisted"):
        return _("The store gives no date.")
    return ""


def _told(fact: DecidingFact, zone: str) -> str:
    noted = local_time(fact.recorded_at, zone)
    if not fact.dated:
        return _("Noticed on %(time)s (%(source)s, without a date).", time=noted,
                 source=source(fact.source))
    return _(
        "Since %(time)s (%(source)s; noted here on %(noted)s).",
        time=local_time(fact.occurred_at, zone),
        source=source(fact.source),
        noted=noted,
    )


def source(name: str) -> str:
    """Who stated a fact."""
    return {
        "store": _("told by the store"),
        "webhook": _("told by the store in a message"),
        "link": _("by the unsubscribe link"),
        "complaint": _("by a complaint"),
        "bounce": _("a message came back"),
        "moved": _("there is another address than the one that bounced"),
        "import": _("by an import"),
        "dashboard": _("told by the dashboard"),
        "erasure": _("kept when somebody was erased"),
        "person": _("by a colleague"),
    }.get(name, name)


def today(said: Explanation) -> str:
    """What is different now, without changing the answer."""
    if said.is_recipient or said.today != "sendable":
        return ""
    if said.rule not in ("not_chosen", "not_in_all", "excluded", "left_list", "same_address"):
        return _("May be written to now, but not when it was saved: nobody is added by itself.")
    return ""


def _newer(segment: InSegment) -> str:
    if segment.fixed and segment.newer_has:
        return _("; v%(newer)s, which counted at sending, has them")
    if segment.fixed:
        return _("; v%(newer)s, which counted at sending, does not have them")
    if segment.newer_has:
        return _("; the newer v%(newer)s has them")
    return _("; the newer v%(newer)s does not have them")


def segments(said: Explanation) -> list[str]:
    """Which pinned versions have the person, and whether a newer one says otherwise."""
    lines = []
    for each in said.segments:
        if each.version is None:
            lines.append(_("%(name)s waits for its first list.", name=each.name))
            continue
        facts = {"name": each.name, "n": each.version, "newer": each.newer}
        lines.append((_("%(name)s v%(n)s: in it") if each.has else _("%(name)s v%(n)s: not in it"))
                     % facts)
        if each.mode == EXCLUDE:
            lines[-1] += _(" (exclusion)")
        if each.newer is not None:
            lines[-1] += _newer(each) % facts
        if each.undecided:
            lines[-1] += _("; it moved too much, so v%(n)s counts until somebody decides") % facts
    return lines
