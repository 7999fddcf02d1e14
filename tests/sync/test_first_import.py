"""The first import over loopback HTTP: equal to the store, and resumable."""

from __future__ import annotations

import pytest

from smartpush_shopline import signals
from smartpush_shopline.contacts import people as taking
from smartpush_shopline.sandbox import groups
from smartpush_shopline.segments.models import DELETED, Segment
from smartpush_shopline.shops.models import ACTIVE, UNAUTHORISED, UNINSTALLED
from smartpush_shopline.sync import runs
from tests.support import APP_KEY, versions, wait_for

WORDS = ("unsubscribed", "subscribed", "not_subscribed", "pending")


def test_the_first_import_equals_the_store(connected, store, members):
    everybody = {c.customer_ref: c for c in connected.people().all()}
    assert set(everybody) == {c.id for c in store.customers.all()}
    for theirs in store.customers.all():
        ours = everybody[theirs.id]
        assert (ours.email or "", ours.first_name) == (theirs.email, theirs.first_name)
        assert (ours.state, ours.tags) == (theirs.state, ",".join(theirs.tags))
        if theirs.email:
            assert ours.email_stated == WORDS[theirs.email_consent.state]
        if theirs.phone:
            assert ours.sms_stated == WORDS[theirs.sms_consent.state]
    assert set(connected.segments()) == {s.name for s in store.segments.all()}
    for theirs in store.segments.all():
        [version] = versions(connected.database, connected.segments()[theirs.name].id)
        assert (version.version, version.cause) == (1, "import")
        assert version.definition == theirs.rule
        assert members(theirs.name) == {c.id for c in store.members(theirs)}
    assert [(r.kind, r.state, r.error) for r in connected.runs()] == [("import", "done", None)]


def test_the_store_is_known_after_the_first_import(connected):
    shop = connected.shop()
    assert (shop.status, shop.name, shop.currency) == (ACTIVE, "Birch & Co.", "USD")
    assert (shop.timezone, shop.store_ref) == ("America/New_York", "1610418654321")
    assert shop.last_nightly_date.isoformat() == "2026-11-23"


def test_every_topic_is_subscribed_once(connected, store):
    topics = [each.topic for each in store.subscriptions.all()]
    assert sorted(topics) == connected.subscribable
    assert {each.address for each in store.subscriptions.all()} == {
        f"{connected.url}/smartpush/webhooks/shopline"
    }


@pytest.fixture
def large(sandbox, clock):
    """Birch with all of its 300 customers, which are two pages."""
    store = sandbox.fresh("birch", 300, clock)
    for segment in store.segments.all():
        store.segments.drop(segment.id)
    groups.create(store, "All of them", "orders_count:>=0")
    return store


def test_an_import_goes_on_where_it_stopped(live, sandbox, large, at, clock):
    at("v2/customers", 503, nth=2)
    sandbox.connect(live.browser())
    [run] = live.runs()
    assert (run.state, run.phase, run.contacts_done) == ("running", "contacts", 250)
    assert run.error["status"] == 503
    assert run.next_try_at > clock()
    assert len(live.people().all()) == 250
    assert not versions(live.database, live.segments()["All of them"].id)
    live.tick()
    assert sandbox.counted("v2/customers") == 2, "tried again too early"
    clock.forward(seconds=10)
    live.tick()
    [run] = live.runs()
    assert (run.state, run.error, run.contacts_done) == ("done", None, 300)
    pages = [call for call in sandbox.calls if "v2/customers.json" in call]
    assert ["page_info" in call for call in pages] == [False, True, True]


