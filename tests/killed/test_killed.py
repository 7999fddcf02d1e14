"""Real processes are killed at many moments; the next one goes on, and all ends as in the store."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from smartpush_shopline.contacts.models import ConsentEvent
from smartpush_shopline.inbox.models import DONE, Delivery
from smartpush_shopline.sandbox import groups, paging, people
from smartpush_shopline.sync.models import SyncRun
from tests.support import versions

CUSTOMERS = "v2/customers.json"


def rows(host, table):
    with host.database.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


@pytest.fixture
def imported(mortal, sandbox):
    """After an import by somebody who lives."""
    sandbox.connect(mortal.host.browser())
    mortal.somebody_lives()
    mortal.calls.clear()
    return mortal


@pytest.mark.parametrize("url", ["database", "postgres"], indirect=True)
def test_in_the_middle_of_the_first_import(
    mortal, sandbox, store, same_people, same_segments
):
    sandbox.connect(mortal.host.browser())
    mortal.lives(7, 12)
    assert mortal.deaths > 3
    same_people()
    same_segments()
    [run] = rows(mortal.host, SyncRun)
    assert (run.kind, run.state, run.contacts_done) == ("import", "done", 110)
    assert mortal.goes_on(CUSTOMERS), "read from page one again"
    assert len(mortal.asked(CUSTOMERS)) <= 10 + mortal.deaths
    for segment in mortal.host.segments().values():
        assert [v.version for v in versions(mortal.host.database, segment.id)] == [1]
    assert len(store.subscriptions.all()) == len(mortal.host.subscribable)


def test_at_every_commit_of_a_publication(imported, store, same_segments):
    """Published once, whole, or not yet: whoever looks meanwhile sees the old or the new one."""
    [segment] = [each for each in store.segments.all() if each.name == "Big spenders"]
    segment_id = imported.host.segments()["Big spenders"].id
    died_at = 0
    for nth in range(1, 40):
        before = versions(imported.host.database, segment_id)
        groups.edit(store, segment.id, rule=f"total_spent:>{nth * 20}.00")
        imported.sandbox.arrived()
        died = imported.dies(("commit", nth))
        died_at += died
        now = versions(imported.host.database, segment_id)
        assert len(now) - len(before) in ((0, 1) if died else (1,))
        imported.nothing_is_half()
        imported.somebody_lives()
        assert len(versions(imported.host.database, segment_id)) == len(before) + 1
        if not died:
            break
    assert died_at > 8
    same_segments()


@pytest.mark.parametrize("url", ["database", "postgres"], indirect=True)
def test_in_the_middle_of_a_long_list(imported, store, same_segments, monkeypatch):
    """Of 110 pages; it goes on at the page that was kept, and nothing is seen of it before."""
    everybody = groups.create(store, "Everybody", "orders_count:>=0")
    imported.sandbox.arrived()
    monkeypatch.setattr(paging, "_limit", lambda _usual, _highest: 1)
    pages = f"{everybody.id}/customers.json"
    for nth in (60, 70):  # 40 pages are kept, then 80
        assert imported.dies(("call", nth))
        assert not imported.host.segments()["Everybody"].current_version_id
        imported.nothing_is_half()
    imported.somebody_lives()
    assert sum("page_info" not in page for page in imported.asked(pages)) == 1
    assert len(imported.asked(pages)) <= 110 + 2 * 40
    [version] = versions(imported.host.database, imported.host.segments()["Everybody"].id)
    assert (version.version, version.count) == (1, 110)
    same_segments()


@pytest.fixture
def told(imported, store):
    """Twelve people change their mind twice, thirty their name, three go: told by message."""
    everybody = [each for each in store.customers.all() if each.email]
    for turn in range(2):
        imported.host.clock.forward(minutes=1)
        for number, each in enumerate(everybody[:12]):
            mind = {"email_subscribe_flag": (number + turn) % 2}
            people.edit(store, each.id, mind, "customer")
    for each in everybody[12:42]:
        people.edit(store, each.id, {"first_name": "Another"}, "customer")
    for each in everybody[42:45]:
        people.delete(store, each.id)
    imported.sandbox.arrived()
    return rows(imported.host, Delivery)


def facts(host):
    return Counter(
        (each.contact_id, each.channel, each.state, each.occurred_at)
        for each in rows(host, ConsentEvent)
    )


@pytest.mark.parametrize("url", ["database", "postgres"], indirect=True)
def test_in_the_middle_of_the_inbox(imported, told, same_people):
    before = facts(imported.host)
    imported.lives(11, 31, calls=False)
    assert imported.deaths > 3
    worked = rows(imported.host, Delivery)
    assert [each.id for each in worked] == [each.id for each in told], "lost"
    assert {(each.state, each.attempts) for each in worked} == {(DONE, 0)}
    news = facts(imported.host) - before
    assert set(news.values()) == {1}, "worked twice"
    said = [each for each in told if each.topic == "customers_marketing_consent/update"]
    assert len(news) == len(said) > 12, "a fact for each of these messages"
    same_people()


@pytest.mark.parametrize(
    ("url", "budget"),
    [("database", 100_000), ("postgres", 15)],
    indirect=["url"],
)
def test_in_the_middle_of_a_night(imported, store, same_people, same_segments, budget):
    """Of a small store, all of which is read, and of one that is too large for that."""
    imported.budget, small = budget, budget > 100
    store.moods.webhooks = "dropped"
    imported.host.clock.forward(hours=2)
    _much_happens(store, deletes=small)
    imported.lives(7, 12)
    assert imported.deaths > 3
    nights = [run for run in rows(imported.host, SyncRun) if run.kind == "nightly"]
    assert [run.state for run in nights] == ["done"]
    assert imported.goes_on(CUSTOMERS), "read from page one again"
    same_people()
    if small:
        same_segments()


def _much_happens(store, deletes):
    """Of which no message tells."""
    everybody = store.customers.all()
    for each in everybody[:30]:
        people.edit(store, each.id, {"first_name": "New", "email_subscribe_flag": 0}, "customer")
    for each in everybody[30:33] if deletes else ():
        people.delete(store, each.id)
    first, second, *_ = store.segments.all()
    groups.edit(store, first.id, name="Renamed")
    groups.delete(store, second.id)
    groups.create(store, "New one", "orders_count:>=0")
