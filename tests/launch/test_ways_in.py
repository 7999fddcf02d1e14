"""The signed doors from the Admin: in a frame, through the login, through the Admin's proxy."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.launch import sealing
from smartpush_shopline.shopline import sign_query
from smartpush_shopline.shops.models import ACTIVE, PENDING, Shop
from tests.hosting import go
from tests.support import APP_KEY, APP_SECRET, make_shop


def link(clock, path, *, secret=APP_SECRET, unsigned="", **params):
    moment = str(int(clock().timestamp() * 1000))
    params = {"appkey": APP_KEY, "handle": "alder", "timestamp": moment, **params}
    query = "&".join(f"{name}={value}" for name, value in params.items())
    return f"/smartpush{path}?{query}{unsigned}&sign={sign_query(params, secret)}"


@pytest.fixture
def alder(host, clock):
    """A connected store with one segment."""
    from tests.support import People

    shop_id = make_shop(
        host.database, scopes=",".join(host.state.settings.scopes), store_ref="1610418123456"
    )
    People(host.database, shop_id, clock).segment("GROUP1")
    host.state.ring = lambda *more, **others: None
    return shop_id


def configure(host, **changes):
    host.state.settings = replace(host.state.settings, **changes)


def drafts(host):
    with host.database.read() as session:
        return list(session.scalars(select(Audience)))


# -- in the Admin's frame ------------------------------------------------------------------------


def test_an_embedded_app_breaks_out_of_the_frame(live, sandbox, store):
    browser = live.browser()
    page = go(browser, sandbox.signed("/shopline", handle="birch", lang="en"))
    assert page.status_code == 200
    target = re.search(r'<a [^>]*href="([^"]+)" target="_top"', page.text)[1]
    assert target.startswith("/smartpush/launch/continue/")
    assert "onclick" not in page.text
    assert not re.search(r"<script(?![^>]*src=)", page.text), "no script in the page itself"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "smartpush_install" not in page.headers.get("Set-Cookie", ""), "a frame keeps no cookie"
    asked = browser.get(target)
    assert "/oauth/authorize?" in asked.headers["Location"]
    go(browser, sandbox.allow(asked, "birch"))
    assert live.shop().status == ACTIVE, "begun outside of the frame, so in a session that counts"


def test_an_installed_embedded_app_opens_outside_of_the_frame_too(host, client, alder, clock):
    page = client.get(link(clock, "/shopline", lang="zh-hant-tw,en"))
    target = re.search(r'href="(/smartpush/launch/continue/[^"]+)"', page.text)[1]
    assert client.get(target).headers["Location"] == "/smartpush/"


def test_the_page_in_the_frame_carries_the_dashboards_nonce(host, client, alder, clock):
    host.state.csp_nonce = lambda: "n0nce"
    page = client.get(link(clock, "/shopline", lang="en")).text
    scripts = re.findall(r"<script[^>]*>", page)
    assert scripts
    assert all('nonce="n0nce"' in script for script in scripts)
    found = client.get("/smartpush/static/framed.js")
    assert "window.top.location" in found.text
    found.close()


def test_create_campaign_inside_a_frame_breaks_out_as_well(host, client, alder, clock):
    page = client.get(link(clock, "/launch/segment", segment_id="GROUP1", lang="en"))
    assert (page.status_code, drafts(host)) == (200, [])
    target = re.search(r'href="(/smartpush/launch/continue/[^"]+)"', page.text)[1]
    assert client.get(target).headers["Location"].startswith("/campaign?channel=email&draft=")


# -- the callback --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "alias", ["/shopline/callback", "/shopline/api/auth/callback", "/api/auth/callback"]
)
def test_the_callback_has_the_names_that_shoplines_tools_expect(live, sandbox, store, alias):
    browser = live.browser()
    back = urlsplit(sandbox.allow(sandbox.open_app(browser, "birch"), "birch"))
    assert browser.get(f"/smartpush{alias}?{back.query}").headers["Location"] == "/smartpush/"
    assert live.shop().status == ACTIVE


@pytest.mark.parametrize("mount", ["", "/tools"])
def test_the_admins_proxy_gets_json(live, sandbox, store, clock, mount):
    """Also from a dashboard below a prefix, which its public address has once."""
    browser = live.browser()
    back = sandbox.allow(sandbox.open_app(browser, "birch"), "birch")
    params = {name: words[0] for name, words in parse_qs(urlsplit(back).query).items()}
    params = {**params, "proxyDomain": "birch.myshopline.com"}
    del params["sign"]
    live.state.settings = replace(live.state.settings, public_url=live.url + mount)
    callback = urlsplit(sandbox.signed("/shopline/callback", **params))
    below = {"SCRIPT_NAME": mount}
    answer = browser.get(f"{callback.path}?{callback.query}", environ_overrides=below)
    assert answer.json == {"redirect": f"{live.url}{mount}/smartpush/"}
    assert live.shop().status == ACTIVE


def test_a_callback_without_a_session_waits_for_its_person(live, sandbox, store):
    begun = live.browser()
    back = sandbox.allow(sandbox.open_app(begun, "birch"), "birch")
    live.browser().get(urlsplit(back).path + "?" + urlsplit(back).query)
    assert live.shop().status == PENDING
    live.browser().post(f"/smartpush/connect/{live.shop().id}")
    assert live.shop().status == ACTIVE


def test_a_person_who_may_not_connect_is_told_so(live, sandbox, store):
    live.allows = lambda action, shop: action == "view"
    answer = sandbox.connect(live.browser())
    assert (answer.status_code, live.shop().status) == (403, PENDING)
    assert "may not connect" in answer.text
    assert live.browser().post(f"/smartpush/connect/{live.shop().id}").status_code == 403
    assert live.shop().status == PENDING


def test_a_code_works_once_and_a_second_callback_changes_nothing(live, sandbox, store):
    browser = live.browser()
    back = sandbox.allow(sandbox.open_app(browser, "birch"), "birch")
    go(browser, back)
    token = live.shop().token
    again = go(browser, back)
    assert again.status_code == 403
    assert "used already" in again.text
    assert live.shop().token == token


def test_a_state_works_once(host, clock):
    from smartpush_shopline.launch import doors

    with host.app.test_request_context():
        made = doors.new_install_state(APP_KEY, "alder", clock())
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", made)
        for app_key, handle in (("other", "alder"), (APP_KEY, "birch")):
            assert not doors.began_here(app_key, handle, made, clock())
        assert doors.began_here(APP_KEY, "alder", made, clock())
        assert not doors.began_here(APP_KEY, "alder", made, clock())
        late = doors.new_install_state(APP_KEY, "alder", clock())
        clock.forward(minutes=16)
        assert not doors.began_here(APP_KEY, "alder", late, clock())


# -- through the login ---------------------------------------------------------------------------


@pytest.fixture
def stranger(host):
    """Nobody is signed in; `sign_in` says who is."""
    configure(host, login_endpoint="login")
    host.allows = lambda action, shop: False
    return host.browser()


def way_on(answer):
    """The path that the login was given to go on to."""
    login = re.search(r'href="(/login\?next=[^"]+)"', answer.text)[1]
    return parse_qs(urlsplit(login).query)["next"][0]


def test_the_login_gets_a_path_of_ours_that_only_we_can_make(host, stranger, alder, clock):
    answer = stranger.get(link(clock, "/launch/segment", segment_id="GROUP1"))
    target = way_on(answer)
    assert re.fullmatch(r"/smartpush/launch/continue/[A-Za-z0-9_.-]+", target)
    host.allows = lambda action, shop: True
    clock.forward(minutes=30)
    assert stranger.get(target).headers["Location"].startswith("/campaign?channel=email&draft=")
    assert len(drafts(host)) == 1


def test_who_takes_over_an_hour_to_sign_in_clicks_again(host, stranger, alder, clock):
    target = way_on(stranger.get(link(clock, "/launch/segment", segment_id="GROUP1")))
    host.allows = lambda action, shop: True
    clock.forward(minutes=61)
    assert stranger.get(target).status_code == 403
    assert drafts(host) == []


def test_an_expired_link_is_no_better_after_the_login(host, stranger, alder, clock):
    expired = link(clock, "/launch/segment", segment_id="GROUP1")
    clock.forward(minutes=11)
    target = way_on(stranger.get(expired))
    host.allows = lambda action, shop: True
    assert stranger.get(target).status_code == 403
    assert drafts(host) == []


def test_a_sealed_path_is_good_for_its_purpose_only(host, client, alder, clock):
    with host.app.test_request_context():
        other = sealing.seal("smartpush.install", ["open", "", clock().isoformat()], clock())
    assert client.get(f"/smartpush/launch/continue/{other}").status_code == 403


def test_older_keys_of_the_dashboard_still_open(host, client, alder, clock):
    page = client.get(link(clock, "/shopline", lang="en")).text
    target = re.search(r'href="(/smartpush/launch/continue/[^"]+)"', page)[1]
    host.app.secret_key = "new"
    assert client.get(target).status_code == 403
    host.app.config["SECRET_KEY_FALLBACKS"] = ["test"]
    assert client.get(target).status_code == 302


# -- Create Campaign -----------------------------------------------------------------------------


def test_an_expired_link_opens_what_it_once_made_and_makes_nothing(host, client, alder, clock):
    good, unused = (
        link(clock, "/launch/segment", segment_id="GROUP1", channel=channel)
        for channel in ("email", "sms")
    )
    there = client.get(good).headers["Location"]
    clock.forward(days=3)
    assert client.get(good).headers["Location"] == there
    assert client.get(unused).status_code == 403
    assert len(drafts(host)) == 1
    host.allows = lambda action, shop: action == "view"
    assert client.get(good).status_code == 403


def test_a_store_that_a_person_may_not_use_is_refused(host, client, alder, clock):
    make_shop(host.database, "birch")
    host.allows = lambda action, shop: shop is None or shop.handle == "birch"
    answer = client.get(link(clock, "/launch/segment", segment_id="GROUP1"))
    assert (answer.status_code, drafts(host)) == (403, [])
    assert "may not use this store" in answer.text


def test_the_names_of_the_parameters_are_a_setting(host, client, alder, clock):
    configure(host, launch_params=["audience"])
    assert client.get(link(clock, "/launch/segment", audience="GROUP1")).status_code == 302
    assert len(drafts(host)) == 1


def test_the_app_url_may_carry_a_segment_too(host, client, alder, clock):
    answer = client.get(link(clock, "/shopline", segment_id="gid://shopline/Segment/1"))
    assert answer.headers["Location"].startswith("/campaign?channel=email&draft=")


def test_what_was_appended_behind_the_signature_needs_a_setting_and_a_person(host, alder, clock):
    appended = link(clock, "/launch/segment", unsigned="&segment_id=GROUP1")
    assert host.browser().get(appended).status_code == 401
    configure(host, launch_base_signature=True)
    host.allows = lambda action, shop: False
    assert host.browser().get(appended).status_code == 403
    assert drafts(host) == []
    host.allows = lambda action, shop: True
    assert host.browser().get(appended).status_code == 302
    assert host.browser().get(appended.replace("alder", "birch")).status_code == 401
    clock.forward(minutes=11)
    assert host.browser().get(appended + "&id=GROUP1").status_code == 403
    assert len(drafts(host)) == 1


def test_two_segments_behind_one_signature_are_two_drafts(host, client, alder, clock):
    from tests.support import People

    People(host.database, alder, clock).segment("GROUP2")
    configure(host, launch_base_signature=True)
    for ref in ("GROUP1", "GROUP2"):
        client.get(link(clock, "/launch/segment", unsigned=f"&segment_id={ref}"))
    assert len(drafts(host)) == 2


def test_the_app_url_never_takes_half_a_signature(host, client, alder, clock):
    configure(host, launch_base_signature=True)
    assert client.get(link(clock, "/shopline", unsigned="&segment_id=GROUP1")).status_code == 401


def test_a_segment_in_the_path_is_no_part_of_the_signature(host, client, alder, clock):
    """So it is a pointer like one that was appended: nothing, unless the setting allows it."""
    address = "/launch/segment/{}"
    refused = client.get(link(clock, address.format("GROUP1")))
    assert (refused.status_code, drafts(host)) == (401, [])
    configure(host, launch_base_signature=True)
    for spelled in ("GROUP1", "gid:%2F%2Fshopline%2FSegment%2FGROUP1", "1"):
        clock.forward(seconds=1)
        assert client.get(link(clock, address.format(spelled))).status_code == 302
    assert len(drafts(host)) == 3


def test_a_segment_in_the_path_survives_the_way_out_of_the_frame(host, client, alder, clock):
    configure(host, launch_base_signature=True)
    page = client.get(link(clock, "/launch/segment/GROUP1", lang="en"))
    target = re.search(r'href="(/smartpush/launch/continue/[^"]+)"', page.text)[1]
    assert client.get(target).status_code == 302
    assert len(drafts(host)) == 1


def test_a_token_that_is_refused_during_a_launch_is_looked_into(connected, sandbox, store, clock):
    clock.forward(minutes=2)
    store.tokens.clear()
    address = sandbox.signed("/launch/segment", handle="birch", segment_id="GROUP77")
    assert go(connected.browser(), address).status_code == 502
    clock.forward(seconds=1)
    address = sandbox.signed("/launch/segment", handle="birch", segment_id="GROUP77")
    assert go(connected.browser(), address).status_code == 404, "renewed, and asked"


# -- around the doors ----------------------------------------------------------------------------


def test_an_unsigned_probe_is_answered_in_development_only(host, client, alder):
    path = "/smartpush/webhooks/shopline"
    assert client.post(path, data=b"{}").status_code == 401
    configure(host, unsigned_probe=True)
    assert client.post(path, data=b"{}").status_code == 200
    forged = {"X-Shopline-Hmac-Sha256": "0" * 64}
    assert client.post(path, data=b"{}", headers=forged).status_code == 401
    with host.database.read() as session:
        assert session.scalars(select(Shop.last_webhook_at)).all() == [None]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "http://127.0.0.1:1"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_no_other_site_presses_our_buttons(host, client, alder, headers, status):
    with host.database.begin() as session:
        session.get_one(Shop, alder).status = PENDING
    assert client.post(f"/smartpush/connect/{alder}", headers=headers).status_code == status
    assert host.shop("alder").status == (ACTIVE if status == 303 else PENDING)
