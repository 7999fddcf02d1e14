"""Midnight is that of the store, once, whoever ticks, and made up for when it was slept through."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from smartpush_shopline.clock import local_date, midnight
from smartpush_shopline.sandbox import groups, people
from smartpush_shopline.sandbox.moods import Moods
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shops.models import PENDING, Shop
from smartpush_shopline.sync import jobs
from smartpush_shopline.sync.following import was_followed
from smartpush_shopline.sync.models import SyncRun
from tests import workers
from tests.support import make_shop, versions, wait_for


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MIDNIGHTS = [
    ("Asia/Taipei", date(2026, 11, 25), "2026-11-24T16:00"),
    ("Asia/Kathmandu", date(2026, 11, 25), "2026-11-24T18:15"),
    ("America/New_York", date(2026, 10, 31), "2026-10-31T04:00"),
    ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00"),  # this day has 25 hours
    ("America/New_York", date(2026, 11, 2), "2026-11-02T05:00"),
    ("America/New_York", date(2027, 3, 14), "2027-03-14T05:00"),  # this day has 23 hours
    ("America/New_York", date(2027, 3, 15), "2027-03-15T04:00"),
    ("America/Santiago", date(2026, 9, 5), "2026-09-05T04:00"),
    ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00"),  # 00:00 does not exist
    ("America/Santiago", date(2026, 9, 7), "2026-09-07T03:00"),
    ("America/Santiago", date(2026, 4, 5), "2026-04-05T04:00"),  # 23:00 comes twice before it
    ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00"),  # 00:00 comes twice
    ("America/Havana", date(2026, 3, 8), "2026-03-08T05:00"),  # 00:00 does not exist
    ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00"),  # nor here
    ("Africa/Cairo", date(2026, 10, 30), "2026-10-29T22:00"),  # 23:00 comes twice before it
    ("Asia/Beirut", date(2026, 3, 29), "2026-03-28T22:00"),  # nor here
    ("Asia/Beirut", date(2026, 10, 25), "2026-10-24T22:00"),
    ("Asia/Kolkata", date(2026, 11, 25), "2026-11-24T18:30"),
    ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00"),  # clocks move by half an hour
]


@pytest.mark.parametrize(("zone", "day", "expected"), MIDNIGHTS)
def test_the_first_moment_of_a_stores_day(zone, day, expected):
    first = midnight(day, zone)
    assert first == utc(expected)
    assert local_date(first, zone) == day
    assert local_date(first - timedelta(seconds=1), zone) == day - timedelta(days=1)


@pytest.fixture
def nights(host):
    """(store, started at) of every night that was begun."""

    def begun():
        with host.database.read() as session:
            rows = session.execute(
                select(Shop.handle, SyncRun.started_at)
                .join(Shop, Shop.id == SyncRun.shop_id)
                .where(SyncRun.kind == "nightly")
                .order_by(SyncRun.id)
            )
            return [tuple(row) for row in rows]

    return begun


def finish(host):
    with host.database.begin() as session:
        for run in session.scalars(select(SyncRun)):
            run.state = "done"


@pytest.mark.parametrize(("zone", "day", "expected"), MIDNIGHTS)
def test_a_night_begins_with_the_stores_own_day_and_only_once(
    host, nights, clock, zone, day, expected
):
    make_shop(host.database, timezone=zone, last_nightly_date=day - timedelta(days=1))
    for minutes in (-61, -1):
        clock.time = utc(expected) + timedelta(minutes=minutes)
        jobs.claim_nights(host.state)
    assert nights() == []
    for minutes in (0, 1, 2, 59, 60, 61, 120, 22 * 60):
        clock.time = utc(expected) + timedelta(minutes=minutes)
        jobs.claim_nights(host.state)
        finish(host)
    assert nights() == [("alder", utc(expected))]


def test_each_store_has_its_own_midnight(host, nights, clock):
    day = date(2026, 11, 24)
    make_shop(host.database, "alder", timezone="Asia/Taipei", last_nightly_date=day)
    make_shop(host.database, "birch", timezone="America/New_York", last_nightly_date=day)
    for hour in range(24, 24 + 24):
        clock.time = utc("2026-11-24T00:01") + timedelta(hours=hour)  # of two, one waits a minute
        jobs.claim_nights(host.state)
    assert [handle for handle, _ in nights()] == ["alder", "birch", "alder"][:len(nights())]
    assert nights()[1] == ("birch", utc("2026-11-25T05:01"))


def test_many_stores_are_spread_over_the_minutes_after_midnight(host, nights, clock):
    """Each at a minute of its own, which is the same every night."""
    day = date(2026, 11, 24)
    for number in range(40):
        handle = f"shop-{number}"
        make_shop(host.database, handle, timezone="Africa/Cairo", last_nightly_date=day)
    for night in ("2026-11-24T22:00", "2026-11-25T22:00"):
        for minute in range(-2, 30):
            clock.time = utc(night) + timedelta(minutes=minute)
            jobs.claim_nights(host.state)
        finish(host)
    begun = nights()
    first = {handle: at - utc("2026-11-24T22:00") for handle, at in begun[:40]}
    second = {handle: at - utc("2026-11-25T22:00") for handle, at in begun[40:]}
    assert len(first) == 40 and first == second
    minutes = Counter(int(each.total_seconds()) // 60 for each in first.values())
    assert set(minutes) <= set(range(15)) and len(minutes) > 10 and max(minutes.values()) < 10


def test_a_night_that_was_slept_through_is_made_up_for_once(host, nights, clock):
    make_shop(host.database, timezone="Asia/Taipei", last_nightly_date=date(2026, 11, 20))
    for _ in range(3):
        jobs.claim_nights(host.state)
        finish(host)
    assert nights() == [("alder", clock())]
    assert host.shop("alder").last_nightly_date == date(2026, 11, 24)


def test_a_process_that_looked_before_the_night_and_wakes_up_after_it_begins_no_second(
    host, nights, clock
):
    make_shop(host.database, timezone="Asia/Taipei", last_nightly_date=date(2026, 11, 23))
    seen_by_a_sleeper = host.shop("alder")
    jobs.claim_nights(host.state)
    finish(host)
    jobs._begin_night(host.state, seen_by_a_sleeper, date(2026, 11, 24))
    assert len(nights()) == 1


def test_a_store_that_is_not_connected_or_not_imported_has_no_night(host, nights):
    make_shop(host.database, "alder")
    make_shop(host.database, "birch", status=PENDING, last_nightly_date=date(2026, 1, 1))
    jobs.claim_nights(host.state)
    assert nights() == []


def test_eight_processes_that_tick_at_once_begin_one_night(
    processes, host, nights, database_url, tmp_path
):
    make_shop(host.database, timezone="Asia/Taipei", last_nightly_date=date(2026, 11, 23))
    gate = tmp_path / "gate"
    gate.mkdir()
    ticks = [
        processes.submit(workers.claim_night, database_url, str(gate), 8, number)
        for number in range(8)
    ]
    assert [each.result(60) for each in ticks] == [None] * 8
    assert [handle for handle, _ in nights()] == ["alder"]


@pytest.mark.postgres
def test_eight_processes_begin_one_night_on_postgresql_too(
    processes, open_database, postgres_url, tmp_path
):
    database = open_database(postgres_url)
    make_shop(database, timezone="Asia/Taipei", last_nightly_date=date(2026, 11, 23))
    gate = tmp_path / "gate"
    gate.mkdir()
    for each in [
        processes.submit(workers.claim_night, postgres_url, str(gate), 8, number)
        for number in range(8)
    ]:
        each.result(60)
    with database.read() as session:
        assert len(session.scalars(select(SyncRun)).all()) == 1


TAIPEI_MIDNIGHT = utc("2026-11-24T16:00")  # the 25th begins


def segment(**facts):
    return Segment(**{"stale_reason": None, "error": None, "changed_at": None} | facts)


@pytest.mark.parametrize(
    ("changed", "read", "followed"),
    [
        (-120, -119, True),
        (-120, -120, True),
        (-120, -121, False),
        (-24 * 60, -1, True),
        (-24 * 60 - 1, -1, False),
        (None, -1, False),
        (None, -24 * 60 + 1, False),
        (-120, None, False),
    ],
)
def test_followed_is_only_what_changed_that_day_and_was_read_after_it(changed, read, followed):
    def moment(minutes):
        return None if minutes is None else TAIPEI_MIDNIGHT + timedelta(minutes=minutes)

    row = segment(changed_at=moment(changed), read_at=moment(read))
    assert was_followed(row, None, "Asia/Taipei", TAIPEI_MIDNIGHT) is followed


def test_what_failed_or_waits_was_not_followed():
    facts = {"changed_at": TAIPEI_MIDNIGHT - timedelta(hours=2), "read_at": TAIPEI_MIDNIGHT}
    assert was_followed(segment(**facts), None, "Asia/Taipei", TAIPEI_MIDNIGHT)
    owed = {"reread_at": TAIPEI_MIDNIGHT + timedelta(minutes=3)}
    for trouble in ({"error": {"code": "failing"}}, {"stale_reason": "webhook"}, owed):
        assert not was_followed(segment(**facts, **trouble), None, "Asia/Taipei", TAIPEI_MIDNIGHT)


@pytest.mark.parametrize(("minutes", "followed"), [(-1, True), (0, False), (1, False)])
def test_what_was_read_before_the_last_message_about_people_was_not_followed(minutes, followed):
    read = TAIPEI_MIDNIGHT - timedelta(hours=2)
    row = segment(changed_at=read, read_at=read)
    told = read + timedelta(minutes=minutes)
    assert was_followed(row, told, "Asia/Taipei", TAIPEI_MIDNIGHT) is followed


# -- over loopback ----------------------------------------------------------------------------


def night_of(host, clock, hours=1):
    """Go past the store's midnight, an hour from the start of each test, and tick."""
    clock.forward(hours=hours, minutes=1)
    host.tick()


