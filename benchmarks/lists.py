"""Five segments of 5-50 % of the people, and the choice that is measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from pyroaring import BitMap

from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.audiences.models import EXCLUDE, INCLUDE
from smartpush_shopline.database import Database
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import SHOPLINE

CHANNEL = "email"
_SHARES = ((INCLUDE, 0.05), (INCLUDE, 0.20), (INCLUDE, 0.50), (EXCLUDE, 0.10), (EXCLUDE, 0.30))


@dataclass(frozen=True, slots=True)
class Lists:
    """The members of each segment by its id, and the choice over their first versions."""

    choice: Choice
    members: dict[int, BitMap]

    def segments(self, mode: str) -> list[int]:
        return [pick.segment_id for pick in self.choice.of(mode)]


def make_lists(database: Database, shop_id: int, size: int, random: Random, now: datetime) -> Lists:
    picks: list[Pick] = []
    members: dict[int, BitMap] = {}
    for mode, share in _SHARES:
        people = some_of(size, share, random)
        with database.begin() as session:
            name = f"{share:.0%} of everybody"
            segment = publishing.add_segment(session, shop_id, SHOPLINE, name, name, now)
            publishing.publish(session, segment, people, len(people), "first", now)
            picks.append(Pick(mode, segment.id, segment.current_version_id))
            members[segment.id] = people
    return Lists(Choice(shop_id, CHANNEL, picks=tuple(picks)), members)


def some_of(size: int, share: float, random: Random) -> BitMap:
    """People picked one by one: no runs that a bitmap could shorten."""
    return BitMap(random.sample(range(1, size + 1), round(size * share)))
