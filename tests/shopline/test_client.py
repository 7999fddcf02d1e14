"""The Admin API at HTTP level."""

import json
from datetime import UTC, datetime

import pytest
import requests
from responses.matchers import header_matcher, query_param_matcher

from smartpush_shopline.errors import (
    Gone,
    NotAuthorised,
    ShoplineBusy,
    ShoplineFailing,
    ShoplineRefused,
    ShoplineUnreachable,
    UnexpectedPayload,
)
from smartpush_shopline.shopline import Pace, ShoplineClient, new_session

from .conftest import GRAPHQL, REST, STORE

SEARCHES = f"{REST}/customer_saved_searches.json"
COUNT = f"{REST}/customer_saved_searches/count.json"
MEMBERS = f"{REST}/customer_saved_searches/GROUP1/customers.json"
CUSTOMERS = f"{REST}/v2/customers.json"


def next_link(cursor, host=STORE):
    return {"link": f'<{host}/admin/openapi/v20260901/x.json?page_info={cursor}>; rel="next"'}


# --- what each method asks and reads --------------------------------------------------------


def test_the_shop_is_fetched_with_the_token(client, store, payload):
    bearer = header_matcher({"Authorization": "Bearer a-token"})
    store.get(f"{REST}/merchants/shop.json", json=payload("shop"), match=[bearer])
    assert client.fetch_shop().name == "Demo Store"


def test_customers_are_counted(client, store):
    store.get(f"{REST}/customers/v2/count.json", json={"count": "1234"})
    assert client.fetch_customer_count() == 1234


def test_a_first_page_of_customers_carries_the_filter(client, store, payload):
    asked = query_param_matcher({"limit": "250", "updated_at_min": "2026-11-01T08:00:00+00:00"})
    answer = {"customers": [payload("customer")["customer"]]}
    store.get(CUSTOMERS, json=answer, headers=next_link("abc"), match=[asked])
    page = client.fetch_customer_page(updated_at_min=datetime(2026, 11, 1, 8, tzinfo=UTC))
    assert [customer.ref for customer in page.items] == ["4210000001"]
    assert page.next_page_info == "abc"


def test_a_later_page_carries_only_cursor_and_limit(client, store):
    asked = query_param_matcher({"limit": "100", "page_info": "a+b="})
    store.get(CUSTOMERS, json={"customers": []}, match=[asked])
    since = datetime(2026, 11, 1, tzinfo=UTC)
    page = client.fetch_customer_page(page_info="a+b=", updated_at_min=since, limit=100)
    assert (page.items, page.next_page_info) == ((), None)


def test_a_page_size_or_time_that_cannot_be_meant_is_a_mistake_of_the_caller(client):
    with pytest.raises(ValueError, match="limit"):
        client.fetch_customer_page(limit=251)
    with pytest.raises(ValueError, match="aware"):
        client.fetch_customer_page(updated_at_min=datetime(2026, 11, 1))


def test_one_customer_is_fetched_by_ref(client, store, payload):
    store.get(f"{REST}/customers/v2/4210000001.json", json=payload("customer"))
    assert client.fetch_customer("4210000001").email == "ann@example.com"


def test_a_ref_cannot_leave_its_place_in_the_path(client, store):
    store.get(f"{REST}/customers/v2/..%2Fcount.json", status=404)
    with pytest.raises(Gone):
        client.fetch_customer("../count")


@pytest.mark.parametrize("ref", ["", ".", ".."])
def test_a_ref_that_would_climb_is_never_sent(client, ref):
    with pytest.raises(ValueError, match="no id"):
        client.fetch_member_page(ref)


def test_national_numbers_are_read_in_the_country_of_the_store(store):
    client = ShoplineClient(STORE, "t", api_version="v20260901", default_country="TW")
    store.get(MEMBERS, json={"customers": [{"id": "1", "state": 1, "phone": "0912345678"}]})
    assert client.fetch_member_page("GROUP1").items[0].phone == "+886912345678"


def test_segments_are_listed_and_counted(client, store, payload):
    store.get(SEARCHES, json=payload("saved_searches"))
    store.get(COUNT, json={"count": 2})
    assert [search.name for search in client.list_saved_searches()] == ["VIP", "新客戶"]


def test_a_link_of_the_segment_list_is_followed_on_our_host_only(client, store, payload):
    vip, fresh = payload("saved_searches")["customer_saved_searches"]
    first, second = ({"customer_saved_searches": [row]} for row in (vip, fresh))
    evil = next_link("two", host="https://evil.example")
    store.get(SEARCHES, json=first, headers=evil, match=[query_param_matcher({})])
    store.get(SEARCHES, json=second, match=[query_param_matcher({"page_info": "two"})])
    store.get(COUNT, json={"count": 2})
    assert len(client.list_saved_searches()) == 2


def test_a_list_that_changed_meanwhile_is_read_again(client, store, payload):
    searches = payload("saved_searches")
    store.get(SEARCHES, json={"customer_saved_searches": searches["customer_saved_searches"][:1]})
    store.get(SEARCHES, json=searches)
    counted = store.get(COUNT, json={"count": 2})
    assert len(client.list_saved_searches()) == 2
    assert counted.call_count == 2


def test_an_incomplete_list_is_refused_after_one_more_reading(client, store, payload):
    listed = store.get(SEARCHES, json=payload("saved_searches"))
    store.get(COUNT, json={"count": 3})
    with pytest.raises(UnexpectedPayload, match="lists 2, its count says 3"):
        client.list_saved_searches()
    assert listed.call_count == 2