def read_tonight(host, sandbox):
    refs = {s.segment_ref: name for name, s in host.segments().items()}
    return {refs[ref] for ref in refs if sandbox.counted(f"{ref}/customers.json")}


def test_every_segment_is_read_again_at_night(connected, sandbox, clock):
    for _ in range(2):
        sandbox.calls.clear()
        night_of(connected, clock, hours=24)
        assert read_tonight(connected, sandbox) == set(connected.segments())
    assert [(r.kind, r.state) for r in connected.runs()] == [
        ("import", "done"),
        ("nightly", "done"),
        ("nightly", "done"),
    ]
    assert all(len(versions(connected.database, s.id)) == 1 for s in connected.segments().values())


def test_a_segment_that_was_followed_all_day_comes_last_tonight(connected, sandbox, store, clock):
    big = next(s for s in store.segments.all() if s.name == "Big spenders")
    groups.edit(store, big.id, rule="total_spent:>=100")
    sandbox.arrived()
    sandbox.calls.clear()
    night_of(connected, clock)
    read = [call for call in sandbox.calls if "/customers.json" in call and "saved" in call]
    assert len(read) == len(connected.segments())
    assert big.id in read[-1]
    assert connected.runs()[-1].findings["plan"]["read"]["followed"] == 1


def test_an_old_list_that_the_store_served_after_a_change_of_rule_is_right_after_the_night(
    connected, sandbox, store, clock, members
):
    store.moods.membership = "snapshot"
    big = next(s for s in store.segments.all() if s.name == "Big spenders")
    store.members(big)
    groups.edit(store, big.id, rule="orders_count:>=0")
    sandbox.arrived()
    everybody = {c.id for c in store.customers.all()}
    assert members("Big spenders") != everybody
    night_of(connected, clock)
    assert members("Big spenders") == everybody


