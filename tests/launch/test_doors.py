"""The doors from the Admin: opening the app, authorising it, being connected by a person."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from smartpush_shopline import signals
from smartpush_shopline.shops.models import ACTIVE, PENDING, UNAUTHORISED, UNINSTALLED, Shop
from tests.hosting import go

APP_URL = "/shopline"


def shops(host):
    with host.database.read() as session:
        return {shop.handle: shop.status for shop in session.scalars(select(Shop))}


def set_status(host, status):
    with host.database.begin() as session:
        session.scalars(select(Shop)).one().status = status


# -- App URL ----------------------------------------------------------------------------------


def test_the_admin_opens_the_app_and_is_asked_to_authorise_it(live, sandbox, store):
    answer = sandbox.open_app(live.browser(), "birch")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{sandbox.running.url}/birch/admin/oauth-web/#")
    assert shops(live) == {}


def test_a_link_that_was_changed_on_the_way_is_refused_in_plain_words(live, sandbox, store):
    link = sandbox.signed(APP_URL, handle="birch")
    for changed in (
        link.replace("handle=birch", "handle=alder"),
        link.replace("timestamp=1", "timestamp=2"),
        link.replace("sign=", "sign=0"),
        link + "&lang=en",
        link.partition("&sign=")[0],
        link.partition("?")[0],
    ):
        answer = go(live.browser(), changed)
        assert answer.status_code == 401, changed
        assert "This link cannot be trusted" in answer.text


def test_a_link_of_another_app_is_refused(live, sandbox, store):
    link = sandbox.signed(APP_URL, handle="birch", appkey="another")
    assert go(live.browser(), link).status_code == 401


def test_a_link_is_good_for_ten_minutes(live, sandbox, store, clock):
    link = sandbox.signed(APP_URL, handle="birch")
    clock.forward(minutes=10)
    assert go(live.browser(), link).status_code == 302
    clock.forward(seconds=1)
    late = go(live.browser(), link)
    assert late.status_code == 403
    assert "This link has expired" in late.text


def test_a_handle_that_is_none_is_refused(live, sandbox, store):
    for handle in ("birch.evil.example", "-", "../x", "BIRCH"):
        assert go(live.browser(), sandbox.signed(APP_URL, handle=handle)).status_code == 401


def test_an_installed_store_is_not_asked_again(connected, sandbox):
    answer = sandbox.open_app(connected.browser(), "birch")
    assert answer.headers["Location"] == "/smartpush/"


@pytest.mark.parametrize("status", [UNINSTALLED, UNAUTHORISED])
def test_a_store_that_lost_its_authorisation_is_asked_again(connected, sandbox, status):
    set_status(connected, status)
    assert "oauth-web" in sandbox.open_app(connected.browser(), "birch").headers["Location"]


def test_a_store_that_granted_less_than_is_needed_is_asked_again(connected, sandbox):
    with connected.database.begin() as session:
        session.scalars(select(Shop)).one().scopes = "read_customers"
    assert "oauth-web" in sandbox.open_app(connected.browser(), "birch").headers["Location"]


# -- the callback -----------------------------------------------------------------------------


def test_a_permitted_person_connects_the_store_by_installing_it(live, sandbox, store):
    told = []

    def listener(app, shop):
        told.append(shop.handle)

    with signals.store_connected.connected_to(listener, live.app):
        answer = sandbox.connect(live.browser())
    assert (answer.status_code, answer.headers["Location"]) == (302, "/smartpush/")
    assert (shops(live), told) == ({"birch": ACTIVE}, ["birch"])


def test_the_callback_answers_before_anything_is_read(live, sandbox, store):
    rings = []
    live.state.ring = lambda *args, **more: rings.append(args)
    sandbox.connect(live.browser())
    assert rings == [("sync", live.shop().id)]
    assert sandbox.counted("openapi") == 0


def test_a_callback_in_another_browser_leaves_the_store_waiting(live, sandbox, store):
    """Nobody is made the owner of a store by opening a link that somebody sent them."""
    callback = sandbox.allow(sandbox.open_app(live.browser(), "birch"), "birch")
    go(live.browser(), callback)
    assert shops(live) == {"birch": PENDING}
    assert live.runs() == []
    assert sandbox.counted("openapi") == 0


def test_a_person_without_permission_installs_but_does_not_connect(live, sandbox, store):
    live.allows = lambda action, shop: action != "connect"
    sandbox.connect(live.browser())
    assert shops(live) == {"birch": PENDING}


@pytest.fixture
def pending(live, sandbox, store):
    go(live.browser(), sandbox.allow(sandbox.open_app(live.browser(), "birch"), "birch"))
    return live


def test_a_permitted_person_connects_a_waiting_store(pending, sandbox):
    answer = pending.browser().post(f"/smartpush/connect/{pending.shop().id}")
    assert answer.status_code == 303
    assert shops(pending) == {"birch": ACTIVE}
    assert pending.runs()[0].state == "done"


def test_connecting_twice_is_one_import(pending):
    for _ in range(2):
        pending.browser().post(f"/smartpush/connect/{pending.shop().id}")
    assert len(pending.runs()) == 1


@pytest.mark.parametrize(
    ("allows", "status"),
    [
        (lambda action, shop: action != "connect", 403),
        (lambda action, shop: False, 404),
        (lambda action, shop: action == "connect" and shop is None, 404),
    ],
)
def test_a_person_without_permission_cannot_connect_it(pending, allows, status):
    pending.allows = allows
    answer = pending.browser().post(f"/smartpush/connect/{pending.shop().id}")
    assert answer.status_code == status
    assert shops(pending) == {"birch": PENDING}


def test_without_an_authorizer_nothing_is_open(database_url, pending):
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy

    from smartpush_shopline import SmartPush
    from tests.hosting import config

    app = Flask("closed")
    app.config.from_mapping(config(database_url))
    db = SQLAlchemy(app)
    SmartPush(db=db).init_app(app)
    client = app.test_client()
    assert client.get("/smartpush/").status_code == 403
    assert client.get("/smartpush/segments").status_code in (403, 404)
    assert client.post(f"/smartpush/connect/{pending.shop().id}").status_code in (403, 404)
    app.extensions["smartpush"].database.engine.dispose()
    with app.app_context():
        db.engine.dispose()


def test_a_code_that_was_used_before_connects_nobody(live, sandbox, store):
    callback = sandbox.allow(sandbox.open_app(live.browser(), "birch"), "birch")
    assert go(live.browser(), callback).status_code == 302
    again = go(live.browser(), callback)
    assert again.status_code == 403
    assert "This permission was used already" in again.text


def test_an_unsigned_callback_is_refused(live, sandbox, store):
    callback = sandbox.allow(sandbox.open_app(live.browser(), "birch"), "birch")
    assert go(live.browser(), callback.replace("handle=birch", "handle=alder")).status_code == 401
    assert shops(live) == {}


def test_the_callback_is_at_the_other_addresses_as_well(live, sandbox, store):
    """The platform's command line registers /api/auth/callback."""
    browser = live.browser()
    callback = sandbox.allow(sandbox.open_app(browser, "birch"), "birch")
    other = callback.replace("/smartpush/shopline/callback", "/smartpush/api/auth/callback")
    assert go(browser, other).status_code == 302
    assert shops(live) == {"birch": ACTIVE}


