"""What we do meanwhile, for people who look, choose, or say no: data, like the deeds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.errors import CannotSend
from smartpush_shopline.segments.models import DELETED, SHOPLINE, Segment
from smartpush_shopline.sync import freshening, staleness
from tests.chaos.deeds import EMAILS, PHONES
from tests.chaos.world import World

CHANNELS = st.sampled_from(("email", "sms"))
WHICH = st.integers(0, 5)


def _one(world: World, number: int) -> Segment | None:
    found = [each for each in world.segments().values() if each.state != DELETED]
    return found[number % len(found)] if found else None


@dataclass(frozen=True)
class HearNo:
    """Somebody does not want messages any more, and tells us, not the store."""

    channel: str
    address: int
    source: str

    def __call__(self, world: World) -> None:
        address = (EMAILS if self.channel == "email" else PHONES)[self.address]
        world.hear_opt_out(self.channel, address, self.source)


@dataclass(frozen=True)
class TakeList:
    """A file of opt-outs is imported."""

    channel: str
    address: int

    def __call__(self, world: World) -> None:
        address = (EMAILS if self.channel == "email" else PHONES)[self.address]
        world.take_list_of_opt_outs(self.channel, address)


@dataclass(frozen=True)
class SaveCampaign:
    """`minutes` from now it is due, if at all; its segment may have no list yet."""

    channel: str
    segment: int
    policy: str
    minutes: int | None

    def __call__(self, world: World) -> None:
        segment = _one(world, self.segment)
        if segment is None:
            return
        pick = Pick("include", segment.id, segment.current_version_id, self.policy)
        world.campaigns += 1
        choice = Choice(world.shop_id, self.channel, picks=(pick,))

        def save(host: Any) -> None:
            ref = f"campaign-{world.campaigns}"
            host.smartpush.audiences.save(choice, campaign_ref=ref)
            if self.minutes is not None:
                with suppress(CannotSend):
                    at = world.clock() + timedelta(minutes=self.minutes)
                    host.smartpush.audiences.schedule(ref, at)
            host.db.session.commit()

        world.in_the_dashboard(save)


@dataclass(frozen=True)
class LookAt:
    segment: int

    def __call__(self, world: World) -> None:
        if segment := _one(world, self.segment):
            world.in_the_dashboard(
                lambda host: freshening.freshen(host.state, world.shop_id, [segment.id])
            )


@dataclass(frozen=True)
class CheckNow:
    segment: int

    def __call__(self, world: World) -> None:
        segment = _one(world, self.segment)
        if segment is not None and segment.source == SHOPLINE:
            with world.database.begin() as session:
                row = session.get_one(Segment, segment.id)
                staleness.mark_stale(session, row, staleness.PERSON, world.clock())
            world.asked[segment.segment_ref] = len(world.wire.calls)


@dataclass(frozen=True)
class StartAgain:
    worker: int

    def __call__(self, world: World) -> None:
        world.start_again(self.worker)


SOURCES = ("unsubscribe link", "dashboard", "manual", "complaint")
DOINGS = st.one_of(
    st.builds(HearNo, CHANNELS, st.integers(1, 3), st.sampled_from(SOURCES)),
    st.builds(TakeList, CHANNELS, st.integers(1, 3)),
    st.builds(
        SaveCampaign,
        CHANNELS,
        WHICH,
        st.sampled_from(("pinned", "newest")),
        st.sampled_from((None, 0, 5, 600)),
    ),
    st.builds(LookAt, WHICH),
    st.builds(CheckNow, WHICH),
    st.builds(StartAgain, st.integers(0, 1)),
)