def test_what_no_webhook_told_is_found_at_night(connected, sandbox, store, clock, members):
    """Messages were lost: a segment came, one went, one moved, customers too, a subscription."""
    store.moods.deliver = "never"
    made = groups.create(store, "Unheard of", "orders_count:>=1")
    big, new = (
        next(s for s in store.segments.all() if s.name == name)
        for name in ("Big spenders", "Newsletter readers")
    )
    groups.delete(store, big.id)
    groups.edit(store, new.id, rule="orders_count:>=0")
    nia = people.create(store, {"email": "n@example.com", "email_subscribe_flag": 1}, "x").id
    store.subscriptions.drop(next(iter(store.subscriptions.all())).id.__str__())
    night_of(connected, clock)
    assert members("Unheard of") == {c.id for c in store.members(made)}
    assert connected.segments()["Big spenders"].state == "deleted"
    assert len(members("Newsletter readers")) == 21
    assert connected.people().verdict(nia) == "sendable"
    assert sorted(s.topic for s in store.subscriptions.all()) == connected.subscribable


def test_a_night_that_is_interrupted_goes_on(connected, sandbox, store, at, clock):
    at("v2/customers", 503)
    night_of(connected, clock)
    assert connected.runs()[-1].state == "running"
    assert connected.runs()[-1].error["status"] == 503
    clock.forward(seconds=10)
    connected.tick()
    assert connected.runs()[-1].state == "done"
    assert [r.kind for r in connected.runs()] == ["import", "nightly"]


