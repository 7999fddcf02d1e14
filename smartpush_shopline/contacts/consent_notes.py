"""What a person should know about opt-outs that come in from the dashboard or go to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from .. import failure
from ..i18n import gettext as _
from ..i18n import local_time, ngettext, number
from ..shops.models import Shop
from ..web import State
from . import host_opt_outs, writing_back
from .models import OptOutReading


class Note(NamedTuple):
    """Something that a person has to see to."""

    what: str
    what_to_do: str
    admin_url: str = ""
    may_try_again: bool = False


@dataclass(frozen=True, slots=True)
class Flows:
    """None where it is not set up: when the dashboard's own were read, what the store was told."""

    reads_host: bool
    read_until: datetime | None
    writes_back: bool
    waiting: int
    refused: int


def flows(session: Session, state: State, shop: Shop) -> Flows:
    reading = session.get(OptOutReading, shop.id)
    tally = writing_back.tally(session, shop.id)
    return Flows(
        reads_host=state.opt_outs() is not None,
        read_until=reading.read_until if reading else None,
        writes_back=state.settings.write_back,
        waiting=tally.waiting,
        refused=tally.refused,
    )


def notes(session: Session, state: State, shop: Shop) -> Sequence[Note]:
    found = []
    if state.opt_outs() is not None:
        found += _about_reading(session.get(OptOutReading, shop.id), shop)
    if state.settings.write_back:
        found += _about_writing(session, state, shop)
    return found


def _about_reading(reading: OptOutReading | None, shop: Shop) -> list[Note]:
    if reading is None or reading.failed_since is None:
        return []
    since = local_time(reading.failed_since, shop.timezone, "d MMM, HH:mm")
    what = _("The dashboard's own opt-outs cannot be read since %(time)s", time=since)
    if reading.read_until is None:
        rest = _("Nothing is sent until they were read once. It is tried again every minute.")
    else:
        until = local_time(reading.read_until, shop.timezone, "d MMM, HH:mm")
        rest = _("Those until %(time)s are known. It is tried again every minute, and none is "
                 "lost.", time=until)
    return [Note(what, f"{rest} {why_unread(reading.error)}".strip())]


def why_unread(error: Mapping[str, str] | None) -> str:
    """Why the dashboard's own opt-outs could not be read, in one sentence."""
    code, said = (error or {}).get("code", ""), (error or {}).get("said", "")
    known = {
        host_opt_outs.RAISED: _("The dashboard's function raised %(error)s; the log says where.",
                                error=said),
        host_opt_outs.OTHER_CHANNEL: _("It gives an opt-out of “%(channel)s”, which is neither "
                                       "email nor sms.", channel=said),
        host_opt_outs.NO_ZONE: _("It gives an opt-out whose occurred_at has no time zone."),
    }
    return known.get(code, "")


def _about_writing(session: Session, state: State, shop: Shop) -> list[Note]:
    tally, admin = writing_back.tally(session, shop.id), state.settings.store_url(shop.handle)
    if not writing_back.is_granted(shop):
        return [
            Note(
                _("%(store)s does not let us tell it about opt-outs", store=shop.name),
                _("The permission write_customers is missing. Open SmartPush once in the Admin, "
                  "under Apps, and agree. Nobody who opted out here is written to meanwhile."),
                admin_url=f"{admin}/admin",
            )
        ]
    if not tally.refused and not tally.error:
        return []
    count = tally.refused or tally.waiting
    return [
        Note(
            ngettext(
                "%(n)s opt-out could not be written to the store",
                "%(n)s opt-outs could not be written to the store",
                count,
                n=number(count),
            ),
            _("They hold here all the same. %(why)s", why=failure.sentence(tally.error)),
            may_try_again=True,
        )
    ]


def tell_again(session: Session, shop: Shop, now: datetime) -> int:
    return writing_back.again(session, shop.id, now)
