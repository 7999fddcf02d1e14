"""What somebody changes in the Admin is here at once: webhook, inbox, reading, version."""

from __future__ import annotations

import threading

import pytest

from smartpush_shopline.sandbox import groups, people
from smartpush_shopline.segments.models import DELETED, READY
from smartpush_shopline.sync import reading
from tests.support import APP_KEY, versions
from tests.sync.test_blocked_store import make_stale


@pytest.fixture
def admin(connected, sandbox, clock):
    """Do something in the Admin, a second later, and wait until its webhooks are worked off."""

    def do(change, *args, **more):
        clock.forward(seconds=1)
        done = change(*args, **more)
        sandbox.arrived()
        return done

    return do


def named(store, name):
    return next(each for each in store.segments.all() if each.name == name)


def history(host, name):
    return [
        (v.version, v.cause, v.joined, v.left)
        for v in versions(host.database, host.segments()[name].id)
    ]


def test_a_new_segment_is_here_with_its_people(connected, store, admin, members):
    made = admin(groups.create, store, "Buyers 買家", "orders_count:>=1")
    assert members("Buyers 買家") == {c.id for c in store.members(made)} != set()
    assert history(connected, "Buyers 買家") == [(1, "webhook", len(store.members(made)), 0)]


def test_a_rename_is_here_and_the_list_stays_as_it_was(connected, store, admin):
    before = connected.segments()["Big spenders"]
    admin(groups.edit, store, before.segment_ref, name="Whales")
    after = connected.segments()["Whales"]
    assert (after.id, after.current_version_id) == (before.id, before.current_version_id)
    assert after.read_at > before.read_at
    [only] = versions(connected.database, after.id)
    assert only.name == "Big spenders"


def test_a_changed_rule_is_a_new_list(connected, store, admin, members):
    old = members("Returning customers")
    segment = named(store, "Returning customers")
    admin(groups.edit, store, segment.id, rule="orders_count:>=1")
    new = {c.id for c in store.members(named(store, "Returning customers"))}
    assert members("Returning customers") == new
    assert history(connected, "Returning customers")[1:] == [
        (2, "webhook", len(new - old), len(old - new))
    ]


def test_a_changed_rule_with_the_same_people_is_a_new_version(connected, store, admin):
    segment = named(store, "Returning customers")
    admin(groups.edit, store, segment.id, rule="orders_count:>=2")
    assert history(connected, "Returning customers")[1:] == [(2, "webhook", 0, 0)]


def test_a_deleted_segment_is_deleted_and_its_list_stays(connected, store, admin, members):
    old = members("Big spenders")
    admin(groups.delete, store, named(store, "Big spenders").id)
    assert connected.segments()["Big spenders"].state == DELETED
    assert members("Big spenders") == old


def test_a_message_that_comes_twice_is_one_version(connected, store, admin):
    store.moods.deliver = "twice"
    admin(groups.create, store, "Twice", "orders_count:>=1")
    assert len(history(connected, "Twice")) == 1


def test_a_customer_who_withdraws_is_not_written_to_any_more(connected, store, admin):
    ours = connected.people()
    ada = next(c.customer_ref for c in ours.all() if ours.verdict(c.customer_ref) == "sendable")
    admin(people.edit, store, ada, {"email_marketing_consent": {"state": 0}}, "Admin")
    assert ours.verdict(ada) == "unsubscribed"
    admin(people.edit, store, ada, {"email_marketing_consent": {"state": 1}}, "Admin")
    assert ours.verdict(ada) == "sendable"


def test_customers_come_change_and_go(connected, store, admin):
    ours = connected.people()
    said = {"email": "new@example.com", "first_name": "Nia", "email_subscribe_flag": 1}
    nia = admin(people.create, store, said, "Admin").id
    assert ours.verdict(nia) == "sendable"
    admin(people.edit, store, nia, {"tags": "vip", "first_name": "Nia 2"}, "Admin")
    assert (ours.find(nia).first_name, ours.find(nia).tags) == ("Nia 2", "vip")
    admin(people.edit, store, nia, {"state": 0}, "Admin")
    assert ours.verdict(nia) == "blacklisted"
    admin(people.edit, store, nia, {"state": 1}, "Admin")
    assert ours.verdict(nia) == "sendable"
    admin(people.delete, store, nia)
    assert ours.verdict(nia) == "erased"


