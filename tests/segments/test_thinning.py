"""Old versions that nobody chose go; the current one and the chosen ones never do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyroaring import BitMap
from sqlalchemy.exc import IntegrityError

from smartpush_shopline.audiences.models import SAVED, Audience, AudiencePick
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import Segment, SegmentVersion
from smartpush_shopline.segments.thinning import surplus, thin
from smartpush_shopline.shops.models import Shop
from tests.support import NOW, make_shop, versions

HOUR = NOW.replace(minute=0)
T = timedelta


def ages(*ago):
    """(id, published at), the oldest last."""
    return [(number, NOW - each) for number, each in enumerate(ago, 1)]


@pytest.mark.parametrize(
    ("ago", "gone"),
    [
        ([], []),
        ([T(minutes=n) for n in range(600)], []),  # of the last day nothing goes
        ([T(days=2, minutes=5), T(days=2, minutes=10), T(days=2, minutes=70)], [2]),
        ([T(days=2), T(days=2, minutes=1)], []),  # on either side of the full hour
        ([T(days=40, hours=5), T(days=40, hours=6), T(days=42)], [2]),
        ([T(days=366), T(days=400)], [1, 2]),
        ([T(days=364), T(days=364, minutes=1)], [2]),
    ],
)
def test_one_an_hour_for_a_month_and_one_a_day_for_a_year(ago, gone):
    assert sorted(surplus(ages(*ago), NOW)) == gone


def test_the_last_of_an_hour_is_the_one_that_stays_whatever_the_order():
    day = datetime(2026, 11, 1, 8, tzinfo=UTC)
    rows = [(n, day + timedelta(minutes=n)) for n in (30, 5, 59, 12)]
    assert sorted(surplus(rows, NOW)) == [5, 12, 30]


@pytest.fixture
def segment(host):
    """With ten versions that are five minutes apart, a week old."""
    shop_id = make_shop(host.database)
    with host.database.begin() as session:
        made = publishing.add_segment(session, shop_id, "shopline", "VIP", "VIP", NOW)
        for number in range(10):
            at = HOUR - timedelta(days=7) + timedelta(minutes=5 * number)
            publishing.publish(session, made, BitMap(range(number + 1)), None, "webhook", at)
    return made


def left(host, segment):
    return [each.version for each in versions(host.database, segment.id)]


def pick(session, segment, version_id):
    audience = Audience(
        shop_id=segment.shop_id, campaign_ref="c", channel="email", state=SAVED, created_at=NOW
    )
    audience.picks = [
        AudiencePick(
            mode="include", segment_id=segment.id, version_id=version_id, picked_at=NOW
        )
    ]
    session.add(audience)
    session.flush()


def test_the_current_version_and_the_chosen_ones_stay(host, segment):
    third = versions(host.database, segment.id)[2]
    with host.database.begin() as session:
        pick(session, segment, third.id)
    thin(host.state)
    assert left(host, segment) == [3, 10]


def test_the_current_version_stays_even_when_a_newer_one_was_thinned_around_it(host, segment):
    first = versions(host.database, segment.id)[0]
    with host.database.begin() as session:
        session.get_one(Segment, segment.id).current_version_id = first.id
    thin(host.state)
    assert left(host, segment) == [1, 10]


def test_a_thinned_version_cannot_be_chosen(host, segment):
    first = versions(host.database, segment.id)[0]
    thin(host.state)
    assert left(host, segment) == [10]
    with pytest.raises(IntegrityError), host.database.begin() as session:
        pick(session, segment, first.id)


def test_it_is_done_once_a_day(host, segment, clock):
    thin(host.state)
    with host.database.begin() as session:
        mine = session.get_one(Segment, segment.id)
        for number in range(3):
            at = HOUR - timedelta(days=3) + timedelta(minutes=number)
            publishing.publish(session, mine, BitMap([number]), None, "webhook", at)
    clock.forward(hours=23)
    thin(host.state)
    assert left(host, segment) == [10, 11, 12, 13]
    clock.forward(hours=1)
    thin(host.state)
    assert left(host, segment) == [10, 13]
    with host.database.read() as session:
        assert session.get_one(Shop, segment.shop_id).thinned_at == clock()


@pytest.mark.postgres
def test_it_is_the_same_on_postgresql(open_database, postgres_url, clock):
    from types import SimpleNamespace

    database = open_database(postgres_url)
    shop_id = make_shop(database)
    with database.begin() as session:
        made = publishing.add_segment(session, shop_id, "shopline", "VIP", "VIP", NOW)
        for number in range(5):
            at = HOUR - timedelta(days=7) + timedelta(minutes=number)
            publishing.publish(session, made, BitMap([number]), None, "webhook", at)
    second = versions(database, made.id)[1]
    with database.begin() as session:
        pick(session, made, second.id)
    thin(SimpleNamespace(now=clock, database=database))
    assert [each.version for each in versions(database, made.id)] == [2, 5]
    with database.read() as session:
        assert session.get(SegmentVersion, second.id) is not None
