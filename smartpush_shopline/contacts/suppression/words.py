"""What became of a file of opt-outs, in a marketer's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...i18n import gettext as _
from .lists import (
    DATE_AHEAD,
    DATE_UNREAD,
    NO_ADDRESS,
    NOT_A_PHONE,
    NOT_AN_EMAIL,
    OTHER_CHANNEL,
    UNREADABLE,
    Problem,
)
from .many import ALREADY, CANNOT_LIFT, KEPT, OPTED_IN_SINCE, SAYS_SUBSCRIBED, SUPPRESSED

COUNTED = (SUPPRESSED, ALREADY, KEPT, OPTED_IN_SINCE)
"""Every address of a file is under one of these."""
_SHORT = 40


def outcome(name: str, *, dry: bool) -> str:
    if dry and name == SUPPRESSED:
        return _("Would be opted out")
    sentences = {
        SUPPRESSED: _("Opted out"),
        ALREADY: _("Opted out already, or twice in the file"),
        KEPT: _("Not a contact yet: kept in case they join"),
        OPTED_IN_SINCE: _("Opted in again later, so nothing changes"),
    }
    return sentences[name]


def problem(reason: str, value: str = "") -> str:
    """What is the matter with a line, and what was done about it. `value`: what stands there."""
    if value:
        short = value if len(value) <= _SHORT else f"{value[: _SHORT - 1]}…"
        return _("“%(value)s”: %(what)s", value=short, what=problem(reason))
    sentences = {
        UNREADABLE: _("The line cannot be read. A quotation mark may be missing."),
        NO_ADDRESS: _("There is no address on this line."),
        NOT_AN_EMAIL: _("This is not an email address."),
        NOT_A_PHONE: _("This is not a phone number, or its country code is missing."),
        OTHER_CHANNEL: _("The line is about another channel, so it was left out."),
        DATE_UNREAD: _("The date cannot be read for sure, so the opt-out counts from the import."),
        DATE_AHEAD: _("The date lies in the future, so the opt-out counts from the import."),
        CANNOT_LIFT: _("The line says subscribed, but the person opted out. An import cannot "
                       "lift that, so they stay opted out."),
        SAYS_SUBSCRIBED: _("The line says subscribed. Nobody is subscribed or opted out by it."),
    }
    return sentences.get(reason, reason)


def refusal(reason: str) -> str:
    """Why nothing could be read from a file at all, and what to do."""
    sentences = {
        "empty": _("The file is empty."),
        "excel": _("This is an Excel workbook. Save it as CSV, then take that file."),
        "web_page": _("This is a web page, not a list. The export may have asked you to sign in."),
        "no_address_column": _("No column holds email addresses or phone numbers. Name one "
                               "“email” or “phone” in the first line."),
        "too_large": _("The file is larger than 64 MB. Split it into several."),
        "unreadable": _("The file could not be read again. Choose it once more."),
    }
    return sentences.get(reason, _("This is not a list of addresses. Choose a CSV file."))


def report(problems: Iterable[Problem]) -> Iterator[tuple[object, ...]]:
    """The rows of the file that says what is wrong, with the line of the file it is about."""
    yield "line", "reason", "explanation"
    for line, reason, value in problems:
        yield line, reason, problem(reason, value)
