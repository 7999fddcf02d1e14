"""Writing segments, and each call about webhook subscriptions."""


import pytest
from responses.matchers import query_param_matcher

from smartpush_shopline.errors import Gone, ShoplineRefused
from smartpush_shopline.shopline import BY_LAST_ORDER, BY_ORDER_COUNT

from .conftest import REST

SEARCHES = f"{REST}/customer_saved_searches"
VIP = "GROUP1000000000000000001"


def test_a_deleted_segment_is_gone_for_every_call(client, store):
    store.get(f"{SEARCHES}/{VIP}.json", status=404)
    store.get(f"{SEARCHES}/{VIP}/customers.json", status=404)
    calls = (
        lambda: client.fetch_saved_search(VIP),
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


def test_a_subscription_is_deleted_with_its_id_before_the_word(client, store):
    deleted = store.delete(f"{REST}/45852/webhooks.json", body="")
    client.delete_subscription("45852")
    assert deleted.call_count == 1


def test_an_unknown_topic_is_refused_in_the_stores_words(client, store):
    words = "There are no available versions for subscription for the current event"
    store.post(f"{REST}/webhooks.json", json={"errors": words}, status=422)
    with pytest.raises(ShoplineRefused, match=words) as refused:
        client.create_subscription("orders/update", "https://app.example/", "v20260901")
    assert refused.value.status == 422


def test_what_changes_something_is_sent_once(client, store):
    calls = [
        store.post(f"{REST}/webhooks.json", status=503),
        store.delete(f"{REST}/1/webhooks.json", status=429),
    ]
    for change in (
        lambda: client.create_subscription("customers/update", "https://b.example/", "v20260901"),
        lambda: client.delete_subscription("1"),
    ):
        with pytest.raises(Exception, match="SHOPLINE"):
            change()
    assert [call.call_count for call in calls] == [1, 1]