def test_an_import_survives_a_mistake_of_ours(live, sandbox, large, clock, monkeypatch, caplog):
    """As if the process had died between two pages."""
    really = taking.upsert_customers

    def dies(session, shop_id, customers, *args, **more):
        if len(customers) == 50:
            monkeypatch.setattr(taking, "upsert_customers", really)
            raise RuntimeError("lights out")
        return really(session, shop_id, customers, *args, **more)

    monkeypatch.setattr(taking, "upsert_customers", dies)
    sandbox.connect(live.browser())
    assert (live.runs()[0].contacts_done, len(live.people().all())) == (250, 250)
    assert live.runs()[0].error == {"code": "mistake", "said": "RuntimeError"}
    clock.forward(minutes=1)
    live.tick()
    assert (live.runs()[0].state, len(live.people().all())) == ("done", 300)
    assert sandbox.counted("v2/customers.json?limit=250&page_info") == 2


def test_a_cursor_that_is_refused_means_beginning_anew(live, sandbox, large, at, clock):
    at("v2/customers", 400, nth=2)
    sandbox.connect(live.browser())
    [run] = live.runs()
    assert (run.page_info, run.contacts_done) == (None, 0)
    assert run.error["status"] == 400
    clock.forward(minutes=2)
    live.tick()
    assert live.runs()[0].state == "done"
    assert len(live.people().all()) == live.runs()[0].contacts_done == 300


def test_half_of_a_list_is_never_visible(live, sandbox, large, at, clock, members):
    at("/customers.json", 503, nth=4)  # two pages of customers, then the second of members
    sandbox.connect(live.browser())
    segment = live.segments()["All of them"]
    assert segment.error["status"] == 503
    assert members("All of them") is None
    assert live.runs()[0].state == "running"
    clock.forward(seconds=10)
    live.tick()
    assert len(members("All of them")) == 300
    assert live.segments()["All of them"].error is None
    assert live.runs()[0].state == "done"


def test_a_segment_deleted_between_list_and_reading_is_deleted(
    live, sandbox, store, at, members
):
    store.moods.deliver = "never"
    vip = next(s for s in store.segments.all() if s.name == "Big spenders")
    at("customers/v2/count", lambda: groups.delete(store, vip.id))
    sandbox.connect(live.browser())
    sandbox.arrived()
    assert live.segments()["Big spenders"].state == DELETED
    assert members("Big spenders") is None
    assert live.runs()[0].state == "done"


def test_an_edit_in_the_admin_goes_between_two_pages_of_an_import(
    live, sandbox, large, at, members
):
    def renamed():
        groups.edit(large, large.segments.all()[0].id, name="Everyone")
        wait_for(lambda: "Everyone" in live.segments())

    at("v2/customers", renamed)
    sandbox.connect(live.browser())
    sandbox.arrived()
    ours = ("v2/customers.json", "customer_saved_searches/GROUP")
    order = [next(p for p in ours if p in call) for call in sandbox.calls if any(
        p in call for p in ours)]
    first_page, *_, last_page = [n for n, call in enumerate(order) if call == ours[0]]
    assert last_page - first_page == 4, "definition and two pages of members came between"
    assert len(members("Everyone")) == 300
    assert [v.cause for v in versions(live.database, live.segments()["Everyone"].id)] == ["webhook"]


def test_a_rule_that_changes_between_two_pages_is_never_half_a_list(
    live, sandbox, large, at, members, clock
):
    sandbox.connect(live.browser())
    segment = large.segments.all()[0]

    def narrowed():
        groups.edit(large, segment.id, rule="orders_count:>1")
        wait_for(lambda: live.segments()["All of them"].stale_reason == "webhook")

    with live.database.begin() as session:
        ours = session.get_one(Segment, live.segments()["All of them"].id)
        ours.stale_reason, ours.stale_since, ours.next_try_at = "nightly", clock(), clock()
    clock.forward(seconds=1)
    at("/customers.json", narrowed)
    live.tick()
    sandbox.arrived()
    assert members("All of them") == {c.id for c in large.members(large.segments.all()[0])}
    counts = [v.count for v in versions(live.database, live.segments()["All of them"].id)]
    assert counts == [300, len(members("All of them"))]