def test_uninstalling_in_the_admin_is_noticed_at_once(connected, store, admin):
    from smartpush_shopline.sandbox import installs

    admin(installs.uninstall, store, APP_KEY)
    assert (connected.shop().status, connected.shop().token) == ("uninstalled", None)


def test_a_message_signed_with_another_secret_changes_nothing(connected, store, admin):
    store.moods.hmac = "wrong"
    admin(groups.create, store, "Forged", "orders_count:>=1")
    assert "Forged" not in connected.segments()


def test_the_store_may_sign_in_base64(connected, store, admin):
    store.moods.hmac = "base64"
    admin(groups.create, store, "Base", "orders_count:>=1")
    assert history(connected, "Base")


def test_a_segment_deleted_while_its_last_page_is_read_stays_deleted(
    connected, store, at, clock
):
    segment = named(store, "Big spenders")
    ours = connected.segments()["Big spenders"]

    def gone():
        """Another process took the message, so the reader hears of it only from the table."""
        groups.delete(store, segment.id)
        store_api = store.segments
        store_api.put(segment.id, segment)  # this very page still answers

    with connected.database.begin() as session:
        row = session.get(type(ours), ours.id)
        row.stale_reason, row.stale_since, row.next_try_at = "nightly", clock(), clock()
    clock.forward(seconds=1)
    at(f"{segment.id}/customers.json", lambda: (gone(), _until_deleted(connected)))
    connected.tick()
    assert connected.segments()["Big spenders"].state == DELETED
    assert len(versions(connected.database, ours.id)) == 1


def _until_deleted(host):
    from tests.support import wait_for

    wait_for(lambda: host.segments()["Big spenders"].state == DELETED)


def test_a_segment_that_is_in_the_admin_after_all_comes_back(connected, store, clock):
    with connected.database.begin() as session:
        row = session.get(type(connected.segments()["Big spenders"]), 1)
        row.state = DELETED
    name = next(s.name for s in connected.segments().values() if s.id == 1)
    clock.forward(hours=2)
    connected.tick()
    assert connected.segments()[name].state == READY
    assert connected.segments()[name].read_at == clock()


def test_a_list_asked_for_once_more_while_it_is_read_is_read_once_more(
    connected, sandbox, store, at, clock
):
    name, segment = next(iter(connected.segments().items()))
    make_stale(connected, name)
    pages = f"{segment.segment_ref}/customers.json"

    def somebody_looks():
        clock.forward(seconds=1)
        make_stale(connected, name)

    at(pages, somebody_looks)
    sandbox.calls.clear()
    connected.tick()
    assert sandbox.counted(pages) == 2
    assert connected.segments()[name].stale_reason is None


def test_two_rings_at_once_are_one_reading(connected, sandbox, store, clock):
    """The second finds the lease taken and walks on; nothing is lost."""
    segment = connected.segments()["Big spenders"]
    with connected.database.begin() as session:
        row = session.get(type(segment), segment.id)
        row.stale_reason, row.stale_since, row.next_try_at = "person", clock(), clock()
    sandbox.calls.clear()
    rings = [threading.Thread(target=connected.tick) for _ in range(4)]
    for ring in rings:
        ring.start()
    for ring in rings:
        ring.join()
    assert connected.segments()["Big spenders"].stale_reason is None
    assert sandbox.counted(f"{segment.segment_ref}/customers.json") == 1


def test_a_list_that_lost_a_segment_says_so(connected, store, clock):
    """Its deletion was never posted; the complete list of the night tells."""
    with connected.database.begin() as session:
        shop_id = connected.shop().id
        listed = reading.take_list(session, shop_id, [], clock())
    assert listed == []
    assert {s.state for s in connected.segments().values()} == {DELETED}
