"""Why a campaign is held, in the marketer's words."""

from __future__ import annotations

from ...i18n import gettext as _
from ..models import CANCELLED, SENT, Audience


def held(reason: str | None) -> str:
    sentences = {
        "nobody": _("Nobody would get this."),
        "waiting": _("A chosen segment waits for its first list."),
        "newer": _("A chosen segment has a newer list, and somebody has to decide about it."),
        "held": _("A chosen segment changed more than usual. Decide about it, then send."),
        "deleted": _("A chosen segment was deleted in the Admin. Decide about it, then send."),
        "store_gone": _("The store has uninstalled the app, so consent is not known any more."),
        "no_sender": _("The dashboard has no way of sending on this channel."),
        "opt_outs_unread": _("The dashboard's own opt-outs could not be read yet. It goes on by "
                             "itself once they are."),
        "recently_written": _("Some were written to recently, so it waits until they are free."),
        "cancelled": _("It was cancelled."),
        "discarded": _("These recipients were discarded."),
        "sending": _("It is being sent already."),
        "sent": _("It was sent already."),
        "others": _("There are others to decide about by now. Look at them, then decide."),
        "opened": _("These recipients are not saved yet."),
    }
    return sentences.get(reason or "", _("It cannot be sent now."))


def fixed(audience: Audience) -> str:
    """Why nobody chooses others any more, once the sending began."""
    if audience.state == SENT:
        return _("It was sent, so its recipients are fixed.")
    if audience.state == CANCELLED:
        return _("It was cancelled while it was being sent, so its recipients are fixed.")
    return _("It is being sent, so its recipients are fixed.")
