"""Orders: the traps of their list, what changes them, and what the webhooks leave out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from smartpush_shopline.sandbox.wire_orders import MISSING

from .conftest import ADA, BEA, CYD, Receiver, Sandbox

ORDERS = "/alder/_sandbox/orders"


def place(sandbox: Sandbox, amount: str = "49.90", **more: Any) -> Any:
    told = {"customer_id": BEA, "amount": amount, **more}
    return sandbox.send("POST", ORDERS, told)["order"]


def count(sandbox: Sandbox, query: str = "") -> int:
    number: int = sandbox.read(f"/orders/count.json{query}")["count"]
    return number


def walk(sandbox: Sandbox, query: str) -> list[Any]:
    rows: list[Any] = []
    part: str | None = query
    while part:
        answer = sandbox.get(f"/orders.json{part}")
        assert answer.json is not None
        rows += answer.json["orders"]
        found = re.search(r'\?([^>]*)>; rel="next"', answer.headers.get("link", ""))
        part = f"?{found[1]}" if found else None
    return rows


def test_a_plain_list_holds_less_than_the_count_says(sandbox: Sandbox) -> None:
    plain = walk(sandbox, "?limit=100&status=any")
    assert {row["fulfillment_status"] for row in plain} == {None}
    assert not any(row["hidden_order"] for row in plain)
    assert len(plain) < count(sandbox)


def test_everything_is_found_by_six_passes(sandbox: Sandbox) -> None:
    found = [
        row["id"]
        for shipping in ("unshipped", "partial", "shipped")
        for hidden in ("false", "true")
        for row in walk(
            sandbox,
            f"?limit=100&status=any&fulfillment_status={shipping}&hidden_order={hidden}&fields=id",
        )
    ]
    assert len(found) == len(set(found)) == count(sandbox) == len(sandbox.alder.orders)
    hidden = count(sandbox, "?status=hidden")
    assert hidden == sum(each.hidden for each in sandbox.alder.orders.everyone())


def test_a_status_is_filtered_with_two_l_and_read_with_one(sandbox: Sandbox) -> None:
    rows = walk(sandbox, "?status=cancelled&limit=100")
    assert rows
    assert {row["status"] for row in rows} == {"canceled"}
    assert all(row["cancelled_at"] for row in rows)
    assert sandbox.get("/orders.json?status=canceled").status_code == 422


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=101", 422),
        ("fulfillment_status=any", 422),
        ("fulfillment_status=fulfilled", 422),
        ("financial_status=rich", 422),
        ("since_id=first", 400),
        ("updated_at_min=yesterday", 400),
    ],
)
def test_strange_questions_are_refused(sandbox: Sandbox, query: str, status: int) -> None:
    assert sandbox.get(f"/orders.json?{query}").status_code == status


def test_one_order_is_read_by_its_id_whatever_it_is(sandbox: Sandbox) -> None:
    ada = sandbox.read(f"/customers/v2/{ADA}.json")["customer"]
    (order,) = sandbox.read(f"/orders.json?ids={ada['last_order_id']}")["orders"]
    assert order["name"] == ada["last_order_name"]
    assert order["customer"]["email"] == "ada@example.com"
    assert order["user_id"] == ADA
    assert "total_price" not in order
    assert re.fullmatch(r"\d{26}", order["id"])
    assert re.fullmatch(r"\d+\.\d\d", order["current_total_price"])
    assert type(order["payment_details"][0]["pay_amount"]) is float


def test_orders_of_one_customer_stand_under_list(sandbox: Sandbox) -> None:
    told = sandbox.read(f"/customers/{ADA}/orders.json?limit=100")
    assert len(told["list"]) == 9
    assert len(sandbox.read(f"/orders.json?buyer_id={ADA}&status=any")["orders"]) < 9
    mail = "/orders.json?email=ada@example.com&status=any&fulfillment_status=shipped&fields=id"
    assert sandbox.read(mail)["orders"]
    assert sandbox.get("/customers/1/orders.json").status_code == 404


def test_times_and_sorting(sandbox: Sandbox) -> None:
    place(sandbox)
    since = "?status=any&updated_at_min=2026-11-24T12:00:00%2B08:00"
    (only,) = sandbox.read(f"/orders.json{since}")["orders"]
    assert only["order_at"] == "2026-11-24T12:00:00+08:00"
    rows = walk(sandbox, "?status=any&limit=100&sort_condition=order_at:desc,id:asc")
    times = [row["order_at"] for row in rows]
    assert times == sorted(times, reverse=True)


def test_an_orders_life_changes_its_buyer(sandbox: Sandbox) -> None:
    before = sandbox.read(f"/customers/v2/{BEA}.json")["customer"]
    order = place(sandbox, "100", paid=False)
    assert order["financial_status"] == "pending"
    path = f"{ORDERS}/{order['id']}"
    assert sandbox.send("POST", f"{path}/pay", {})["order"]["financial_status"] == "paid"
    assert sandbox.send("POST", f"{path}/ship-partly", {})["order"]["fulfillment_status"]
    assert sandbox.send("POST", f"{path}/archive", {})["order"]["hidden_order"] is True
    bea = sandbox.read(f"/customers/v2/{BEA}.json")["customer"]
    assert bea["orders_count"] == before["orders_count"] + 1
    assert float(bea["total_spent"]) == float(before["total_spent"]) + 100
    told = sandbox.send("POST", f"{path}/cancel", {})["order"]
    assert (told["status"], told["financial_status"]) == ("canceled", "refunded")
    assert told["refunds"][0]["transactions"][0]["amount"] == "100.00"
    bea = sandbox.read(f"/customers/v2/{BEA}.json")["customer"]
    assert bea["total_spent"] == before["total_spent"]
    sandbox.call("POST", f"{path}/delete")
    assert sandbox.read(f"/orders.json?ids={order['id']}")["orders"] == []
    assert sandbox.call("POST", f"{path}/eat").status_code == 404
    assert sandbox.call("POST", "/_sandbox/orders", json={}).status_code == 404
    assert sandbox.call("POST", ORDERS, json={"customer_id": BEA}).status_code == 422


def test_each_topic_has_gaps_of_its_own(sandbox: Sandbox, receiver: Receiver) -> None:
    for topic in MISSING:
        sandbox.subscribe(topic, receiver.url)
    order = place(sandbox, paid=False)
    for verb in ("pay", "cancel", "delete"):
        sandbox.call("POST", f"{ORDERS}/{order['id']}/{verb}")
    assert sandbox.courier.drain()
    heard: dict[str, Any] = {}
    while not receiver.received.empty():
        headers, body = receiver.next()
        heard[headers["x-shopline-topic"]] = json.loads(body)
    assert heard.keys() == MISSING.keys()
    for topic, told in heard.items():
        assert not set(MISSING[topic]) & told.keys()
        assert {"id", "customer", "user_id", "updated_at"} <= told.keys()
        assert "giftCard" in told["line_items"][0]
    assert heard["orders/updated"]["status"] == "cancelled"


def test_orders_need_their_scope(sandbox: Sandbox) -> None:
    code = sandbox.allow().headers["Location"].partition("code=")[2].partition("&")[0]
    told = sandbox.token_call("create", f'{{"code":"{code}"}}'.encode()).json["data"]
    sandbox.token = told["accessToken"]
    assert sandbox.get("/orders.json").status_code == 403


def test_the_admin_lists_and_changes_orders(sandbox: Sandbox) -> None:
    order = place(sandbox)
    page = sandbox.visit("/orders").text
    assert order["name"] in page
    for words in (order["name"], order["id"], BEA):
        assert order["name"] in sandbox.visit("/orders", query_string={"q": words}).text
    assert sandbox.submit(f"/orders/{order['id']}/ship").status_code == 303
    assert "Shipped" in sandbox.visit(f"/orders/{order['id']}").text
    assert sandbox.submit(f"/orders/{order['id']}/delete").status_code == 303
    assert sandbox.visit(f"/orders/{order['id']}").status_code == 404


def test_an_erasure_request_names_all_orders(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.subscribe("customers/redact", receiver.url)
    sandbox.submit(f"/customers/{CYD}/redact")
    _, told = receiver.next_topic()
    own = sandbox.read(f"/customers/{CYD}/orders.json")["list"]
    assert sorted(told["orders_to_redact"]) == sorted(row["name"] for row in own)


def test_customers_are_searched(sandbox: Sandbox) -> None:
    path = "/customers/v2/search.json"
    vip = sandbox.read(f"{path}?query=tags:vip;orders_count:>8&limit=250")["customers"]
    assert all(each["orders_count"] > 8 and "vip" in each["tags"] for each in vip)
    assert ADA in {each["id"] for each in vip}
    (ada,) = sandbox.read(f"{path}?query_param=ada@example")["customers"]
    assert ada["id"] == ADA
    (ada,) = sandbox.read(f"{path}?query=customer_first_name:Ada")["customers"]
    assert ada["id"] == ADA
    most = sandbox.read(f"{path}?order=2&limit=3")["customers"]
    assert [each["orders_count"] for each in most] == [14, 14, 14]
    for wrong in ("query=shoe:42", "order=4", f"query_param={'x' * 51}", "query=state:9"):
        assert sandbox.get(f"{path}?{wrong}").status_code == 422


def test_subscription_info_has_an_entry_for_each_address(sandbox: Sandbox) -> None:
    told = sandbox.read(f"/customers/subscribe.json?customer_ids={ADA},{CYD}")
    entries = told["user_subscribe_info_list"]
    assert [(each["customer_id"], each["subscribe_account_type"]) for each in entries] == [
        (ADA, 0),
        (ADA, 1),
        (CYD, 0),
    ]
    assert [each["status"] for each in entries] == [1, 1, 0]
    assert sandbox.get("/customers/subscribe.json").status_code == 422