def test_a_night_that_waits_for_a_segment_does_not_swallow_the_next_one(
    connected, store, at, clock
):
    at("saved_searches/GROUP", 503, times=1000)
    night_of(connected, clock)
    assert (connected.runs()[-1].state, connected.runs()[-1].phase) == ("running", "segments")
    store.moods = Moods({"webhooks": "dropped"})
    clock.forward(minutes=30)
    ada = store.customers.all()[0].id
    people.edit(store, ada, {"first_name": "Ada"}, "Admin")
    night_of(connected, clock, hours=24)
    assert [(r.kind, r.state) for r in connected.runs()[1:]] == [("nightly", "done")] * 2
    assert connected.people().find(ada).first_name == "Ada"


def test_strays_on_our_own_address_are_unsubscribed(connected, store, clock):
    from dataclasses import replace

    first = store.subscriptions.all()[0]
    ours = f"{connected.url}/smartpush/old-door"
    elsewhere = "https://another.example/hooks"
    store.subscriptions.put("1", replace(first, id=1, address=ours))
    store.subscriptions.put("2", replace(first, id=2, address=elsewhere))
    store.subscriptions.put("3", replace(first, id=3))
    night_of(connected, clock)
    assert [s.topic for s in store.subscriptions.all() if s.address == elsewhere] == [first.topic]
    addresses = [s.address for s in store.subscriptions.all() if s.topic == first.topic]
    assert sorted(addresses) == sorted([elsewhere, first.address])


def test_a_topic_that_is_refused_is_noted_and_the_others_are_subscribed(
    live, sandbox, store, clock
):
    live.state.topics.on("nobody/knows")(lambda payload, context: None)
    sandbox.connect(live.browser())
    assert live.runs()[0].findings == {"refused_topics": ["nobody/knows"]}
    assert live.runs()[0].state == "done"
    assert len(store.subscriptions) == len(live.subscribable) - 1


def test_what_messages_tell_while_the_segments_are_listed_stands(
    connected, sandbox, store, at, clock
):
    """The list is of the moment before: it knows the one still, and the other not yet."""
    deleted = next(each for each in store.segments.all() if each.name == "Newsletter readers")

    def meanwhile():
        clock.forward(seconds=1)
        groups.delete(store, deleted.id)
        groups.create(store, "Meanwhile", "orders_count:>=0")
        sandbox.arrived()
        assert wait_for(lambda: connected.segments()[deleted.name].state == "deleted")
        assert wait_for(lambda: "Meanwhile" in connected.segments())

    at("v2/count.json", meanwhile)
    night_of(connected, clock)
    assert connected.segments()[deleted.name].state == "deleted"
    assert connected.segments()["Meanwhile"].state != "deleted"
    assert connected.runs()[-1].state == "done"