def test_a_list_that_never_ends_is_refused(client, store):
    store.get(SEARCHES, json={"customer_saved_searches": []}, headers=next_link("round"))
    with pytest.raises(UnexpectedPayload, match="the next page is this page"):
        client.list_saved_searches()


def test_one_segment_is_fetched_by_ref(client, store, payload):
    vip = payload("saved_searches")["customer_saved_searches"][0]
    url = f"{REST}/customer_saved_searches/{vip['id']}.json"
    store.get(url, json={"customer_saved_search": vip})
    assert client.fetch_saved_search(vip["id"]).query == "orders_count:>2;"


def test_members_come_in_pages(client, store, payload):
    asked = query_param_matcher({"limit": "250", "page_info": "one"})
    store.get(MEMBERS, json=payload("members"), headers=next_link("two"), match=[asked])
    page = client.fetch_member_page("GROUP1", page_info="one")
    assert ([member.ref for member in page.items], page.next_page_info) == (
        ["4210000001", "4210000002"],
        "two",
    )


def test_members_are_counted_in_the_time_zone_of_the_store(client, store, payload):
    call = store.post(GRAPHQL, json=payload("graphql_member_count"))
    assert client.fetch_member_count("GROUP1", "Asia/Taipei") == 1234
    sent = json.loads(call.calls[0].request.body)
    assert sent["variables"] == {"id": "GROUP1", "timezone": "Asia/Taipei"}
    assert "customerSegmentMembers" in sent["query"]


def test_subscriptions_are_listed_created_and_deleted(client, store, payload):
    rows = payload("webhooks")["webhooks"]
    store.get(f"{REST}/webhooks.json", json={"webhooks": rows})
    created = store.post(f"{REST}/webhooks.json", json={"webhook": rows[0]})
    store.delete(f"{REST}/45852/webhooks.json", body="")
    (listed,) = client.list_subscriptions()
    assert client.create_subscription(listed.topic, listed.address, "v20260901") == listed
    client.delete_subscription(listed.ref)
    assert json.loads(created.calls[0].request.body) == {
        "webhook": {
            "address": "https://app.example/webhooks/shopline",
            "api_version": "v20260901",
            "topic": "customers/update",
        }
    }


# --- how it fails ---------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("GROUP_CODE_NOT_EXIST", Gone),
        ("DATA_NOT_EXIST", Gone),
        ("REQUEST_LIMIT_EXCEEDED", ShoplineBusy),
        ("TOO_MANY_REQUESTS", ShoplineBusy),
        ("ACCESS_TOKEN_IS_EXPIRED", NotAuthorised),
        ("ACCESS_TOKEN_INVALID", NotAuthorised),
        ("SYSTEM_ERROR", ShoplineFailing),
        ("PARAM_ILLEGAL", ShoplineRefused),
        ("", ShoplineRefused),
    ],
)
def test_a_graphql_error_that_comes_as_success_is_still_an_error(
    client, store, payload, code, kind
):
    answer = payload("graphql_error")
    answer["errors"][0]["extensions"]["code"] = code
    store.post(GRAPHQL, json=answer, headers={"traceId": "t-4"})
    with pytest.raises(kind) as failed:
        client.fetch_member_count("GROUP1", "UTC")
    assert (type(failed.value), failed.value.trace_id) == (kind, "t-4")


@pytest.mark.parametrize(
    "answer",
    [
        {"data": None},
        {"data": {"customerSegmentMembers": None}},
        {"data": {"customerSegmentMembers": {"totalCount": None}}},
        {"errors": "Store has been frozen or closed"},
    ],
)
def test_a_graphql_answer_without_a_count_is_unexpected(client, store, answer):
    store.post(GRAPHQL, json=answer)
    with pytest.raises(UnexpectedPayload):
        client.fetch_member_count("GROUP1", "UTC")


# --- where it goes --------------------------------------------------------------------------


def test_a_redirect_within_the_store_is_followed(client, store, payload):
    moved = {"location": "/admin/openapi/v20260601/merchants/shop.json"}
    store.get(f"{REST}/merchants/shop.json", status=303, headers=moved)
    store.get(f"{STORE}{moved['location']}", json=payload("shop"))
    assert client.fetch_shop().name == "Demo Store"


@pytest.mark.parametrize(
    "location",
    ["https://evil.example/shop.json", "//evil.example/", f"{STORE}.evil.example/", "http://demo"],
)
def test_a_redirect_never_takes_the_token_to_another_host(client, store, location):
    store.get(f"{REST}/merchants/shop.json", status=302, headers={"location": location})
    with pytest.raises(ShoplineRefused) as refused:
        client.fetch_shop()
    assert refused.value.reason == "redirected"


def test_a_circle_of_redirects_ends(client, store):
    here = {"location": "/admin/openapi/v20260901/merchants/shop.json"}
    call = store.get(f"{REST}/merchants/shop.json", status=302, headers=here)
    with pytest.raises(UnexpectedPayload, match="circle"):
        client.fetch_shop()
    assert call.call_count == 3


def test_every_call_keeps_the_pace(store):
    waits = []
    pace = Pace(per_second=1, burst=1, clock=lambda: 0.0, sleep=waits.append)
    client = ShoplineClient(
        f"{STORE}/", "t", api_version="v20260901", http=new_session(backoff=0), pace=pace
    )
    store.get(f"{REST}/customers/v2/count.json", json={"count": 0})
    for _ in range(3):
        client.fetch_customer_count()
    assert waits == [1, 2]
