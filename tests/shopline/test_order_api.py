"""Every order, against a store that has the traps of the real list."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from responses.matchers import query_param_matcher

from smartpush_shopline.errors import Gone, UnexpectedPayload
from smartpush_shopline.shopline import OrderPass

from .conftest import REST, STORE

ORDERS, COUNT = f"{REST}/orders.json", f"{REST}/orders/count.json"


@dataclass
class OrderStore:
    """Answers as the pages describe it; `defaults` is the fulfilment shown when none is asked."""

    rows: dict[str, tuple[str, bool, bool]]  # id → fulfilment, hidden, cancelled
    defaults: str | None
    extra_count: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    page_size: int = 2

    def list(self, request):
        query = {k: v[0] for k, v in parse_qs(urlsplit(request.url).query).items()}
        self.asked.append(query)
        told = json.loads(query["page_info"]) if "page_info" in query else query | {"at": 0}
        shown = [ref for ref, row in self.rows.items() if self._fits(ref, row, told)]
        at = told["at"]
        body = {"orders": [{"id": ref} for ref in shown[at : at + self.page_size]]}
        headers = {}
        if at + self.page_size < len(shown):
            cursor = json.dumps(told | {"at": at + self.page_size}).replace(" ", "")
            headers["link"] = f'<{STORE}/x?page_info={cursor}>; rel="next"'
        return 200, headers, json.dumps(body)

    def _fits(self, ref, row, asked):
        fulfilment, hidden, cancelled = row
        wanted = asked.get("fulfillment_status", self.defaults)
        return (
            (wanted is None or fulfilment == wanted)
            and hidden == (asked.get("hidden_order") == "true")
            and (not cancelled or asked.get("status") == "any")
            and ("ids" not in asked or ref in asked["ids"].split(","))
        )

    def count(self, request):
        return 200, {}, json.dumps({"count": len(self.rows) + self.extra_count})


@pytest.fixture
def open_orders(store):
    def opener(defaults, **more):
        fulfilments = ("unshipped", "partial", "shipped")
        rows = {
            f"{number}": (fulfilments[number % 3], number % 2 == 0, number % 5 == 0)
            for number in range(1, 13)
        }
        orders = OrderStore(rows, defaults, **more)
        store.assert_all_requests_are_fired = False
        store.add_callback("GET", ORDERS, orders.list)
        store.add_callback("GET", COUNT, orders.count)
        return orders

    return opener


def read_all(client):
    return [order.ref for page in client.iter_orders() for order in page]


@pytest.mark.parametrize(("defaults", "first_calls"), [(None, 2), ("unshipped", 8)])
def test_every_order_is_read_once_whatever_the_list_hides(
    client, open_orders, defaults, first_calls
):
    orders = open_orders(defaults)
    found = read_all(client)
    assert sorted(found) == sorted(orders.rows)
    assert sum("page_info" not in query for query in orders.asked) == first_calls


def test_no_call_relies_on_the_default_of_status_or_archive(client, open_orders):
    orders = open_orders("unshipped")
    read_all(client)
    firsts = [query for query in orders.asked if "page_info" not in query]
    assert {query["status"] for query in firsts} == {"any"}
    assert {query["hidden_order"] for query in firsts} == {"true", "false"}
    assert {query["limit"] for query in orders.asked} == {"100"}
    assert all(
        set(query) == {"limit", "page_info"} for query in orders.asked if query not in firsts
    )


def test_an_order_that_the_store_counts_but_never_shows_is_not_passed_over(client, open_orders):
    open_orders("unshipped", extra_count=1)
    seen = []
    with pytest.raises(UnexpectedPayload, match="lists 12, its count says 13"):
        seen += (order for page in client.iter_orders() for order in page)


def test_orders_deleted_while_we_read_are_no_gap(client, open_orders, store):
    orders = open_orders(None)
    counts = iter([20, 12])
    store.remove("GET", COUNT)
    store.add_callback("GET", COUNT, lambda request: (200, {}, json.dumps({"count": next(counts)})))
    assert sorted(read_all(client)) == sorted(orders.rows)


def test_times_are_asked_of_list_and_count_alike(client, store):
    since = {"updated_at_min": "2026-11-01T00:00:00+00:00"}
    store.get(COUNT, json={"count": 0}, match=[query_param_matcher({"status": "any"} | since)])
    for hidden in ("false", "true"):
        asked = {"limit": "100", "status": "any", "hidden_order": hidden} | since
        store.get(ORDERS, json={"orders": []}, match=[query_param_matcher(asked)])
    assert list(client.iter_orders(updated_at_min=datetime(2026, 11, 1, tzinfo=UTC))) == []


def test_one_pass_is_read_page_by_page_so_that_a_job_can_go_on(client, store, payload):
    asked = {
        "limit": "100",
        "status": "any",
        "hidden_order": "true",
        "fulfillment_status": "shipped",
        "created_at_max": "2026-11-01T00:00:00+00:00",
    }
    store.get(ORDERS, json=payload("orders"), match=[query_param_matcher(asked)])
    until = datetime(2026, 11, 1, tzinfo=UTC)
    page = client.fetch_order_page(OrderPass("shipped", hidden=True), created_at_max=until)
    assert [order.name for order in page.items] == ["#1001", "test1002"]


@pytest.mark.parametrize("defaults", [None, "unshipped"])
def test_single_orders_are_found_wherever_the_list_hides_them(client, open_orders, defaults):
    orders = open_orders(defaults)
    found = client.list_orders([*orders.rows, "404"])
    assert {order.ref for order in found} == set(orders.rows)
    assert client.fetch_order("12").ref == "12"
    with pytest.raises(Gone):
        client.fetch_order("404")


def test_orders_by_id_are_asked_a_hundred_at_a_time(client, open_orders):
    orders = open_orders(None, page_size=100)
    client.list_orders([str(number) for number in range(1, 151)])
    assert max(len(query["ids"].split(",")) for query in orders.asked) == 100


@pytest.mark.parametrize("status", ["open", "cancelled", "hidden", "any"])
def test_orders_are_counted_by_status(client, store, status):
    store.get(COUNT, json={"count": 7}, match=[query_param_matcher({"status": status})])
    assert client.fetch_order_count(status=status) == 7


def test_a_page_has_at_most_a_hundred_orders(client):
    with pytest.raises(ValueError, match="1 to 100"):
        client.fetch_order_page(limit=101)
