"""Smart sending: nobody is written to again too soon after the last message on a channel.

Kept by the hour: whoever was written to at 10:05 or 10:55 counts as written to until 11:00.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pyroaring import BitMap
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from ..contacts import reach
from ..errors import CannotSend
from ..members import CHUNK, chunks_of, union
from ..settings import SMART_MODES, Settings
from .choice import Choice
from .delivery_models import SendHour
from .models import Audience
from .resolve import RECENTLY_WRITTEN, Resolution

_HOUR = 3600
MODES = _OFF, SKIP, HOLD = SMART_MODES
MOST_HOURS = 120
LONGEST = timedelta(hours=MOST_HOURS)


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to people written to within the window: `off`, `skip` them, or `hold` all."""

    mode: str = "off"
    window: timedelta = timedelta(hours=24)


OFF = Rule()


def rule_of(settings: Settings, audience: Audience) -> Rule:
    """What this campaign says, else what the setting says of its channel."""
    return own_rule(audience, setting_of(settings, audience.channel))


def facts_of(rule: Rule) -> dict[str, Any]:
    """What JSON can hold."""
    return {"mode": rule.mode, "hours": hours_of(rule.window)}


def in_force(settings: Settings, audience: Audience) -> dict[str, Any]:
    """Facts of the rule of this campaign; once the sending began, of the one that was applied."""
    if audience.is_frozen:
        return (audience.frozen_facts or {}).get("smart_sending") or facts_of(OFF)
    return facts_of(rule_of(settings, audience))


def setting_of(settings: Settings, channel: str) -> Rule:
    found = settings.smart_sending.get(channel)
    return Rule(*found) if found else OFF


def own_rule(audience: Audience, rule: Rule) -> Rule:
    hours = audience.smart_hours
    window = window_of(hours) if hours else rule.window
    return Rule(audience.smart_mode or rule.mode, window)


@dataclass(frozen=True, slots=True)
class Preview:
    """How many a window would leave out now, and when the last of them becomes free."""

    skipped: int
    last_free_at: datetime | None


def asked(values: MultiDict[str, str]) -> tuple[str | None, int | None]:
    """Mode and hours (1 to 120) that a form or an address names, None where it does not."""
    mode = values.get("mode", "")
    hours = values.get("slide", type=int) or values.get("hours", type=int)
    given = None if hours is None else max(1, min(MOST_HOURS, hours))
    return mode if mode in MODES else None, given


def keep(audience: Audience, mode: str | None, hours: int | None) -> None:
    """For this campaign; what is None stays. Another revision when anything is another."""
    before = audience.smart_mode, audience.smart_hours
    audience.smart_mode = mode or audience.smart_mode
    audience.smart_hours = hours or audience.smart_hours
    if before != (audience.smart_mode, audience.smart_hours):
        audience.revision += 1


def window_of(hours: int) -> timedelta:
    return timedelta(hours=hours)


def hours_of(window: timedelta) -> int:
    return round(window / timedelta(hours=1))


def apply(
    session: Session, audience: Audience, found: Resolution, rule: Rule, now: datetime
) -> Resolution:
    """Leave out who was written to recently; with `hold`, raise CannotSend when anybody was."""
    rule = own_rule(audience, rule)
    if rule.mode == OFF.mode:
        return found
    without = skip(session, audience, found, rule, now)
    if rule.mode == HOLD and without.reasons[RECENTLY_WRITTEN]:
        raise CannotSend("Some were written to recently.", reason=RECENTLY_WRITTEN)
    return without


def skip(
    session: Session, where: Audience | Choice, found: Resolution, rule: Rule, now: datetime
) -> Resolution:
    """Leave out who was written to within the window."""
    recent = found.recipients & recently_written(
        session, where.shop_id, where.channel, now, rule.window
    )
    reasons = dict(found.reasons) | {RECENTLY_WRITTEN: recent}
    return replace(found, reasons=reasons, recipients=found.recipients - recent)


def preview(
    session: Session,
    shop_id: int,
    channel: str,
    people: BitMap,
    now: datetime,
    window: timedelta,
) -> Preview:
    """For a slider: what this window would mean for these people."""
    hours = _hours(session, shop_id, channel, now, window)
    latest: int | None = None
    skipped = BitMap()
    for hour, members in hours.items():
        here = people & _with_same_address(session, shop_id, channel, members)
        if here:
            skipped |= here
            latest = hour if latest is None else max(latest, hour)
    free = None if latest is None else _end_of(latest) + window
    return Preview(len(skipped), free)


def recently_written(
    session: Session, shop_id: int, channel: str, now: datetime, window: timedelta
) -> BitMap:
    """Everybody with an address that was written to within the window."""
    found = union(_hours(session, shop_id, channel, now, window).values())
    return _with_same_address(session, shop_id, channel, found)


def _hours(
    session: Session, shop_id: int, channel: str, now: datetime, window: timedelta
) -> dict[int, BitMap]:
    rows = session.execute(
        select(SendHour.hour, SendHour.members).where(
            SendHour.shop_id == shop_id,
            SendHour.channel == channel,
            SendHour.hour > _hour_of(now - window) - 1,
        )
    )
    found: dict[int, BitMap] = {}
    for hour, members in rows:
        if _end_of(hour) > now - window:
            found[hour] = found.get(hour, BitMap()) | members
    return found


def _with_same_address(
    session: Session, shop_id: int, channel: str, written: BitMap
) -> BitMap:
    """Two contacts with one address are one mailbox."""
    if not written:
        return written
    here = reach.load_near(session, shop_id, channel, BitMap())
    firsts = {here.firsts.get(number, number) for number in written & here.shares_address}
    if not firsts:
        return written
    bound = (n for n in here.shares_address if here.firsts.get(n, n) in firsts)
    return written | BitMap(bound)


def record(session: Session, audience: Audience, people: BitMap, now: datetime) -> None:
    """These people are being written to. In ascending order, so that no two wait for each other."""
    for chunk in chunks_of(people):
        inside = people & BitMap(range(chunk * CHUNK, (chunk + 1) * CHUNK))
        key = (audience.shop_id, audience.channel, _hour_of(now), chunk)
        row = _locked(session, key) or _made(session, key)
        row.members = row.members | inside
    session.flush()


def _locked(session: Session, key: tuple[int, str, int, int]) -> SendHour | None:
    return session.get(SendHour, key, with_for_update=True, populate_existing=True)


def _made(session: Session, key: tuple[int, str, int, int]) -> SendHour:
    shop_id, channel, hour, chunk = key
    row = SendHour(
        shop_id=shop_id, channel=channel, hour=hour, chunk=chunk, members=BitMap()
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody else made it meanwhile
        found = _locked(session, key)
        if found is None:
            raise
        return found
    return row


def forget_old(session: Session, now: datetime) -> None:
    """Hours that no window reaches any more."""
    session.execute(delete(SendHour).where(SendHour.hour < _hour_of(now - LONGEST) - 1))


def last_free_at(
    session: Session, audience: Audience, people: BitMap, rule: Rule, now: datetime
) -> datetime | None:
    found = preview(session, audience.shop_id, audience.channel, people, now, rule.window)
    return found.last_free_at


def _hour_of(moment: datetime) -> int:
    return int(moment.timestamp()) // _HOUR


def _end_of(hour: int) -> datetime:
    return datetime.fromtimestamp((hour + 1) * _HOUR, UTC)
