"""Writing segments, and each call about webhook subscriptions."""

import json

import pytest
from responses.matchers import query_param_matcher

from smartpush_shopline.errors import Gone, ShoplineRefused
from smartpush_shopline.shopline import BY_LAST_ORDER, BY_ORDER_COUNT

from .conftest import REST

SEARCHES = f"{REST}/customer_saved_searches"
VIP = "GROUP1000000000000000001"


def sent(call):
    return json.loads(call.calls[0].request.body)


def test_a_segment_is_created_renamed_and_deleted(client, store, payload):
    vip = payload("saved_searches")["customer_saved_searches"][0]
    answer = {"customer_saved_search": vip}
    created = store.post(f"{SEARCHES}.json", json=answer)
    renamed = store.put(f"{SEARCHES}/{VIP}.json", json=answer)
    store.delete(f"{SEARCHES}/{VIP}.json", body="")
    assert client.create_saved_search("VIP", "orders_count:>2").ref == VIP
    assert client.rename_saved_search(VIP, "Very").name == "VIP"
    client.delete_saved_search(VIP)
    query = {"name": "VIP", "query": "orders_count:>2"}
    assert sent(created) == {"customer_saved_search": query}
    assert sent(renamed) == {"customer_saved_search": {"name": "Very"}}


def test_a_deleted_segment_is_gone_for_every_call(client, store):
    for method in (store.get, store.put, store.delete):
        method(f"{SEARCHES}/{VIP}.json", status=404)
    store.get(f"{SEARCHES}/{VIP}/customers.json", status=404)
    calls = (
        lambda: client.fetch_saved_search(VIP),
        lambda: client.rename_saved_search(VIP, "x"),
        lambda: client.delete_saved_search(VIP),
        lambda: client.fetch_member_page(VIP),
    )
    for call in calls:
        with pytest.raises(Gone):
            call()


def test_segments_are_counted_after_one_of_them(client, store):
    asked = query_param_matcher({"since_id": VIP})
    store.get(f"{SEARCHES}/count.json", json={"count": 4}, match=[asked])
    assert client.fetch_saved_search_count(since_ref=VIP) == 4


@pytest.mark.parametrize(
    ("order", "asked"),
    [(None, {}), (BY_LAST_ORDER, {"order": "1"}), (BY_ORDER_COUNT, {"order": "2"})],
)
def test_members_come_in_the_order_that_was_asked_for(client, store, order, asked):
    match = [query_param_matcher({"limit": "250"} | asked)]
    store.get(f"{SEARCHES}/{VIP}/customers.json", json={"customers": []}, match=match)
    assert client.fetch_member_page(VIP, order=order).items == ()


def test_an_order_that_does_not_exist_is_a_mistake_of_the_caller(client):
    with pytest.raises(ValueError, match="order is"):
        client.fetch_member_page(VIP, order=3)


def test_a_subscription_is_counted_read_and_moved_with_its_id_before_the_word(
    client, store, payload
):
    row = payload("webhooks")["webhooks"][0]
    store.get(f"{REST}/webhooks/count.json", json={"count": 1})
    store.get(f"{REST}/45852/webhooks.json", json={"webhook": row})
    moved = store.put(
        f"{REST}/45852/webhooks.json", json={"webhook": row | {"address": "https://b.example/"}}
    )
    assert client.fetch_subscription_count() == 1
    assert client.fetch_subscription("45852").topic == "customers/update"
    assert client.update_subscription("45852", "https://b.example/").address == "https://b.example/"
    assert sent(moved) == {"webhook": {"address": "https://b.example/"}}


def test_an_unknown_topic_is_refused_in_the_stores_words(client, store):
    words = "There are no available versions for subscription for the current event"
    store.post(f"{REST}/webhooks.json", json={"errors": words}, status=422)
    with pytest.raises(ShoplineRefused, match=words) as refused:
        client.create_subscription("orders/update", "https://app.example/", "v20260901")
    assert refused.value.status == 422


def test_what_changes_something_is_sent_once(client, store):
    calls = [
        store.put(f"{SEARCHES}/{VIP}.json", status=503),
        store.delete(f"{SEARCHES}/{VIP}.json", status=504),
        store.put(f"{REST}/1/webhooks.json", status=429),
    ]
    for change in (
        lambda: client.rename_saved_search(VIP, "x"),
        lambda: client.delete_saved_search(VIP),
        lambda: client.update_subscription("1", "https://b.example/"),
    ):
        with pytest.raises(Exception, match="SHOPLINE"):
            change()
    assert [call.call_count for call in calls] == [1, 1, 1]
