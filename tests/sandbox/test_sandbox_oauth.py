"""How an app gets in, how long its tokens live, and how it is thrown out."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from smartpush_shopline.sandbox.signing import sign_query

from .conftest import Receiver, Sandbox


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def is_signed(sandbox: Sandbox, address: str) -> bool:
    params = query_of(address)
    return params["sign"] == sign_query(sandbox.settings.app_secret, params)


def code_of(sandbox: Sandbox) -> str:
    return query_of(sandbox.allow().headers["Location"])["code"]


def create(sandbox: Sandbox, code: str) -> Any:
    return sandbox.token_call("create", json.dumps({"code": code}).encode())


def installed(sandbox: Sandbox) -> str:
    token: str = create(sandbox, code_of(sandbox)).json["data"]["accessToken"]
    return token


def test_open_app_signs_the_app_url_without_a_language(sandbox: Sandbox) -> None:
    address = sandbox.visit("/apps/open").headers["Location"]
    assert address.startswith(f"{sandbox.settings.app_url}?")
    assert query_of(address).keys() == {"appkey", "handle", "timestamp", "sign"}
    assert is_signed(sandbox, address)


def test_allow_leads_to_the_callback_with_a_signed_code(sandbox: Sandbox) -> None:
    answer = sandbox.allow()
    assert answer.status_code == 302
    address = answer.headers["Location"]
    assert address.startswith("http://127.0.0.1:5000/smartpush/shopline/callback?")
    assert query_of(address)["customField"] == "state-1"
    assert query_of(address)["handle"] == "alder"
    assert is_signed(sandbox, address)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:5000/smartpush/shopline/callback",
        "http://127.0.0.1:5000/smartpush/api/auth/callback",
        "http://127.0.0.1:5000/api/auth/callback",
    ],
)
def test_the_registered_callbacks_are_accepted(sandbox: Sandbox, address: str) -> None:
    assert sandbox.allow(redirectUri=address).status_code == 302


@pytest.mark.parametrize("address", ["", "http://evil.example/callback"])
def test_no_other_callback_is_accepted(sandbox: Sandbox, address: str) -> None:
    answer = sandbox.allow(redirectUri=address)
    assert answer.status_code == 400
    assert "REDIRECT_URI_NOT_WHITELISTED" in answer.text


def test_an_unknown_app_and_an_empty_scope_are_refused(sandbox: Sandbox) -> None:
    assert sandbox.allow(appKey="other").status_code == 400
    assert sandbox.allow(scope=" , ").status_code == 400


def test_a_code_becomes_a_token_that_looks_like_the_platforms(sandbox: Sandbox) -> None:
    told = create(sandbox, code_of(sandbox)).json
    assert (told["code"], told["i18nCode"]) == (200, "SUCCESS")
    assert told["data"]["expireTime"] == "2026-11-24T14:00:00.000+00:00"
    assert told["data"]["scope"] == "read_customers,read_store_information"
    claims = told["data"]["accessToken"].split(".")[1]
    stated = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert stated["storeId"] == "1610418123456"


def test_a_code_opens_once(sandbox: Sandbox) -> None:
    code = code_of(sandbox)
    assert create(sandbox, code).json["code"] == 200
    assert create(sandbox, code).json["i18nCode"] == "OAUTH_CODE_INVALID"


def test_a_code_is_good_for_ten_minutes(sandbox: Sandbox) -> None:
    code = code_of(sandbox)
    sandbox.clock.forward(minutes=10)
    assert create(sandbox, code).json["i18nCode"] == "OAUTH_CODE_INVALID"


@pytest.mark.parametrize(
    "headers", [{"sign": "0" * 64}, {"appkey": "other"}, {"timestamp": "1"}, {"timestamp": "soon"}]
)
def test_a_token_call_needs_a_right_signature(sandbox: Sandbox, headers: dict[str, str]) -> None:
    assert sandbox.token_call("refresh", b"", **headers).status_code == 401


def test_an_old_token_call_is_refused_though_its_sign_is_right(sandbox: Sandbox) -> None:
    old = "1793520000000"
    sign = "84ec09341efd10d37526d1b3f6b0bc54906fdd26acc3d2c4db8830c736a2a779"
    assert sandbox.token_call("refresh", b"", timestamp=old, sign=sign).status_code == 401


def test_a_token_lives_ten_hours_and_only_with_its_scopes(sandbox: Sandbox) -> None:
    sandbox.token = installed(sandbox)
    assert sandbox.get("/v2/customers.json?limit=1").status_code == 200
    refused = sandbox.call("POST", "/customers.json", json={"customer": {}})
    assert refused.status_code == 403
    sandbox.clock.forward(hours=10)
    assert sandbox.get("/v2/customers.json?limit=1").status_code == 401


def test_after_a_refresh_the_old_token_lives_five_minutes_more(sandbox: Sandbox) -> None:
    old = installed(sandbox)
    sandbox.clock.forward(hours=9)
    new = sandbox.token_call("refresh", b"").json["data"]["accessToken"]
    for minutes, alive in ((4, 200), (1, 401)):
        sandbox.clock.forward(minutes=minutes)
        sandbox.token = old
        assert sandbox.get("/merchants/shop.json").status_code == alive
        sandbox.token = new
        assert sandbox.get("/merchants/shop.json").status_code == 200


def test_a_dead_token_can_be_refreshed(sandbox: Sandbox) -> None:
    installed(sandbox)
    sandbox.clock.forward(hours=30)
    sandbox.token = sandbox.token_call("refresh", b"").json["data"]["accessToken"]
    assert sandbox.get("/merchants/shop.json").status_code == 200


def test_a_refresh_right_after_a_token_is_too_soon(sandbox: Sandbox) -> None:
    installed(sandbox)
    assert sandbox.token_call("refresh", b"").json["i18nCode"] == "REQUEST_FREQUENTLY"
    sandbox.clock.forward(minutes=1)
    assert sandbox.token_call("refresh", b"").json["code"] == 200


def test_without_an_installation_there_is_nothing_to_refresh(sandbox: Sandbox) -> None:
    assert sandbox.token_call("refresh", b"").json["i18nCode"] == "STORE_NOT_INSTALL_APP"


def test_an_uninstall_ends_token_and_subscriptions_after_its_last_word(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    sandbox.token = installed(sandbox)
    sandbox.subscribe("apps/installed_uninstalled", receiver.url)
    assert sandbox.submit("/apps/uninstall").status_code == 303
    assert sandbox.get("/merchants/shop.json").status_code == 401
    topic, told = receiver.next_topic()
    assert topic == "apps/installed_uninstalled"
    assert (told["operate"], told["handle"]) == ("UNINSTALL", "alder")
    sandbox.clock.forward(minutes=2)
    assert sandbox.token_call("refresh", b"").json["i18nCode"] == "STORE_NOT_INSTALL_APP"
    sandbox.token = "sandbox-alder"
    assert sandbox.read("/webhooks/count.json") == {"count": 0}


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("segment", ["GROUP5483719394486650001", "all"])
def test_create_campaign_opens_the_app_with_everything_signed(
    sandbox: Sandbox, segment: str, channel: str
) -> None:
    address = sandbox.visit(f"/campaign?segment={segment}&channel={channel}").headers["Location"]
    assert address.startswith("http://127.0.0.1:5000/smartpush/launch/segment?")
    params = query_of(address)
    assert (params["segment_id"], params["channel"]) == (segment, channel)
    assert params["timestamp"] == "1795492800000"
    assert is_signed(sandbox, address)


def test_create_campaign_knows_its_segments_and_channels(sandbox: Sandbox) -> None:
    assert sandbox.visit("/campaign?segment=GROUP1&channel=email").status_code == 404
    assert sandbox.visit("/campaign?segment=all&channel=fax").status_code == 404
