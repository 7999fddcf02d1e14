"""Every answer that is no success, in our words."""

from decimal import Decimal

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
from smartpush_shopline.shopline import Pace, ShoplineClient

from .conftest import REST, STORE

CUSTOMERS = f"{REST}/v2/customers.json"


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, ShoplineRefused, None),
        (401, NotAuthorised, "not_authorised"),
        (402, ShoplineRefused, "frozen"),
        (403, ShoplineRefused, "forbidden"),
        (404, Gone, "gone"),
        (406, ShoplineRefused, None),
        (412, ShoplineRefused, None),
        (422, ShoplineRefused, None),
        (423, ShoplineRefused, "locked"),
        (429, ShoplineBusy, "throttled"),
        (433, ShoplineBusy, "blocked"),
        (436, ShoplineBusy, "blocked"),
        (500, ShoplineFailing, None),
        (501, ShoplineRefused, "not_available"),
        (503, ShoplineFailing, None),
        (504, ShoplineFailing, None),
    ],
)
def test_every_status_is_one_of_our_errors(client, store, status, kind, reason):
    body = {"errors": "The product does not exist."}
    store.get(f"{REST}/merchants/shop.json", json=body, status=status, headers={"traceId": "t-1"})
    with pytest.raises(kind) as failed:
        client.fetch_shop()
    error = failed.value
    assert (type(error), error.status, error.reason) == (kind, status, reason)
    assert "The product does not exist." in str(error)
    assert "trace id t-1" in str(error)
    assert error.permanent is issubclass(kind, ShoplineRefused)


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "7", 7),
        (429, None, None),
        (429, "soon", None),
        (433, None, 300),
        (434, "5", 300),
        (435, "900", 900),
    ],
)
def test_busy_says_how_long(client, store, status, header, seconds):
    headers = {"Retry-After": header} if header else {}
    store.get(f"{REST}/merchants/shop.json", status=status, headers=headers)
    with pytest.raises(ShoplineBusy) as busy:
        client.fetch_shop()
    assert busy.value.retry_after == seconds


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"errors":["a","b"]}', '["a", "b"]'),
        ('{"errors":{"name":["is taken"]}}', "is taken"),
        ('{"code":"X","message":"no way"}', "no way"),
        ("[1]", "SHOPLINE refused the call."),
        ("", "SHOPLINE refused the call."),
        ("<html>", "SHOPLINE refused the call."),
    ],
)
def test_an_error_body_of_any_shape_is_understood(client, store, body, said):
    store.get(f"{REST}/merchants/shop.json", body=body, status=422)
    with pytest.raises(ShoplineRefused) as refused:
        client.fetch_shop()
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "problem",
    [requests.ConnectionError("boom"), requests.ReadTimeout(), requests.exceptions.SSLError()],
)
def test_no_answer_is_unreachable(client, store, problem):
    store.get(f"{REST}/merchants/shop.json", body=problem)
    with pytest.raises(ShoplineUnreachable) as failed:
        client.fetch_shop()
    assert not failed.value.permanent


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_get_survives_a_bad_moment(client, store, payload, status):
    store.get(f"{REST}/merchants/shop.json", status=status)
    store.get(f"{REST}/merchants/shop.json", json=payload("shop"))
    assert client.fetch_shop().name == "Demo Store"


@pytest.mark.parametrize(("status", "calls"), [(503, 4), (429, 4), (501, 1), (433, 1), (404, 1)])
def test_only_what_may_pass_is_tried_again_and_only_a_few_times(client, store, status, calls):
    call = store.get(f"{REST}/merchants/shop.json", status=status)
    with pytest.raises((ShoplineFailing, ShoplineBusy, ShoplineRefused)):
        client.fetch_shop()
    assert call.call_count == calls


def test_what_changes_something_is_never_sent_twice(client, store):
    call = store.post(f"{REST}/webhooks.json", status=503)
    with pytest.raises(ShoplineFailing):
        client.create_subscription("customers/update", "https://app.example/", "v20260901")
    assert call.call_count == 1


@pytest.mark.parametrize("body", ["<html>welcome</html>", "", "[]", "{", "[" * 100_000])
def test_a_success_that_is_no_json_object_is_unexpected(client, store, body):
    store.get(f"{REST}/merchants/shop.json", body=body, headers={"traceId": "t-2"})
    with pytest.raises(UnexpectedPayload, match="trace id t-2") as failed:
        client.fetch_shop()
    assert failed.value.permanent


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({}, "customers is missing"),
        ({"customers": {}}, "customers is not a list"),
        ({"customers": [{"id": "1", "state": 1}, {"state": 1}]}, "customers[1].id is missing"),
    ],
)
def test_one_bad_row_refuses_the_page_and_is_named(client, store, answer, complaint):
    store.get(CUSTOMERS, json=answer, headers={"traceId": "t-3"})
    with pytest.raises(UnexpectedPayload) as failed:
        client.fetch_customer_page()
    assert str(failed.value) == f"{complaint} (HTTP 200, trace id t-3)"


def test_a_call_may_take_the_ten_seconds_it_can_wait_in_the_stores_queue(client, store, payload):
    store.get(f"{REST}/merchants/shop.json", json=payload("shop"))
    client.fetch_shop()
    assert store.calls[0].request.req_kwargs["timeout"] == (10.0, 30.0)


@pytest.mark.parametrize("name", ["X-RateLimit-Remaining", "X-Shopline-Shop-Api-Call-Limit"])
def test_headers_about_a_quota_are_not_documented_and_change_nothing(store, payload, name):
    waits = []
    pace = Pace(clock=lambda: 0.0, sleep=waits.append)
    client = ShoplineClient(STORE, "t", api_version="v20260901", pace=pace)
    store.get(f"{REST}/merchants/shop.json", json=payload("shop"), headers={name: "0"})
    client.fetch_shop()
    client.fetch_shop()
    assert waits == []


@pytest.mark.parametrize("status", [201, 202, 206])
def test_every_2xx_is_a_success(client, store, payload, status):
    store.get(f"{REST}/merchants/shop.json", json=payload("shop"), status=status)
    assert client.fetch_shop().name == "Demo Store"


def test_an_amount_that_comes_as_a_number_stays_exact(client, store):
    row = '{"id": "1", "state": 3, "total_spent": 12345678901234567.89, "orders_count": 2.0}'
    store.get(f"{REST}/customers/v2/1.json", body=f'{{"customer": {row}}}')
    customer = client.fetch_customer("1")
    assert customer.total_spent == Decimal("12345678901234567.89")
    assert customer.orders_count == 2


@pytest.mark.parametrize("ref", ["1.5e20", "21050224312121887324667162.0"])
def test_an_id_that_was_rounded_on_its_way_is_refused(client, store, ref):
    store.get(f"{REST}/customers/v2/1.json", body=f'{{"customer": {{"id": {ref}, "state": 3}}}}')
    with pytest.raises(UnexpectedPayload, match=r"customer\.id is not an id"):
        client.fetch_customer("1")