def test_a_store_that_comes_back_waits_for_a_person_and_keeps_its_people(connected, sandbox):
    with connected.database.begin() as session:
        from smartpush_shopline.shops import install

        install.uninstall(session.scalars(select(Shop)).one())
    before = len(connected.people().all())
    go(
        connected.browser(),
        sandbox.allow(sandbox.open_app(connected.browser(), "birch"), "birch"),
    )
    assert shops(connected) == {"birch": PENDING}
    connected.browser().post(f"/smartpush/connect/{connected.shop().id}")
    assert shops(connected) == {"birch": ACTIVE}
    assert len(connected.people().all()) == before


def test_a_doors_address_is_public_and_a_page_is_not(host):
    public = host.smartpush.is_public
    assert all(
        public(f"smartpush.{name}")
        for name in (
            "inbox.receive", "launch.app_url", "launch.callback", "launch.segment", "static"
        )
    )
    assert not any(
        public(name)
        for name in (None, "smartpush.launch.connect", "smartpush.overview.index", "login")
    )


def test_two_people_who_connect_at_the_same_moment_are_one_import(pending):
    shop_id = pending.shop().id
    pending.state.ring = lambda *args, **more: None
    people = [
        threading.Thread(target=pending.browser().post, args=(f"/smartpush/connect/{shop_id}",))
        for _ in range(4)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(pending.runs()) == 1
