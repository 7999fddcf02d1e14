"""The lines of a receipt in a person's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...i18n import gettext as _
from ...i18n import local_time, number

_DAY = "EEE d MMM"


def line(fact: Mapping[str, Any], zone: str) -> str:
    """Of a line about a segment, or about where a batch is; empty for a plain reason."""
    name = fact.get("segment") or ""
    told = {
        "joined": _("“%(name)s”: joined since it was pinned", name=name),
        "left": _("“%(name)s”: left since it was pinned", name=name),
        "new": _("Customers who are new since"),
        "gone": _("No longer in the Admin"),
        "unsent": _("Still to be sent"),
        "uncertain": _("Uncertain"),
        "cancelled": _("Cancelled"),
    }
    if fact["name"] == "excluded" and name:
        return _("Excluded by “%(name)s”", name=name)
    if fact["name"] in ("joined", "left") and fact.get("newest"):
        return _changed(fact, name, zone)
    return told.get(str(fact["name"]), "")


def behind(fact: Mapping[str, Any], zone: str) -> str:
    """That the newest list of a segment is not yet what the Admin counts."""
    at = fact.get("checked_at")
    return _(
        "Our newest list of “%(name)s” (v%(version)s, %(here)s people) is behind the Admin, which "
        "counted %(there)s on %(time)s; the first number is of our list.",
        name=fact["segment"],
        version=fact["version"],
        here=number(fact["people"]),
        there=number(fact["admin_count"]),
        time=local_time(datetime.fromisoformat(at), zone, "EEE d MMM, HH:mm") if at else "–",
    )


def _changed(fact: Mapping[str, Any], name: str, zone: str) -> str:
    facts = {
        "name": name,
        "day": local_time(datetime.fromisoformat(fact["changed_at"]), zone, _DAY),
        "old": fact["version"],
        "new": fact["newest"],
    }
    if fact["name"] == "joined":
        return _("“%(name)s” changed %(day)s: joined, v%(old)s → v%(new)s") % facts
    return _("“%(name)s” changed %(day)s: left, v%(old)s → v%(new)s") % facts
