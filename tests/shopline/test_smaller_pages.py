"""After a 504 the pages get smaller, and no row is lost or doubled."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from smartpush_shopline.errors import ShoplineFailing

from .conftest import REST, STORE

CUSTOMERS = f"{REST}/v2/customers.json"
TOTAL = 600


class SlowStore:
    """600 customers; a page of more than `most` rows takes too long once `calls` were answered."""

    def __init__(self, most, after_calls=0):
        self.most, self.after_calls, self.limits = most, after_calls, []

    def rest(self, request):
        query = {k: v[0] for k, v in parse_qs(urlsplit(request.url).query).items()}
        limit, start = int(query["limit"]), int(query.get("page_info", 0))
        self.limits.append(limit)
        if limit > self.most and len(self.limits) > self.after_calls:
            return 504, {}, ""
        end = min(start + limit, TOTAL)
        rows = [{"id": str(number), "state": 3} for number in range(start, end)]
        link = {"link": f'<{STORE}/x?page_info={end}>; rel="next"'} if end < TOTAL else {}
        return 200, link, json.dumps({"customers": rows})

def read_rest(client):
    refs, page_info = [], None
    while True:
        page = client.fetch_customer_page(page_info=page_info)
        refs += [customer.ref for customer in page.items]
        page_info = page.next_page_info
        if page_info is None:
            return refs


@pytest.mark.parametrize("most", [250, 130, 62, 30, 25])
@pytest.mark.parametrize("after_calls", [0, 1, 2])
def test_a_listing_goes_on_with_half_the_rows(client, store, most, after_calls):
    slow = SlowStore(most, after_calls)
    store.add_callback("GET", CUSTOMERS, slow.rest)
    assert read_rest(client) == [str(number) for number in range(TOTAL)]
    assert slow.limits == sorted(slow.limits, reverse=True)  # small for the rest of the listing


def test_the_next_listing_begins_with_whole_pages_again(client, store):
    slow = SlowStore(125)
    store.add_callback("GET", CUSTOMERS, slow.rest)
    read_rest(client)
    slow.limits.clear()
    slow.most = 250
    read_rest(client)
    assert slow.limits == [250, 250, 250]


def test_25_rows_are_the_smallest_page(client, store):
    slow = SlowStore(0)
    store.add_callback("GET", CUSTOMERS, slow.rest)
    with pytest.raises(ShoplineFailing) as failed:
        client.fetch_customer_page()
    assert failed.value.status == 504
    assert slow.limits == [250, 125, 62, 31, 25]


def test_other_troubles_do_not_shrink_a_page(client, store):
    store.get(CUSTOMERS, status=503)
    store.get(CUSTOMERS, json={"customers": []})
    client.fetch_customer_page()
    asked = [parse_qs(urlsplit(call.request.url).query)["limit"] for call in store.calls]
    assert asked == [["250"], ["250"]]
