"""After messages about people the store is asked, cheaply and soon, in which segments they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from smartpush_shopline.contacts.models import ChangedContact
from smartpush_shopline.inbox import working
from smartpush_shopline.sandbox import buying, paging, people
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shopline import CustomerNow, ShoplineClient
from smartpush_shopline.sync import changes, checking, staleness
from smartpush_shopline.sync.models import SyncDelta
from tests.support import versions
from tests.sync.test_fresh_lists import poor_one


@pytest.fixture
def soon(connected, sandbox, clock):
    """So much later the clock ticks; which calls that takes."""

    def tick(**later):
        clock.forward(**(later or {"seconds": 10}))
        sandbox.calls.clear()
        connected.tick()
        return sandbox.by_endpoint()

    return tick


def causes(host, name):
    return [v.cause for v in versions(host.database, host.segments()[name].id)]


def test_who_bought_is_in_the_new_segment_ten_seconds_later_and_nothing_was_read(
    connected, sandbox, store, soon, members
):
    poor = poor_one(store)
    buying.place(store, poor.id, "90000.00")
    sandbox.arrived()
    assert soon(seconds=9) == {}
    asked = soon(seconds=1)
    assert poor.id in members("Big spenders")
    assert poor.id in members("Returning customers") or poor.orders_count == 0
    assert sandbox.counted("saved_searches") == 0
    assert sandbox.counted("graphql") == len(sandbox.calls) <= 3, asked
    assert causes(connected, "Big spenders") == ["import", "changes"]
    assert soon(minutes=5) == {}
    assert [r.kind for r in connected.runs()] == ["import"]
    with connected.database.read() as session:
        assert not session.scalars(select(ChangedContact)).all()
        assert not session.scalars(select(SyncDelta)).all()


def test_what_somebody_bought_is_known_as_soon_although_they_did_not_change(
    connected, sandbox, store, soon
):
    store.moods.order_bumps_customer = "no"
    poor = poor_one(store)
    before = connected.people().find(poor.id)
    buying.place(store, poor.id, "12.50")
    sandbox.arrived()
    soon()
    after = connected.people().find(poor.id)
    assert (after.orders_count, after.total_spent) == (1, Decimal("12.50"))
    assert after.remote_updated_at == before.remote_updated_at
    assert sandbox.counted("graphql") == len(sandbox.calls)


def test_no_segment_is_said_to_match_until_the_store_was_asked(
    connected, sandbox, store, soon, at
):
    """Neither before the look begins nor while it goes on."""
    def said():
        [shop] = connected.browser().get("/smartpush/status.json").get_json()["shops"]
        return shop["segments"]["matching"], shop["segments"]["checking"]

    total = len(connected.segments())
    assert said() == (total, 0)
    people.edit(store, store.customers.all()[0].id, {"tags": "quite new"}, "Admin")
    sandbox.arrived()
    during = []
    at("graphql", lambda: during.append(said()))
    assert said() == (0, total)
    soon()
    assert during == [(0, total)] and said() == (total, 0)


def test_a_customer_who_was_deleted_leaves_every_list(connected, sandbox, store, soon, members):
    big = next(s for s in store.segments.all() if s.name == "Big spenders")
    gone = store.members(big)[0].id
    people.delete(store, gone)
    sandbox.arrived()
    soon()
    assert gone not in members("Big spenders")
    assert sandbox.counted("saved_searches") == 0
    assert connected.segments()["Big spenders"].differs_since is None


def test_what_several_calls_tell_of_a_segment_is_one_list(
    connected, sandbox, store, soon, members, monkeypatch
):
    monkeypatch.setattr(checking, "CUSTOMERS_PER_CALL", 1)
    big = next(s for s in store.segments.all() if s.name == "Big spenders")
    gone = [each.id for each in store.members(big)[:2]]
    for each in gone:
        people.delete(store, each)
    sandbox.arrived()
    soon()
    assert len(gone) == 2 and not members("Big spenders").intersection(gone)
    assert causes(connected, "Big spenders") == ["import", "changes"]


def test_a_segment_that_an_answer_leaves_out_keeps_its_people(
    connected, sandbox, store, soon, members, monkeypatch
):
    asked, nothing = ShoplineClient.fetch_memberships, CustomerNow({})
    monkeypatch.setattr(
        ShoplineClient, "fetch_memberships", lambda *them: dict.fromkeys(asked(*them), nothing)
    )
    big = next(s for s in store.segments.all() if s.name == "Big spenders")
    one = store.members(big)[0].id
    people.edit(store, one, {"tags": "quite new"}, "Admin")
    sandbox.arrived()
    assert soon() != {}
    assert one in members("Big spenders")
    assert sandbox.counted("saved_searches") == 0, "nothing was doubted"


def test_who_does_not_fit_into_one_look_is_asked_about_in_the_next(
    connected, sandbox, store, soon, monkeypatch
):
    monkeypatch.setattr(changes, "MOST", 1)
    for each in store.customers.all()[:2]:
        people.edit(store, each.id, {"tags": "quite new"}, "Admin")
    sandbox.arrived()
    assert [sum(soon(minutes=5).values()) for _ in range(3)] == [1, 1, 0]


def test_many_messages_are_asked_about_together(connected, sandbox, store, soon):
    for each in store.customers.all():
        people.edit(store, each.id, {"tags": "quite new"}, "Admin")
        people.edit(store, each.id, {"tags": "newer"}, "Admin")
    sandbox.arrived()
    soon()
    assert len(sandbox.calls) == 1, "twenty people, whose segments are the same"


def test_under_load_it_is_asked_once_in_two_minutes(connected, sandbox, store, soon):
    one = poor_one(store).id
    asked = []
    for second in range(0, 360, 10):
        people.edit(store, one, {"tags": f"at {second}"}, "Admin")
        sandbox.arrived()
        if soon():
            asked.append(second)
    assert asked == [0, 120, 240]


def test_a_count_that_the_answers_do_not_explain_is_read_and_its_cost_puts_off_the_next_time(
    connected, sandbox, store, soon, members, clock, monkeypatch
):
    """A third of three calls a second: so many seconds as there were calls."""
    monkeypatch.setattr(changes, "MAX_LIMIT", 1)
    every = timedelta(seconds=1)
    connected.state.settings = replace(connected.state.settings, changes_every=every)
    told, untold = [c for c in store.customers.all() if c.orders_count == 0][:2]
    store.customers.put(untold.id, replace(untold, orders_count=9, spent=90_000_00))
    buying.place(store, told.id, "90000.00")
    sandbox.arrived()
    began = clock() + timedelta(seconds=10)
    soon()
    assert {told.id, untold.id} <= members("Big spenders")
    assert causes(connected, "Big spenders") == ["import", "count"]
    read = [
        each
        for each in connected.segments().values()
        if sandbox.counted(f"{each.segment_ref}/customers.json")
    ]
    asked = sandbox.counted("graphql") - len(read)  # after a reading it was counted once more
    calls = asked + sum(each.admin_count + 1 for each in read)
    assert connected.shop().changes_paused_until == began + timedelta(seconds=calls)


@pytest.mark.parametrize("status", [400, 503])
def test_a_store_that_answers_no_such_questions_is_read_when_somebody_looks(
    connected, sandbox, store, soon, at, clock, status
):
    at("graphql", status, times=1000)
    clock.forward(minutes=1)
    buying.place(store, poor_one(store).id, "90000.00")
    sandbox.arrived()
    asked = sum(sum(soon().values()) for _ in range(8))
    assert asked == (5 if status == 400 else 6)
    shop = connected.shop()
    assert shop.changes_at is None and shop.changes_checked_at is None
    assert [r.kind for r in connected.runs()] == ["import"]
    assert "read again when somebody chooses it" in connected.browser().get("/smartpush/").text


def test_a_run_that_took_long_is_followed_by_a_longer_pause(
    connected, sandbox, store, soon, at, clock
):
    """Each person was asked alone, say, which its own count of calls does not know."""
    at("graphql", lambda: clock.forward(seconds=100))
    buying.place(store, poor_one(store).id, "90000.00")
    sandbox.arrived()
    soon()
    assert connected.shop().changes_paused_until == clock() + timedelta(seconds=200)


def test_a_stream_of_messages_does_not_put_it_off(connected, sandbox, store, soon):
    one = poor_one(store).id
    for second in (0, 6):
        people.edit(store, one, {"tags": f"at {second}"}, "Admin")
        sandbox.arrived()
        asked = soon(seconds=6 if second == 0 else 4)
    assert sum(asked.values()) == 1


def test_a_list_that_somebody_leaves_while_it_is_read_is_read_once_more(
    connected, sandbox, store, at, clock, members, monkeypatch
):
    """They were on a page that was read, and somebody else slipped between two pages for it."""
    monkeypatch.setattr(paging, "_limit", lambda _usual, _highest: 2)
    readers = next(s for s in store.segments.all() if s.name == "Newsletter readers")
    gone = store.members(readers)[0]

    def leaves():
        people.edit(store, gone.id, {"email_subscribe_flag": 0}, "customer")
        sandbox.arrived()
        working.drain(connected.state)
        clock.forward(seconds=10)
        changes.claim(connected.state, connected.shop().id)

    at(f"{readers.id}/customers.json", leaves, nth=3)
    with connected.database.begin() as session:
        segment = session.get_one(Segment, connected.segments()["Newsletter readers"].id)
        staleness.mark_stale(session, segment, staleness.NIGHT, clock())
    connected.tick()
    assert causes(connected, "Newsletter readers") == ["import", "nightly", "count"]
    assert members("Newsletter readers") == {each.id for each in store.members(readers)}
    assert gone.id not in members("Newsletter readers")
