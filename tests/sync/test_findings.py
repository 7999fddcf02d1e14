"""What a night found that no message had told of, in numbers and in plain words."""

from __future__ import annotations

from smartpush_shopline import signals
from smartpush_shopline.contacts import erase
from smartpush_shopline.sandbox import groups, people
from tests.sync.test_nights import night_of
from tests.sync.test_real_time import named


def found(host):
    return host.runs()[-1].findings


def test_a_quiet_night_finds_nothing(connected, clock):
    night_of(connected, clock)
    assert "unannounced" not in found(connected)
    assert "drifted" not in found(connected)


def test_what_messages_told_of_is_no_finding(connected, sandbox, store, clock):
    clock.forward(minutes=5)
    first, second = (c.id for c in store.customers.all()[:2])
    people.edit(store, first, {"first_name": "Another"}, "Admin")
    people.delete(store, second)
    groups.edit(store, named(store, "Big spenders").id, name="Large", rule="orders_count:>=1")
    groups.create(store, "Made today", "orders_count:>=0")
    sandbox.arrived()
    night_of(connected, clock)
    assert "unannounced" not in found(connected)


def test_changes_that_no_message_told_of_are_counted_and_said(connected, store, clock):
    store.moods.deliver = "never"
    clock.forward(minutes=5)
    first, second = (c.id for c in store.customers.all()[:2])
    people.edit(store, first, {"first_name": "Another"}, "Admin")
    people.create(store, {"email": "new@example.com"}, "x")
    people.delete(store, second)
    groups.edit(store, named(store, "Big spenders").id, rule="orders_count:>=0")
    night_of(connected, clock)
    assert found(connected)["unannounced"] == {"segments": 1, "customers": 2, "deleted": 1}
    drifted = {each["name"]: each for each in found(connected)["drifted"]}["Big spenders"]
    page = connected.browser().get("/smartpush/activity/runs").get_data(as_text=True)
    assert "4 changes that no webhook had announced" in page
    assert f"“Big spenders” drifted by +{drifted['joined']} −{drifted['left']}" in page


def test_a_first_import_has_no_such_findings(connected):
    assert found(connected) == {}


def test_somebody_who_was_erased_is_no_news_every_night(connected, store, clock):
    one = store.customers.all()[0].id
    with connected.database.begin() as session:
        erase.erase(session, connected.shop().id, erase.Who(one), clock())
    night_of(connected, clock)
    assert "unannounced" not in found(connected)


def test_who_listens_hears_of_members_only_when_there_are_others(connected, store, clock):
    store.moods.deliver = "never"
    groups.edit(store, named(store, "Big spenders").id, rule="orders_count:>=0")
    groups.edit(store, named(store, "Newsletter readers").id, rule="email_subscribe_flag:1;state:3")
    heard, published = [], []

    def listener(app, *, shop, segment_id, version, joined, left):
        heard.append((shop.handle, segment_id, version, joined > 0 or left > 0))

    def newer(app, *, segment_id, **facts):
        published.append(segment_id)

    with (
        signals.segment_members_changed.connected_to(listener, connected.app),
        signals.segment_published.connected_to(newer, connected.app),
    ):
        night_of(connected, clock)
    big = connected.segments()["Big spenders"].id
    assert ("birch", big, 2, True) in heard
    assert {each[1] for each in heard} <= set(published)
    assert all(each[3] for each in heard)
