"""Choices over named segments of one shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from smartpush_shopline.audiences import saving
from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.audiences.delivery_models import AudienceBatch, LeftOut
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.database import Database
from tests.hosting import Host, close_host, make_host
from tests.support import YES, Clock, People, customer, make_shop, says


@pytest.fixture
def choose(cast: People) -> Callable[..., Choice]:
    """`choose(vip, exclude=[old])`: as the picker would offer them now."""

    def make(*include: Any, exclude: Any = (), channel: str = "email", **more: Any) -> Choice:
        picks = [
            Pick(mode, segment.id, segment.current_version_id)
            for mode, segments in (("include", include), ("exclude", exclude))
            for segment in segments
        ]
        return Choice(cast.shop_id, channel, picks=tuple(picks), **more)

    return make


@pytest.fixture
def save(cast: People) -> Callable[..., int]:
    """Save and commit; the audience's id."""

    def saved(choice: Choice, campaign_ref: str = "campaign-1") -> int:
        with cast.begin() as session:
            return saving.save(session, choice, campaign_ref, cast.clock()).id

    return saved


@pytest.fixture
def look(cast: People) -> Callable[..., Any]:
    """Ask something about an audience: `look(audience_id, recall.recipients_now)`."""

    def asked(audience_id: int, question: Callable[[Session, Audience], Any]) -> Any:
        with cast.database.read() as session:
            return question(session, session.get_one(Audience, audience_id))

    return asked


@dataclass
class Campaigns:
    """Campaigns of a dashboard whose store has people who may all be written to."""

    host: Host
    people: People

    @property
    def verbs(self) -> Any:
        return self.host.smartpush.audiences

    def crowd(self, how_many: int) -> None:
        self.people.take(*[subscriber(number) for number in range(1, how_many + 1)])

    def save(self, ref: str = "c", channel: str = "email") -> Any:
        """A campaign to everybody."""
        choice = Choice(self.people.shop_id, channel, scope="everyone")
        self.verbs.save(choice, campaign_ref=ref)
        self.commit()
        return self.verbs.get(ref)

    def commit(self) -> None:
        self.host.db.session.commit()

    def opt_out(self, number: int) -> None:
        at = self.people.clock()
        said = says("unsubscribed", at)
        self.people.take(replace(subscriber(number), email_consent=said, updated_at=at))

    def row(self, ref: str = "c") -> Audience:
        self.commit()
        with self.host.database.read() as session:
            return session.scalars(select(Audience).where(Audience.campaign_ref == ref)).one()

    def places(self, ref: str = "c") -> dict[int, str]:
        """number → the one place where this person is; fails when there are two or none."""
        audience = self.row(ref)
        found: dict[int, str] = {}
        with self.host.database.read() as session:
            frozen = session.scalars(
                select(Audience.frozen).where(Audience.id == audience.id)
            ).one()
            batches = select(AudienceBatch).where(AudienceBatch.audience_id == audience.id)
            left = select(LeftOut).where(LeftOut.audience_id == audience.id, LeftOut.batch > 0)
            rows = [(each.members, each.state, each.count) for each in session.scalars(batches)]
            rows += [(each.members, each.reason, each.count) for each in session.scalars(left)]
        for members, place, count in rows:
            assert len(members) == count
            for number in members:
                assert number not in found, f"{number} is {found[number]} and {place}"
                found[number] = place
        assert set(found) == set(frozen)
        return found

    def counted(self, ref: str = "c") -> dict[str, int]:
        """Progress as the dashboard reads it, without the noughts; the same as the rows say."""
        facts = asdict(self.verbs.get(ref).progress)
        self.commit()
        parts = facts.pop("left_out")
        total = facts.pop("total")
        found = {name: count for name, count in (facts | parts).items() if count}
        assert sum(found.values()) == total == len(self.places(ref))
        return found


def subscriber(number: int) -> Any:
    return customer(
        str(number),
        email=f"p{number}@example.com",
        phone=f"+8869{number:08}",
        first_name=f"P{number}",
        email_consent=YES,
        sms_consent=YES,
    )


@pytest.fixture
def campaigns(url: str, clock: Clock, both: Database) -> Iterator[Campaigns]:
    """On both engines."""
    host = make_host(url, clock, both)
    people = People(both, make_shop(both, timezone="Asia/Taipei"), clock)
    with host.app.app_context():
        yield Campaigns(host, people)
        host.db.session.remove()
    close_host(host)
