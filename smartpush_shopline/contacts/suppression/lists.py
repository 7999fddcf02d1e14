"""A file of opt-outs, line by line: which addresses a line is about, and what is wrong with it."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pyroaring import BitMap
from sqlalchemy.orm import Session

from ...contracts import CHANNELS
from ...shopline import parse_phone
from ..changing import email_key
from . import csv_lists, dates, many
from .csv_lists import Line
from .many import OptOutOf

SOURCE = "import"
BOTH = "both"
CHOICES = (BOTH, *CHANNELS)
(UNREADABLE, NO_ADDRESS, NOT_AN_EMAIL, NOT_A_PHONE, OTHER_CHANNEL, DATE_UNREAD, DATE_AHEAD) = (
    "unreadable", "no_address", "not_an_email", "not_a_phone", "other_channel", "date_unread",
    "date_ahead",
)
REFUSED = (many.CANNOT_LIFT, many.SAYS_SUBSCRIBED)
_NOTHING = frozenset({"", "-", "–", "n/a", "na", "null", "none", "nil", "#n/a"})
_CHANNEL_WORDS = {
    "": CHANNELS, "both": CHANNELS, "all": CHANNELS, "emailsms": CHANNELS, "any": CHANNELS,
    "email": ("email",), "mail": ("email",), "newsletter": ("email",), "電子郵件": ("email",),
    "sms": ("sms",), "mms": ("sms",), "text": ("sms",), "textmessage": ("sms",),
    "phone": ("sms",), "mobile": ("sms",), "簡訊": ("sms",), "短信": ("sms",),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """How to read the lines of one file."""

    name: str
    channels: str
    timezone: str
    country: str | None
    now: datetime


class Problem(NamedTuple):
    """What is wrong with a line. `value`, as it stands there, is shown and never kept: it may be
    somebody's address, mistyped, and no erasure would find that."""

    line: int
    reason: str
    value: str = ""


@dataclass(slots=True)
class Batch:
    """Some lines: the opt-outs in them, each with its line, and what is wrong with others."""

    lines: int = 0
    opt_outs: list[OptOutOf] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """So many lines; each address in them under one outcome; what is wrong, line by line."""

    lines: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.lines += other.lines
        self.counts += other.counts
        self.problems += other.problems


class Seen:
    """Addresses that this file has put out before, in a few megabytes for a million of them.

    Two independent halves of a hash: both met before by chance is one in billions.
    """

    def __init__(self) -> None:
        self._halves = BitMap(), BitMap()

    def is_out(self, opt_out: OptOutOf) -> bool:
        return all(
            part in half for part, half in zip(_parts(opt_out), self._halves, strict=True)
        )

    def add(self, opt_out: OptOutOf) -> None:
        for part, half in zip(_parts(opt_out), self._halves, strict=True):
            half.add(part)


def _parts(opt_out: OptOutOf) -> tuple[int, int]:
    whole = hash((opt_out.channel, opt_out.email or opt_out.phone)) & (2**64 - 1)
    return whole >> 32, whole & 0xFFFF_FFFF


def batches(file: io.BufferedReader[Any], rules: Rules, skip: int = 0) -> Iterator[Batch]:
    """The lines after the first `skip` ones, some hundred at a time. Raises NotAList."""
    _shape, lines = csv_lists.read(file)
    batch = Batch()
    for count, line in enumerate(lines, 1):
        if count <= skip:
            continue
        _take(batch, line, rules)
        if len(batch.opt_outs) >= many.AT_ONCE or batch.lines >= 4 * many.AT_ONCE:
            yield batch
            batch = Batch()
    if batch.lines:
        yield batch


def _take(batch: Batch, line: Line, rules: Rules) -> None:
    batch.lines += 1
    opt_outs, problems = interpret(line, rules)
    batch.opt_outs += opt_outs
    batch.at += [line.number] * len(opt_outs)
    batch.problems += [Problem(line.number, *problem) for problem in problems]


def interpret(line: Line, rules: Rules) -> tuple[list[OptOutOf], list[tuple[str, str]]]:
    """What a line says, and what is wrong with it: both, when one of its addresses is no good.

    Of what is wrong, the reason and the value that is.
    """
    if not line.readable:
        return [], [(UNREADABLE, "")]
    asked = CHANNELS if rules.channels == BOTH else (rules.channels,)
    wanted = [each for each in _CHANNEL_WORDS.get(line.channel, ()) if each in asked]
    if not wanted:
        return [], [(OTHER_CHANNEL, line.channel)]
    given = {"email": _cell(line.email), "sms": _cell(line.phone)}
    if not any(given[channel] for channel in wanted):
        return [], [(NO_ADDRESS, "")]
    at = dates.parse(line.date, rules.timezone, rules.now) if _cell(line.date) else None
    found, problems = [], []
    for channel in wanted:
        if not given[channel]:
            continue
        key = _key(channel, given[channel], rules)
        if key is None:
            reason = NOT_AN_EMAIL if channel == "email" else NOT_A_PHONE
            problems.append((reason, given[channel]))
            continue
        address = {"email" if channel == "email" else "phone": key}
        found.append(
            OptOutOf(
                channel,
                at=at,
                evidence=_evidence(rules.name, line),
                is_opt_in=line.says_subscribed,
                **address,
            )
        )
    if found and at is None and _cell(line.date) and not line.says_subscribed:
        is_ahead = dates.is_ahead(line.date, rules.timezone, rules.now)
        problems.append((DATE_AHEAD if is_ahead else DATE_UNREAD, line.date))
    return found, problems


def _cell(text: str) -> str:
    return "" if text.casefold() in _NOTHING else text


def _key(channel: str, text: str, rules: Rules) -> str | None:
    if channel == "email":
        text = text.removeprefix("mailto:").strip("<> ")
        return email_key(text) if csv_lists.is_email(text) else None
    return parse_phone(re.sub(r"\.0$", "", text), rules.country)


def _evidence(name: str, line: Line) -> str:
    reason = f": {line.reason}" if _cell(line.reason) else ""
    return f"{name}, line {line.number}{reason}"[:255]


def work(
    session: Session,
    shop_id: int,
    batch: Batch,
    now: datetime,
    *,
    dry: bool = False,
    seen: Seen | None = None,
) -> Tally:
    """Do it, or only say what it would come to. Flushes."""
    outcomes = many.suppress(session, shop_id, batch.opt_outs, SOURCE, now, dry=dry)
    tally = Tally(batch.lines, problems=list(batch.problems))
    for opt_out, line, outcome in zip(batch.opt_outs, batch.at, outcomes, strict=True):
        if outcome in REFUSED:
            value = opt_out.email or opt_out.phone or ""
            tally.problems.append(Problem(line, outcome, value))
            continue
        if seen is not None and seen.is_out(opt_out):
            outcome = many.ALREADY
        elif seen is not None and outcome != many.OPTED_IN_SINCE:
            seen.add(opt_out)
        tally.counts[outcome] += 1
    tally.problems.sort(key=lambda problem: problem[0])
    return tally


def clean_name(name: str) -> str:
    """Of a file, without its folder; one that has an address in it does not keep that."""
    bare = re.split(r"[\\/]", name)[-1].strip() or "list.csv"
    return re.sub(r"[^\s@]+@[^\s@]+", "list.csv", bare)[:200]