def test_progress_is_honest(live, sandbox, large, at, clock):
    at("v2/customers", 503, nth=2)
    sandbox.connect(live.browser())
    clock.forward(seconds=5)
    with live.database.read() as session:
        progress = runs.progress(session, live.runs()[0], clock())
    assert (progress.contacts_done, progress.contacts_total) == (250, 300)
    assert (progress.done, progress.total, progress.segments_done) == (1, 4, 0)
    assert (progress.percent, progress.rate, progress.seconds_left) == (25, 50, 15)
    assert progress.error["status"] == 503
    assert progress.calls_left == 3, "a page of customers, and two of the segment"


@pytest.fixture
def published(live):
    """Names of segments in the order in which they can be chosen."""
    found = []

    def listener(app, *, segment_id, **facts):
        found.extend(n for n, segment in live.segments().items() if segment.id == segment_id)

    with signals.segment_published.connected_to(listener, live.app):
        yield found


def test_small_segments_can_be_chosen_before_the_customers_are_read(
    live, sandbox, large, at, members, published
):
    groups.create(large, "Buyers", "orders_count:>=1")
    groups.create(large, "Almost all", "orders_count:>=0;state:>0")
    groups.create(large, "Whales", "total_spent:>5000")
    then = []
    at("v2/customers", lambda: then.extend(published))
    sandbox.connect(live.browser())
    sizes = [len(members(name)) for name in published]
    assert len(then) == sum(size <= 250 for size in sizes) >= 2
    assert sizes[len(then):] == sorted(sizes[len(then):]), "then the others, small ones first"
    assert published != [s.name for s in large.segments.all()], "not their usual order"
    assert {v.cause for s in live.segments().values() for v in versions(live.database, s.id)} == {
        "import"
    }
    assert [len(versions(live.database, s.id)) for s in live.segments().values()] == [1] * 4
    assert len(live.people().all()) == 300


def test_a_small_segment_that_fails_keeps_none_of_the_others_waiting(
    live, sandbox, large, at, published
):
    groups.create(large, "Buyers", "orders_count:>=1;state:>0")
    groups.create(large, "Whales", "total_spent:>5000")
    at("/customers.json", 422, nth=2)  # the look at the second; the first has two pages
    sandbox.connect(live.browser())
    assert published[0] == "Whales"
    assert set(published) == {"All of them", "Buyers", "Whales"}
    assert live.runs()[0].state == "done"


def test_a_store_without_counts_of_segments_is_imported_too(live, sandbox, large, at, published):
    at("graphql", 404, times=100)
    sandbox.connect(live.browser())
    assert (published, live.runs()[0].state) == (["All of them"], "done")


def test_who_listens_hears_of_a_version_after_the_commit(live, sandbox, store, members):
    heard = {}

    def listener(app, *, shop, segment_id, version, joined, left):
        [there] = versions(live.database, segment_id)
        heard[segment_id] = (app, shop.handle, version, joined - left, there.count)

    def broken(app, **facts):
        raise RuntimeError("not ours")

    with (
        signals.segment_published.connected_to(broken, live.app),
        signals.segment_published.connected_to(listener, live.app),
    ):
        sandbox.connect(live.browser())
    assert heard == {
        s.id: (live.app, "birch", 1, len(members(s.name)), len(members(s.name)))
        for s in live.segments().values()
    }


# -- tokens -----------------------------------------------------------------------------------


def stale(host, clock):
    """All segments are to be read again."""
    clock.forward(minutes=2)
    with host.database.begin() as session:
        for segment in session.query(Segment):
            segment.stale_reason, segment.stale_since = "person", clock()
            segment.next_try_at = clock()


def test_a_token_that_is_not_accepted_is_renewed_once_and_all_goes_on(
    connected, sandbox, store, clock
):
    store.tokens.clear()
    sandbox.calls.clear()
    stale(connected, clock)
    connected.tick()
    assert sandbox.counted("token/refresh") == 1
    assert {s.stale_reason for s in connected.segments().values()} == {None}
    assert connected.shop().status == ACTIVE
    stale(connected, clock)
    connected.tick()
    assert sandbox.counted("token/refresh") == 1, "the new token was not kept"


