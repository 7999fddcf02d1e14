"""Authorization, token, refresh."""

from datetime import UTC, datetime

import pytest
import requests

from smartpush_shopline.errors import (
    Gone,
    NotAuthorised,
    ShoplineBusy,
    ShoplineFailing,
    ShoplineRefused,
    ShoplineUnreachable,
    UnexpectedPayload,
)
from smartpush_shopline.shopline import OAuth, Pace

from .conftest import NOW, SECRET, STORE

CREATE = f"{STORE}/admin/oauth/token/create"
REFRESH = f"{STORE}/admin/oauth/token/refresh"


def test_the_authorize_address_has_its_query_behind_the_fragment(oauth):
    url = oauth.authorize_url(
        ["read_customers", "read_orders"], "https://app.example/shopline/callback", "state.1_a-b"
    )
    assert url == (
        f"{STORE}/admin/oauth-web/#/oauth/authorize?appKey=demo_app_key&responseType=code"
        "&scope=read_customers,read_orders"
        "&redirectUri=https%3A%2F%2Fapp.example%2Fshopline%2Fcallback&customField=state.1_a-b"
    )


def test_the_custom_field_is_optional(oauth):
    assert "customField" not in oauth.authorize_url(["read_orders"], "https://app.example/")


def test_a_code_becomes_a_token(oauth, store, payload):
    call = store.post(CREATE, json=payload("token"))
    token = oauth.create_token("abc123code", NOW)
    assert token.value == "eyJhbGciOiJIUzUxMiJ9.e30.x"
    assert token.expires_at == datetime(2026, 11, 1, 18, tzinfo=UTC)
    sent = call.calls[0].request
    assert sent.body == b'{"code":"abc123code"}'
    assert sent.headers["appkey"] == "demo_app_key"
    assert sent.headers["timestamp"] == "1793520000000"
    assert sent.headers["sign"] == (
        "86405c08e4ec67fb41d1526b87d9a09f2becd291c4e794262fb7316f4a8736ac"
    )


def test_a_refresh_sends_an_empty_signed_body(oauth, store, payload):
    call = store.post(REFRESH, json=payload("token") | {"code": "200"})
    assert oauth.refresh_token(NOW).scope == {"read_customers", "read_orders"}
    sent = call.calls[0].request
    assert not sent.body
    assert sent.headers["sign"] == (
        "84ec09341efd10d37526d1b3f6b0bc54906fdd26acc3d2c4db8830c736a2a779"
    )


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("STORE_NOT_INSTALL_APP", Gone),
        ("OAUTH_CODE_INVALID", NotAuthorised),
        ("REQUEST_FREQUENTLY", ShoplineBusy),
        ("TOKEN_CREATE_EXCEPTION", ShoplineFailing),
        ("APP_AUDIT_NOT_PASS", ShoplineRefused),
        ("STORE_INFORMATION_ERROR", ShoplineRefused),
        ("REQUEST_NOT_IN_APP_IP_WHITELIST", ShoplineRefused),
        ("SOMETHING_NEW", ShoplineRefused),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_refusal_is_told_by_its_i18n_code_whatever_the_status(oauth, store, code, kind, status):
    body = {"code": 10001, "i18nCode": code, "message": "no", "traceId": "t-1"}
    store.post(REFRESH, json=body, status=status)
    with pytest.raises(ShoplineRefused if kind is ShoplineRefused else kind) as refused:
        oauth.refresh_token(NOW)
    assert type(refused.value) is kind
    assert refused.value.trace_id == "t-1"


def test_too_frequent_a_refresh_says_when_to_come_back(oauth, store):
    store.post(REFRESH, json={"code": 1, "i18nCode": "REQUEST_FREQUENTLY"})
    with pytest.raises(ShoplineBusy) as busy:
        oauth.refresh_token(NOW)
    assert busy.value.retry_after == 60


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"json": {"errors": "system error"}, "status": 500}, ShoplineFailing),
        ({"json": {"code": "500", "i18nCode": "error", "message": "error"}}, ShoplineFailing),
        ({"body": "<html>", "status": 502}, ShoplineFailing),
        ({"body": "<html>"}, UnexpectedPayload),
        ({"json": {"code": 200, "i18nCode": "SUCCESS"}}, UnexpectedPayload),
        ({"json": [1]}, UnexpectedPayload),
        ({"body": "", "status": 302}, UnexpectedPayload),
        ({"body": requests.ConnectTimeout()}, ShoplineUnreachable),
    ],
)
def test_everything_else_fails_in_our_words(oauth, store, answer, kind):
    call = store.post(CREATE, **answer)
    with pytest.raises(kind):
        oauth.create_token("abc123code", NOW)
    assert call.call_count == 1


def test_token_calls_keep_the_pace_they_are_given(store, payload):
    waits = []
    pace = Pace(per_second=1, burst=1, clock=lambda: 0.0, sleep=waits.append)
    oauth = OAuth(STORE, "demo_app_key", SECRET, pace=pace)
    store.post(REFRESH, json=payload("token"))
    oauth.refresh_token(NOW)
    oauth.refresh_token(NOW)
    assert waits == [1]


def test_a_refresh_token_is_neither_required_nor_used(oauth, store, payload):
    answer = payload("token")
    answer["data"]["refreshToken"] = "r-1"
    call = store.post(CREATE, json=answer)
    store.post(REFRESH, json=payload("token"))
    assert oauth.create_token("abc123code", NOW) == oauth.refresh_token(NOW)
    assert "r-1" not in str(call.calls[0].request.headers)
