"""The Admin API at HTTP level."""

import json
from datetime import UTC, datetime

import pytest
from responses.matchers import header_matcher, query_param_matcher

from smartpush_shopline.errors import Gone, ShoplineRefused, UnexpectedPayload
from smartpush_shopline.shopline import Pace, ShoplineClient, new_session

from .conftest import GRAPHQL, REST, STORE

SEARCHES = f"{REST}/customer_saved_searches.json"
COUNT = f"{REST}/customer_saved_searches/count.json"
MEMBERS = f"{REST}/customer_saved_searches/GROUP1/customers.json"
CUSTOMERS = f"{REST}/v2/customers.json"


def next_link(cursor, host=STORE):
    return {"link": f'<{host}/admin/openapi/v20260901/x.json?page_info={cursor}>; rel="next"'}


# --- what is asked and read -----------------------------------------------------------------


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
