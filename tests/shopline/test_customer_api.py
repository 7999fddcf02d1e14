"""Looking customers up: filters, ids, search, what the store keeps about subscribing."""

from datetime import UTC, datetime

import pytest
from responses.matchers import query_param_matcher

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline import SubscribeRecord, parse_time

from .conftest import REST

CUSTOMERS = f"{REST}/v2/customers.json"
SEARCH = f"{REST}/customers/v2/search.json"
SUBSCRIBE = f"{REST}/customers/subscribe.json"
MONDAY = datetime(2026, 11, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({"updated_at_min": MONDAY}, {"updated_at_min": "2026-11-02T08:00:00+00:00"}),
        ({"updated_at_max": MONDAY}, {"updated_at_max": "2026-11-02T08:00:00+00:00"}),
        ({"created_at_min": MONDAY}, {"created_at_min": "2026-11-02T08:00:00+00:00"}),
        ({"created_at_max": MONDAY}, {"created_at_max": "2026-11-02T08:00:00+00:00"}),
        ({"since_ref": "421"}, {"since_id": "421"}),
    ],
)
def test_every_filter_has_its_parameter_on_the_first_page_only(client, store, wanted, asked):
    size = {"limit": "250"}
    store.get(CUSTOMERS, json={"customers": []}, match=[query_param_matcher(size | asked)])
    later = query_param_matcher(size | {"page_info": "on"})
    store.get(CUSTOMERS, json={"customers": []}, match=[later])
    client.fetch_customer_page(**wanted)
    client.fetch_customer_page(**wanted, page_info="on")


def test_customers_by_id_come_in_parts_of_64_characters_each_once(client, store):
    refs = [str(4_210_000_001 + number) for number in range(7)]
    for part in (refs[:5], refs[5:]):
        assert len(",".join(part)) <= 64
        asked = query_param_matcher({"limit": "250", "ids": ",".join(part)})
        rows = [{"id": ref, "state": 3} for ref in part if ref != refs[1]]
        store.get(CUSTOMERS, json={"customers": rows}, match=[asked])
    found = client.list_customers([*refs, refs[0]])
    assert [customer.ref for customer in found] == [refs[0], *refs[2:]]


@pytest.mark.parametrize("ref", ["", "1,2"])
def test_an_id_that_would_be_two_is_a_mistake_of_the_caller(client, ref):
    with pytest.raises(ValueError, match="no id"):
        client.list_customers([ref])


def test_nobody_is_asked_for_without_a_call(client, store):
    assert (client.list_customers([]), client.list_subscribe_records([])) == ([], [])


def test_a_search_joins_fields_and_takes_a_text(client, store, payload):
    asked = {
        "limit": "50",
        "query": "tags:vip;email_subscribe_flag:1",
        "query_param": "Ann",
        "order": "2",
    }
    rows = [payload("customer")["customer"]]
    store.get(SEARCH, json={"customers": rows}, match=[query_param_matcher(asked)])
    fields = {"tags": "vip", "email_subscribe_flag": "1"}
    page = client.search_customer_page(fields=fields, text="Ann", order=2, limit=50)
    assert [customer.ref for customer in page.items] == ["4210000001"]


@pytest.mark.parametrize(
    "wanted", [{"text": "x" * 51}, {"fields": {"tags": "vip;state:0"}}, {"limit": 0}]
)
def test_a_search_that_would_mean_something_else_is_never_sent(client, wanted):
    with pytest.raises(ValueError, match=r"most 50|holds no|limit"):
        client.search_customer_page(**wanted)


def test_what_the_store_keeps_of_each_channel(client, store, payload):
    asked = query_param_matcher({"customer_ids": "4210000001"})
    store.get(SUBSCRIBE, json=payload("subscribe_records"), match=[asked])
    email, sms = client.list_subscribe_records(["4210000001"])
    asked_at = parse_time("2026-10-01T12:00:00+08:00")
    assert email == SubscribeRecord(
        "4210000001", "email", True, "ann@example.com", "order", asked_at
    )
    assert (sms.channel, sms.subscribed, sms.collected_from) == ("sms", False, None)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"subscribe_account_type": 4}, "subscribe_account_type has an unknown value"),
        ({"subscribe_account_type": None}, "subscribe_account_type is missing"),
        ({"status": 2}, "status is neither true nor false"),
        ({"status": None}, "status is missing"),
    ],
)
def test_a_channel_that_cannot_be_told_is_refused(client, store, payload, change, complaint):
    answer = payload("subscribe_records")
    answer["user_subscribe_info_list"][1] |= change
    store.get(SUBSCRIBE, json=answer)
    with pytest.raises(UnexpectedPayload) as refused:
        client.list_subscribe_records(["4210000001"])
    assert f"user_subscribe_info_list[1].{complaint}" in str(refused.value)
