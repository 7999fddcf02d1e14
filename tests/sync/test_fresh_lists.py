"""Lists that may be behind the store: after messages about people, and after a change of rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smartpush_shopline.errors import ConfigurationError
from smartpush_shopline.sandbox import buying, groups, people
from smartpush_shopline.settings import Settings
from smartpush_shopline.sync import rereading
from smartpush_shopline.sync.freshening import freshen
from tests.hosting import config
from tests.support import versions
from tests.sync.test_real_time import named


@pytest.fixture
def look(connected):
    """Somebody looks at these segments in the picker."""

    def at(*names):
        found = connected.segments()
        freshen(connected.state, connected.shop().id, [found[name].id for name in names])

    return at


def read_at(host, name):
    return host.segments()[name].read_at


def poor_one(store):
    return next(c for c in store.customers.all() if c.orders_count == 0 and c.spent == 0)


def test_an_order_reads_nothing_until_somebody_looks(
    connected, sandbox, store, clock, look, members
):
    clock.forward(minutes=20)
    sandbox.calls.clear()
    poor = poor_one(store)
    buying.place(store, poor.id, "90000.00")
    sandbox.arrived()
    assert connected.shop().people_changed_at == clock()
    assert sandbox.calls == []
    assert poor.id not in members("Big spenders")
    look("Big spenders")
    assert poor.id in members("Big spenders")
    segment = connected.segments()["Big spenders"]
    causes = [v.cause for v in versions(connected.database, segment.id)]
    assert causes == ["import", "person"]


@pytest.mark.parametrize("what", ["customer", "consent", "deletion", "order"])
def test_every_message_about_people_says_that_segments_may_be_others(
    connected, sandbox, store, clock, what
):
    clock.forward(minutes=1)
    one = next(c for c in store.customers.all() if c.email and c.email_consent.state == 1)
    if what == "customer":
        people.edit(store, one.id, {"tags": "quite new"}, "Admin")
    elif what == "consent":
        people.edit(store, one.id, {"email_subscribe_flag": 0}, "Admin")
    elif what == "order":
        buying.place(store, one.id, "1.00")
    else:
        people.delete(store, one.id)
    sandbox.arrived()
    assert connected.shop().people_changed_at == clock()


def test_what_cannot_be_another_list_is_not_read(connected, sandbox, clock, look):
    clock.forward(hours=5)
    sandbox.calls.clear()
    look("Big spenders", "Newsletter readers")
    assert sandbox.calls == []
    look("No order for 90 days")
    assert sandbox.counted("/customers.json") == 1


def test_a_list_that_is_young_enough_is_offered_as_it_is(connected, store, sandbox, clock, look):
    before = read_at(connected, "Big spenders")
    clock.forward(minutes=14)
    buying.place(store, poor_one(store).id, "1.00")
    sandbox.arrived()
    look("Big spenders")
    assert read_at(connected, "Big spenders") == before
    clock.forward(minutes=1)
    look("Big spenders")
    assert read_at(connected, "Big spenders") == clock()


def test_looking_again_and_again_asks_once_a_minute(
    connected, sandbox, store, clock, look, at
):
    clock.forward(minutes=30)
    buying.place(store, poor_one(store).id, "1.00")
    sandbox.arrived()
    at("customer_saved_searches", 400, times=1000)  # refused for good: nothing waits to be tried
    sandbox.calls.clear()
    for _ in range(5):
        look("Big spenders")
        clock.forward(seconds=15)
    assert sandbox.counted("customer_saved_searches") == 2


def test_a_store_that_is_not_connected_is_not_asked(connected, clock, look):
    clock.forward(hours=1)
    with connected.database.begin() as session:
        session.merge(connected.shop()).status = "paused"
    look("No order for 90 days")
    assert connected.segments()["No order for 90 days"].stale_reason is None


# -- a rule changed ---------------------------------------------------------------------------


@pytest.fixture
def patient(connected):
    """With the usual times, which most tests do without."""
    connected.state.settings = replace(connected.state.settings, reread=Settings().reread)
    return connected


def rereads(host, clock, sandbox, minutes):
    """At which of these minutes the segment is read, when the clock ticks at each."""
    start, found = clock(), []
    for minute in minutes:
        clock.time = start + timedelta(minutes=minute)
        sandbox.calls.clear()
        host.tick()
        if sandbox.counted("/customers.json?"):
            found.append(minute)
    return found


def test_after_a_change_of_rule_a_segment_is_read_three_times_more(
    patient, sandbox, store, clock
):
    groups.edit(store, named(store, "Big spenders").id, rule="total_spent:>=100")
    sandbox.arrived()
    minutes = [1, 2, 3, 9, 10, 11, 30, 58, 59]
    assert rereads(patient, clock, sandbox, minutes) == [2, 10]
    segment = patient.segments()["Big spenders"]
    assert segment.reread_at == segment.rule_changed_at + timedelta(minutes=60)
    assert segment.stale_reason is None, "waiting is not being read"


def test_an_edit_is_read_before_a_reading_that_is_only_made_again(patient, sandbox, store, clock):
    groups.edit(store, named(store, "Big spenders").id, rule="total_spent:>=100")
    sandbox.arrived()
    clock.forward(minutes=2)
    with patient.database.begin() as session:
        rereading.mark_due(session, patient.shop().id, patient.state.settings.reread, clock())
    clock.forward(seconds=1)
    sandbox.calls.clear()
    edited = next(s for s in store.segments.all() if s.name != "Big spenders")
    groups.edit(store, edited.id, rule="total_spent:>=1")
    sandbox.arrived()
    read = [call for call in sandbox.calls if "/customers.json?" in call]
    assert [edited.id in call for call in read] == [True, False]


def test_a_store_that_serves_old_lists_for_a_while_is_right_in_the_end(
    patient, sandbox, store, clock, members
):
    store.moods.membership = "snapshot"
    big = named(store, "Big spenders")
    store.members(big)
    groups.edit(store, big.id, rule="orders_count:>=0")
    sandbox.arrived()
    everybody = {c.id for c in store.customers.all()}
    old = members("Big spenders")
    rereads(patient, clock, sandbox, range(1, 12))
    assert old != everybody
    assert members("Big spenders") == everybody


def test_times_that_were_slept_through_are_made_up_for_once(patient, sandbox, store, clock):
    groups.edit(store, named(store, "Big spenders").id, rule="total_spent:>=100")
    sandbox.arrived()
    assert rereads(patient, clock, sandbox, [45, 46, 59]) == [45]
    assert patient.segments()["Big spenders"].reread_at is not None


def test_a_rename_and_a_first_import_are_no_change_of_rule(patient, sandbox, store, clock):
    assert {s.reread_at for s in patient.segments().values()} == {None}
    groups.edit(store, named(store, "Big spenders").id, name="Large spenders")
    sandbox.arrived()
    assert patient.segments()["Large spenders"].reread_at is None


def test_what_was_deleted_is_not_read_again(patient, sandbox, store, clock):
    big = named(store, "Big spenders").id
    groups.edit(store, big, rule="total_spent:>=100")
    sandbox.arrived()
    groups.delete(store, big)
    sandbox.arrived()
    assert patient.segments()["Big spenders"].reread_at is None
    assert rereads(patient, clock, sandbox, [2, 10]) == []


@pytest.mark.parametrize("wrong", [[5], [timedelta(0)], [timedelta(minutes=-1)]])
def test_a_wrong_time_is_refused_with_a_sentence(wrong):
    with pytest.raises(ConfigurationError, match="SMARTPUSH_REREAD is a list of timedelta"):
        Settings.read(config("sqlite://", SMARTPUSH_REREAD=wrong))


def test_a_night_without_calls_is_refused_with_a_sentence():
    with pytest.raises(ConfigurationError, match="SMARTPUSH_NIGHT_BUDGET is a number, 1 or more"):
        Settings.read(config("sqlite://", SMARTPUSH_NIGHT_BUDGET=0))
