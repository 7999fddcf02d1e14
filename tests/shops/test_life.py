"""Installed, asked for more, doubted, shut, uninstalled and back again, over loopback."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.sandbox import installs
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shops import install
from smartpush_shopline.shops.lease import Lease
from smartpush_shopline.shops.models import (
    ACTIVE,
    PAUSED,
    PENDING,
    UNAUTHORISED,
    UNINSTALLED,
    Shop,
)
from smartpush_shopline.sync import staleness
from smartpush_shopline.sync.commands import STATUS
from tests.support import APP_KEY, APP_SECRET, webhook

STORE_REF = "1610418654321"


@pytest.fixture
def browser(live):
    return live.browser()


def post(host, topic, payload, **more):
    message = webhook(topic, payload, shop=STORE_REF, handle="birch", **more)
    assert host.browser().post("/smartpush/webhooks/shopline", **message).status_code == 200


def count(host):
    with host.database.read() as session:
        return len(session.scalars(select(Contact.id)).all())


def change(host, **facts):
    with host.database.begin() as session:
        session.execute(update(Shop).values(**facts))


def uninstalled_quietly(store):
    """In the Admin, and the webhook got lost."""
    store.moods.deliver = "never"
    installs.uninstall(store, APP_KEY)


# -- installing ---------------------------------------------------------------------------------


def test_who_uninstalls_and_installs_again_waits_for_a_person_and_keeps_the_data(
    connected, sandbox, store, clock
):
    people = count(connected)
    installs.uninstall(store, APP_KEY)
    sandbox.arrived()
    assert (connected.shop().status, connected.shop().token) == (UNINSTALLED, None)
    assert count(connected) == people > 0
    clock.forward(minutes=2)
    connected.allows = lambda action, shop: False
    sandbox.connect(connected.browser())
    assert connected.shop().status == PENDING
    connected.allows = lambda action, shop: True
    connected.browser().post(f"/smartpush/connect/{connected.shop().id}")
    assert (connected.shop().status, connected.shop().reason) == (ACTIVE, None)
    assert count(connected) == people


def test_who_installs_again_while_signed_in_is_connected_at_once(connected, sandbox, store, clock):
    installs.uninstall(store, APP_KEY)
    sandbox.arrived()
    clock.forward(minutes=2)
    sandbox.connect(connected.browser())
    assert connected.shop().status == ACTIVE


def test_a_merchant_is_asked_again_when_more_is_wanted(connected, sandbox, clock):
    browser = connected.browser()
    assert sandbox.open_app(browser, "birch").headers["Location"] == "/smartpush/"
    settings = connected.state.settings
    connected.state.settings = replace(settings, scopes=[*settings.scopes, "write_customers"])
    clock.forward(minutes=2)
    asked = sandbox.open_app(browser, "birch")
    assert "/oauth/authorize?" in asked.headers["Location"]
    assert "write_customers" in asked.headers["Location"]
    browser.get(sandbox.allow(asked, "birch"))
    assert "write_customers" in connected.shop().scopes
    assert connected.shop().status == ACTIVE
    assert sandbox.open_app(browser, "birch").headers["Location"] == "/smartpush/"


def test_a_store_that_waits_too_long_is_asked_again(live, sandbox, store, clock):
    browser = live.browser()
    live.allows = lambda action, shop: False
    sandbox.connect(browser)
    assert sandbox.open_app(browser, "birch").headers["Location"] == "/smartpush/"
    clock.forward(hours=11)
    assert "/oauth/authorize?" in sandbox.open_app(browser, "birch").headers["Location"]


def test_the_same_store_under_two_apps_is_two_shops(live, sandbox, store, clock):
    world, both = sandbox.running.world, {APP_KEY: [APP_SECRET], "other_app": ["other secret"]}
    live.state.settings = replace(live.state.settings, apps=both)
    first = world.settings
    sandbox.connect(live.browser())
    clock.forward(minutes=2)
    world.settings = replace(first, app_key="other_app", app_secret="other secret")
    try:
        sandbox.connect(live.browser())
    finally:
        world.settings = first
    with live.database.read() as session:
        shops = session.scalars(select(Shop).order_by(Shop.id)).all()
    assert [(s.app_key, s.handle, s.status) for s in shops] == [
        (APP_KEY, "birch", ACTIVE),
        ("other_app", "birch", ACTIVE),
    ]
    assert shops[0].store_ref == shops[1].store_ref
    with live.database.read() as session:
        everybody = session.scalars(select(Contact.shop_id)).all()
    assert 0 < everybody.count(shops[0].id) == everybody.count(shops[1].id)


# -- claiming -----------------------------------------------------------------------------------


def test_a_store_that_left_before_it_was_claimed_says_so(live, sandbox, store, clock):
    live.allows = lambda action, shop: False
    sandbox.connect(live.browser())
    uninstalled_quietly(store)
    live.allows = lambda action, shop: True
    clock.forward(minutes=2)
    browser = live.browser()
    browser.post(f"/smartpush/connect/{live.shop().id}")
    assert live.shop().status == UNINSTALLED
    page = browser.get("/smartpush/").text
    assert "was uninstalled in" in page
    assert "install SmartPush again" in page


def test_a_token_that_ended_before_the_claim_is_renewed(live, sandbox, store, clock):
    live.allows = lambda action, shop: False
    sandbox.connect(live.browser())
    live.allows = lambda action, shop: True
    clock.forward(hours=30)
    live.browser().post(f"/smartpush/connect/{live.shop().id}")
    assert (live.shop().status, live.runs()[0].state) == (ACTIVE, "done")


# -- leaving, or not ----------------------------------------------------------------------------


def test_an_uninstall_that_does_not_name_the_store_is_asked_about(connected, sandbox, store, clock):
    clock.forward(minutes=2)
    sandbox.calls.clear()
    post(connected, "apps/installed_uninstalled", {"operate": "UNINSTALL"})
    assert sandbox.counted("merchants/shop.json") == 1
    assert (connected.shop().status, connected.shop().confirm_at) == (ACTIVE, None)
    uninstalled_quietly(store)
    clock.forward(minutes=2)
    post(connected, "apps/installed_uninstalled", {"operate": "uninstall"}, ref="2")
    assert (connected.shop().status, connected.shop().token) == (UNINSTALLED, None)


def test_an_uninstall_of_another_store_is_not_ours(connected, sandbox, clock):
    sandbox.calls.clear()
    said = {"operate": "UNINSTALL", "appkey": APP_KEY, "handle": "alder"}
    post(connected, "apps/installed_uninstalled", said)
    assert (connected.shop().status, sandbox.calls) == (ACTIVE, [])


def test_a_doubt_waits_for_a_store_that_does_not_answer(connected, sandbox, at, clock):
    at("merchants/shop.json", 503)
    clock.forward(minutes=2)
    sandbox.calls.clear()
    post(connected, "apps/installed_uninstalled", {"operate": "UNINSTALL"})
    assert connected.shop().confirm_at > clock()
    connected.tick()
    assert sandbox.counted("merchants/shop.json") == 1
    clock.forward(minutes=2)
    connected.tick()
    assert (connected.shop().status, connected.shop().confirm_at) == (ACTIVE, None)


def test_a_store_without_the_app_is_noticed_at_night(connected, store, clock):
    uninstalled_quietly(store)
    clock.forward(hours=2)
    connected.tick()
    assert connected.shop().status == UNINSTALLED
    connected.tick()


def test_who_is_let_in_no_more_is_told_what_to_do(connected, store, at, clock):
    at("openapi", 401, times=1000)
    clock.forward(hours=2)
    connected.tick()
    assert (connected.shop().status, connected.shop().reason) == (UNAUTHORISED, "not_authorised")
    page = connected.browser().get("/smartpush/").text
    assert "does not let us into" in page
    assert "Open SmartPush once in the Admin" in page


def test_who_is_let_in_again_is_found_out_by_the_next_night(connected, sandbox, store, at, clock):
    at("openapi", 401, times=2)
    clock.forward(hours=2)
    connected.tick()
    assert connected.shop().status == UNAUTHORISED
    sandbox.calls.clear()
    connected.tick()
    assert sandbox.calls == [], "not before"
    clock.forward(hours=24)
    connected.tick()
    assert (connected.shop().status, connected.shop().reason) == (ACTIVE, None)
    assert {run.state for run in connected.runs()} == {"done"}


def test_who_was_let_in_no_more_before_the_first_import_is_tried_too(
    live, sandbox, store, at, clock
):
    at("openapi", 401, times=3)
    sandbox.connect(live.browser())
    clock.forward(minutes=2)  # a token cannot be renewed in its first minute
    live.tick()
    assert live.shop().status == UNAUTHORISED
    clock.forward(hours=25)
    live.tick()
    assert live.shop().status == ACTIVE
    assert {run.state for run in live.runs()} == {"done"}


def test_an_app_that_is_not_set_up_any_more_is_named(connected, store, clock):
    connected.state.settings = replace(connected.state.settings, apps={"another": ["secret"]})
    clock.forward(hours=10)
    connected.tick()
    assert (connected.shop().status, connected.shop().reason) == (UNAUTHORISED, "unknown_app")
    assert "SMARTPUSH_APPS" in connected.browser().get("/smartpush/").text


def test_a_token_under_a_lost_key_is_renewed_by_the_apps_signature(connected, store, clock):
    from cryptography.fernet import Fernet

    lost = connected.state.settings
    connected.state.settings = replace(lost, encryption_keys=[Fernet.generate_key().decode()])
    clock.forward(hours=2)
    connected.tick()
    assert (connected.shop().status, connected.runs()[-1].state) == (ACTIVE, "done")


def test_a_renewed_token_does_not_replace_one_that_a_merchant_gave_meanwhile(
    connected, store, at, clock
):
    clock.forward(hours=10)
    at("token/refresh", lambda: change(connected, token=b"for more", scopes="read_customers,more"))
    connected.tick()
    assert connected.shop().scopes == "read_customers,more"


# -- shut ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [(402, "frozen", "has frozen the store"), (423, "locked", "has locked the store")],
)
def test_a_shut_store_is_paused_and_tried_every_night(
    connected, sandbox, at, clock, status, reason, words
):
    at("openapi", status, times=1000)
    clock.forward(hours=2)
    for _ in range(3):
        sandbox.calls.clear()
        connected.tick()
        connected.tick()
        assert len(sandbox.calls) == 1
        assert (connected.shop().status, connected.shop().reason) == (PAUSED, reason)
        clock.forward(hours=24)
        change(connected, token_expires_at=clock().replace(year=2030))
    assert words in connected.browser().get("/smartpush/").text


def test_a_store_that_was_frozen_before_its_first_import_is_tried_too(
    live, sandbox, store, at, clock
):
    at("openapi", 402)
    sandbox.connect(live.browser())
    assert live.shop().status == PAUSED
    clock.forward(hours=25)
    live.tick()
    assert live.shop().status == ACTIVE
    assert {run.state for run in live.runs()} == {"done"}


@pytest.mark.parametrize("said", [3, 5])
def test_a_closed_store_is_paused_until_it_opens(connected, sandbox, store, clock, said):
    facts = {"id": STORE_REF, "name": "Birch & Co.", "iana_timezone": "America/New_York"}
    post(connected, "merchants/update", facts | {"biz_store_status": said})
    assert (connected.shop().status, connected.shop().reason) == (PAUSED, "closed")
    post(connected, "merchants/update", facts, ref="2")
    assert connected.shop().status == PAUSED, "nothing was said about that"
    post(connected, "merchants/update", facts | {"biz_store_status": 2}, ref="3")
    assert (connected.shop().status, connected.shop().reason) == (ACTIVE, None)


# -- what the store says about itself ------------------------------------------------------------


def test_a_zone_nobody_knows_stops_no_night(connected, store, clock, caplog, monkeypatch):
    monkeypatch.setattr(type(store.info), "zone", property(lambda info: ZoneInfo("UTC")))
    store.info = replace(store.info, timezone="Mars/Olympus")
    clock.forward(hours=2)
    connected.tick()
    assert (connected.runs()[-1].kind, connected.runs()[-1].state) == ("nightly", "done")
    assert connected.shop().timezone == "America/New_York"
    assert "smartpush.timezone_unknown" in caplog.text


def test_a_zone_nobody_knows_is_left_out_and_logged(connected, sandbox, clock, caplog):
    said = {"id": STORE_REF, "name": "New name", "iana_timezone": "Mars/Olympus"}
    post(connected, "merchants/update", said)
    assert (connected.shop().name, connected.shop().timezone) == ("New name", "America/New_York")
    assert "smartpush.timezone_unknown" in caplog.text


def test_news_of_another_store_is_asked_about_and_not_taken(connected, sandbox, clock):
    clock.forward(minutes=2)
    sandbox.calls.clear()
    post(connected, "merchants/update", {"id": "1", "name": "Evil", "iana_timezone": "UTC"})
    assert (connected.shop().name, connected.shop().timezone) == ("Birch & Co.", "America/New_York")
    assert sandbox.counted("merchants/shop.json") == 1


# -- subscriptions -------------------------------------------------------------------------------


def test_all_subscriptions_that_were_dropped_are_there_again_after_a_night(
    connected, store, clock
):
    store.subscriptions.clear()
    clock.forward(hours=2)
    connected.tick()
    assert sorted(s.topic for s in store.subscriptions.all()) == connected.subscribable


def test_an_equal_subscription_is_adopted(connected, store, clock):
    before = {s.id for s in store.subscriptions.all()}
    clock.forward(hours=2)
    connected.tick()
    assert {s.id for s in store.subscriptions.all()} == before


def test_a_second_subscription_that_is_refused_is_taken_as_there(
    connected, store, clock, monkeypatch
):
    """As if the list had been a moment old: SHOPLINE refuses the twin with 422."""
    from smartpush_shopline.shopline import ShoplineClient

    really, asked = ShoplineClient.list_subscriptions, []

    def a_moment_old(self):
        asked.append(1)
        return [] if len(asked) == 1 else really(self)

    monkeypatch.setattr(ShoplineClient, "list_subscriptions", a_moment_old)
    store.moods.duplicate_subscription = "refused"
    clock.forward(hours=2)
    connected.tick()
    night = connected.runs()[-1]
    assert (night.state, "refused_topics" in night.findings) == ("done", False)


# -- private apps --------------------------------------------------------------------------------


@pytest.fixture
def alder(sandbox, clock):
    return sandbox.fresh("alder", 30, clock)


@pytest.fixture
def command(live, monkeypatch):
    def run(*words, typed=None, token=None, **options):
        monkeypatch.delenv("SMARTPUSH_TOKEN", raising=False)
        if token:
            monkeypatch.setenv("SMARTPUSH_TOKEN", token)
        return live.app.test_cli_runner().invoke(args=["smartpush", *words], input=typed)

    return run


@pytest.mark.parametrize("given", [{"token": "sandbox-alder"}, {"typed": "sandbox-alder\n"}])
def test_a_store_is_connected_by_the_token_of_its_private_app(
    live, alder, sandbox, command, given, clock
):
    result = command("connect", "alder", **given)
    assert result.exit_code == 0, result.output
    assert "sandbox-alder" not in result.output
    shop = live.shop("alder")
    assert (shop.status, shop.is_private, live.runs()[0].state) == (ACTIVE, True, "done")
    assert b"sandbox-alder" not in shop.token
    sandbox.calls.clear()
    clock.forward(days=400)
    live.tick()
    assert live.runs()[-1].state == "done"
    assert sandbox.counted("oauth") == 0, "such a token is never refreshed"


def test_a_private_token_that_ends_needs_a_new_one(live, alder, sandbox, command, clock):
    command("connect", "alder", token="sandbox-alder")
    alder.answers(401, times=-1)
    sandbox.calls.clear()
    clock.forward(days=2)
    live.tick()
    assert (live.shop("alder").status, sandbox.counted("oauth")) == (UNAUTHORISED, 0)
    live.in_front = "alder"
    assert "flask smartpush connect alder" in live.browser().get("/smartpush/").text
    alder.moods.calm()
    assert command("connect", "alder", token="sandbox-alder").exit_code == 0
    assert live.shop("alder").status == ACTIVE


@pytest.mark.parametrize(
    ("words", "token"),
    [
        (["alder"], "wrong"),
        (["alder"], "two words"),
        (["alder"], "línea"),
        (["../alder"], "sandbox-alder"),
        (["Alder"], "sandbox-alder"),
        (["alder.evil.example"], "sandbox-alder"),
        (["alder", "--app-key", "unknown"], "sandbox-alder"),
        (["alder", "--token", "sandbox-alder"], None),
    ],
)
def test_what_is_no_store_or_no_token_connects_nothing(live, alder, command, words, token):
    assert command("connect", *words, token=token, typed="").exit_code != 0
    with live.database.read() as session:
        assert session.scalars(select(Shop)).all() == []


def test_with_several_apps_one_is_named(live, alder, command):
    two = {APP_KEY: [APP_SECRET], "other_app": ["other secret"]}
    live.state.settings = replace(live.state.settings, apps=two)
    assert "--app-key" in command("connect", "alder", token="sandbox-alder").output
    assert command(
        "connect", "alder", "--app-key", "other_app", token="sandbox-alder"
    ).exit_code == 0
    assert live.shop("alder").app_key == "other_app"


@pytest.fixture
def run(connected):
    return lambda *words: connected.app.test_cli_runner().invoke(args=["smartpush", *words])


def test_sync_says_what_it_did(run, connected, clock):
    assert run("sync").output == "birch: nothing was due.\n"
    segment = connected.segments()["Big spenders"]
    with connected.database.begin() as session:
        staleness.mark_stale(session, session.get_one(Segment, segment.id), "person", clock())
    assert run("sync", "birch").output == "birch: nothing more is due.\n"
    Lease.take(connected.database, connected.shop().id)
    held = run("sync", "birch")
    assert (held.exit_code, held.output) == (1, "birch: another worker holds it now.\n")
    assert run("sync", "nobody").exit_code == 1


@pytest.mark.parametrize(
    ("status", "words", "code", "code_of_all"),
    [
        (PENDING, "not connected (pending).", 1, 0),
        (UNAUTHORISED, "nothing is read (needs_authorisation); SHOPLINE refused the call.", 1, 1),
    ],
)
def test_sync_says_why_it_did_nothing(run, connected, status, words, code, code_of_all):
    change(connected, status=status, problem={"code": "refused"})
    asked = run("sync", "birch")
    assert (asked.exit_code, asked.output) == (code, f"birch: {words}\n")
    assert run("sync").exit_code == code_of_all
    said = " ".join(run("status").output.split())
    assert f"State {STATUS[status]} Problem SHOPLINE refused the call." in said


def test_of_two_who_press_connect_at_once_one_wins(both, clock):
    import threading

    from tests.support import FERNET_KEY, NOW, TOKEN

    with both.begin() as session:
        shop = install.record_install(session, APP_KEY, "birch", TOKEN, [FERNET_KEY], NOW)
    gate, won = threading.Barrier(4), []

    def press():
        gate.wait()
        with both.begin() as session:
            won.append(install.claim(session, session.get_one(Shop, shop.id), NOW))

    people = [threading.Thread(target=press) for _ in range(4)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert sorted(won) == [False, False, False, True]
