"""Somebody deleted in the store is not written to, although no message told of it."""

from __future__ import annotations

import pytest

from smartpush_shopline.sandbox import people
from smartpush_shopline.shopline import ShoplineClient
from smartpush_shopline.sync import customers
from tests.sync.test_nights import night_of


def delete_untold(store, *ids):
    usual, store.moods.deliver = store.moods.webhooks, "never"
    for each in ids:
        people.delete(store, each)
    store.moods.webhooks = usual


def sendable(store):
    agreed = [c for c in store.customers.all() if c.email and c.email_consent.state == 1]
    return [c.id for c in agreed if c.state]


def test_whoever_was_deleted_unannounced_is_found_at_night(connected, sandbox, store, clock):
    first, *_others, last = sendable(store)
    before = connected.people().verdict(first)
    delete_untold(store, first, last)
    night_of(connected, clock)
    assert before == "sendable"
    assert {connected.people().verdict(each) for each in (first, last)} == {"erased"}
    alive = {c.customer_ref for c in connected.people().all() if c.deleted_at is None}
    assert alive == {c.id for c in store.customers.all()}
    asked = [path for path in sandbox.by_endpoint() if "/customers/v2/4" in path]
    assert len(asked) == 2
    run = connected.runs()[-1]
    assert (run.state, run.phase) == ("done", "segments")


def test_somebody_whom_the_listing_missed_is_asked_about_and_stays(
    connected, store, clock, monkeypatch
):
    shy = sendable(store)[0]
    really = ShoplineClient.fetch_customer_page

    def without(self, **wanted):
        page = really(self, **wanted)
        return type(page)(tuple(c for c in page.items if c.ref != shy), page.next_page_info)

    monkeypatch.setattr(ShoplineClient, "fetch_customer_page", without)
    night_of(connected, clock)
    assert connected.people().verdict(shy) == "sendable"
    assert connected.runs()[-1].state == "done"


def test_asking_goes_on_after_a_failure_with_those_who_are_left(
    connected, sandbox, store, at, clock
):
    gone = sendable(store)[:3]
    delete_untold(store, *gone)
    at("/customers/v2/4", 503, nth=2)
    night_of(connected, clock)
    assert [connected.people().verdict(each) for each in gone].count("erased") == 1
    assert connected.runs()[-1].phase == "missing"
    clock.forward(seconds=10)
    connected.tick()
    assert [connected.people().verdict(each) for each in gone] == ["erased"] * 3
    assert connected.runs()[-1].state == "done"
    assert sandbox.counted("/customers/v2/4") == 4


def test_an_interrupted_first_import_finds_who_was_deleted_meanwhile(
    live, sandbox, store, at, clock, monkeypatch
):
    store.moods.deliver = "never"
    lost = sendable(store)[0]
    real, seen = customers._end, []

    def lights_out(session, shop, run):
        if not seen:
            seen.append(run.id)
            raise RuntimeError("lights out")
        real(session, shop, run)

    monkeypatch.setattr(customers, "_end", lights_out)
    sandbox.connect(live.browser())
    assert live.runs()[0].phase == "contacts"
    with live.database.begin() as session:  # a webhook brought them before the import read them
        from smartpush_shopline.contacts import people as ours

        ours.make_missing(session, live.shop().id, ours.Contact.customer_ref, [lost], clock())
    people.delete(store, lost)
    clock.forward(minutes=1)
    live.tick()
    assert live.runs()[0].state == "done"
    assert live.people().verdict(lost) == "erased"


@pytest.mark.parametrize("moment", ["erased", "deleted"])
def test_whoever_left_meanwhile_is_not_asked_about(connected, sandbox, store, at, clock, moment):
    gone = sendable(store)[0]
    delete_untold(store, gone)

    def meanwhile():
        with connected.database.begin() as session:
            from smartpush_shopline.contacts import erase
            from smartpush_shopline.contacts import people as ours

            shop_id = connected.shop().id
            if moment == "erased":
                erase.erase(session, shop_id, erase.Who(gone), clock())
            else:
                ours.delete_customer(session, shop_id, gone, clock())

    at("v2/customers", meanwhile)
    night_of(connected, clock)
    assert connected.runs()[-1].state == "done"
    assert sandbox.counted("/customers/v2/4") == 0