def test_a_token_is_renewed_before_it_ends(connected, sandbox, clock):
    clock.forward(hours=9, minutes=30)
    sandbox.calls.clear()
    stale(connected, clock)
    connected.tick()
    assert sandbox.counted("token/refresh") == 1
    assert connected.shop().token_expires_at > clock()


def test_a_store_that_lets_nobody_in_needs_a_person(connected, sandbox, at, clock):
    at("openapi", 401, times=1000)
    sandbox.calls.clear()
    stale(connected, clock)
    connected.tick()
    assert connected.shop().status == UNAUTHORISED
    assert connected.shop().problem["status"] == 401
    assert sandbox.counted("token/refresh") == 1
    sandbox.calls.clear()
    connected.tick()
    assert sandbox.calls == []


def test_a_store_that_does_not_have_the_app_any_more_is_uninstalled(connected, store, clock):
    store.installs.drop(APP_KEY)
    store.tokens.clear()
    stale(connected, clock)
    connected.tick()
    assert (connected.shop().status, connected.shop().token) == (UNINSTALLED, None)


@pytest.mark.parametrize("status", [404, 500])
def test_a_token_address_that_fails_uninstalls_nobody(connected, store, at, clock, status):
    at("token/refresh", status)
    store.tokens.clear()
    stale(connected, clock)
    connected.tick()
    assert connected.shop().status in (ACTIVE, "paused")
    assert connected.shop().token is not None


def test_asking_for_a_token_too_often_only_means_waiting(connected, store, clock):
    store.tokens.put("fresh", next(iter(store.tokens.all())))
    with connected.database.begin() as session:
        for segment in session.query(Segment):
            segment.stale_reason, segment.stale_since = "person", clock()
            segment.next_try_at = clock()
    from dataclasses import replace

    for token in store.tokens.all():
        store.tokens.put(token.value, replace(token, expires_at=clock(), issued_at=clock()))
    connected.tick()
    assert connected.shop().status == ACTIVE
    assert all(s.next_try_at > clock() for s in connected.segments().values())
    clock.forward(minutes=2)
    connected.tick()
    assert {s.stale_reason for s in connected.segments().values()} == {None}


@pytest.mark.parametrize("status", [402, 423])
def test_a_frozen_store_is_paused_and_tried_again_at_night(connected, at, clock, status):
    at("openapi", status)
    stale(connected, clock)
    connected.tick()
    assert connected.shop().status == "paused"
    assert connected.shop().problem["status"] == status
    clock.forward(hours=2)
    connected.tick()
    assert connected.shop().status == ACTIVE
    assert {s.stale_reason for s in connected.segments().values()} == {None}


def test_a_mistake_of_ours_with_one_segment_does_not_stop_the_others(
    connected, sandbox, at, clock, monkeypatch
):
    ids = [s.id for s in connected.segments().values()]
    from smartpush_shopline.sync import jobs

    really = jobs.read_segment

    def broken(holder, segment_id):
        if segment_id == ids[0]:
            raise RuntimeError("a mistake of ours")
        yield from really(holder, segment_id)

    monkeypatch.setattr(jobs, "read_segment", broken)
    stale(connected, clock)
    connected.tick()
    reasons = {s.id: s.stale_reason for s in connected.segments().values()}
    assert reasons == {i: "person" if i == ids[0] else None for i in ids}


def test_a_deleted_segment_that_the_store_shows_as_empty_is_deleted(
    live, sandbox, store, at, members
):
    """Nobody says whether the members of a deleted segment are not found or none."""
    vip = next(s for s in store.segments.all() if s.name == "Big spenders")
    at("customers/v2/count", lambda: groups.delete(store, vip.id))
    store.moods.set({"deleted_segment": "empty", "webhooks": "dropped"})
    sandbox.connect(live.browser())
    sandbox.arrived()
    assert live.segments()["Big spenders"].state == DELETED
    assert members("Big spenders") is None
