"""The Admin REST and GraphQL API as the public pages describe them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import ADA, CYD, DEE, Sandbox

NEWSLETTER = "GROUP5483719394486650001"
RETURNING = "GROUP5483719394486650002"
EMPTY = "GROUP5483719394486650009"


def next_page(link: str | None) -> str | None:
    found = re.search(r'<[^>]*?(\?[^>]*)>; rel="next"', link or "")
    return found[1] if found else None


def walk(sandbox: Sandbox, path: str, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    part: str | None = query
    while part is not None:
        response = sandbox.get(f"{path}{part}")
        assert response.json is not None
        rows += response.json["customers"]
        part = next_page(response.headers.get("link"))
    return rows


def test_every_answer_has_a_trace_id(sandbox: Sandbox) -> None:
    for path in ("/merchants/shop.json", "/nowhere.json", "/alder/admin", "/alder/sandbox/moods"):
        assert sandbox.get(path).headers["traceId"]


def test_the_store_tells_who_it_is_with_an_integer_id(sandbox: Sandbox) -> None:
    shop = sandbox.read("/merchants/shop.json")["data"]
    assert shop["id"] == 1610418123456
    assert (shop["iana_timezone"], shop["currency"]) == ("Asia/Taipei", "TWD")
    sandbox.token = "sandbox-birch"
    shop = sandbox.read("/birch/admin/openapi/v20270301/merchants/shop.json")["data"]
    assert (shop["iana_timezone"], shop["currency"]) == ("America/New_York", "USD")


@pytest.mark.parametrize("token", ["", "nonsense", "sandbox-birch", "sandbox-älder"])
def test_only_this_stores_tokens_open_it(sandbox: Sandbox, token: str) -> None:
    sandbox.token = token.encode().decode("latin-1")
    refused = sandbox.get("/merchants/shop.json")
    assert refused.status_code == 401
    assert refused.json == {"errors": "The access token is missing, wrong or expired."}


def test_strange_calls_are_answered_in_json(sandbox: Sandbox) -> None:
    answers = {
        "/nowhere.json": 404,
        "/alder/admin/openapi/2026/merchants/shop.json": 404,
        "/cedar/admin/openapi/v20260601/merchants/shop.json": 404,
        "/v2/customers.json?limit=251": 422,
        "/v2/customers.json?limit=many": 400,
        "/v2/customers.json?page_info=zzz": 400,
        "/v2/customers.json?updated_at_min=yesterday": 400,
        "/customer_saved_searches/GROUP1.json": 404,
        "/customer_saved_searches/GROUP1/customers.json": 404,
    }
    for path, status in answers.items():
        response = sandbox.get(path)
        assert response.status_code == status, path
        assert response.json is not None
        assert response.json["errors"]


def test_another_format_is_not_served(sandbox: Sandbox) -> None:
    refused = sandbox.get("/merchants/shop.json", headers={"Accept": "application/xml"})
    assert refused.status_code == 406


def test_all_customers_can_be_paged_through_once_each(sandbox: Sandbox) -> None:
    rows = walk(sandbox, "/v2/customers.json", "?limit=250")
    assert len({row["id"] for row in rows}) == len(rows) == 2000
    assert sandbox.read("/customers/v2/count.json") == {"count": 2000}


def test_a_page_leads_back_to_the_one_before(sandbox: Sandbox) -> None:
    first = sandbox.get("/v2/customers.json?limit=2")
    assert 'rel="previous"' not in first.headers["link"]
    second = sandbox.get(f"/v2/customers.json{next_page(first.headers['link'])}")
    back = re.findall(r'\?([^>]*)>; rel="previous"', second.headers["link"])[0]
    assert sandbox.read(f"/v2/customers.json?{back}") == first.json


def test_page_info_carries_the_filters_of_page_one(sandbox: Sandbox) -> None:
    since = sandbox.read(f"/customers/v2/{CYD}.json")["customer"]["updated_at"]
    query = f"?limit=9&updated_at_min={since.replace('+', '%2B')}"
    rows = walk(sandbox, "/v2/customers.json", query)
    assert 0 < len(rows) < 200
    assert all(row["updated_at"] >= since for row in rows)


def test_customers_are_found_by_id_and_with_only_the_wanted_fields(sandbox: Sandbox) -> None:
    found = sandbox.read(f"/v2/customers.json?ids={ADA},{DEE}&fields=id,email")["customers"]
    assert found == [
        {"id": ADA, "email": "ada@example.com"},
        {"id": DEE, "email": "dee@example.com"},
    ]
    after = sandbox.read(f"/v2/customers.json?since_id={DEE}&limit=1")["customers"]
    assert after[0]["first_name"] == "Eve"


def test_a_member_has_other_types_than_a_customer(sandbox: Sandbox) -> None:
    path = f"/customer_saved_searches/{NEWSLETTER}/customers.json"
    members = walk(sandbox, path, "?limit=250")
    member = next(each for each in members if each["id"] == ADA)
    customer = sandbox.read(f"/customers/v2/{ADA}.json")["customer"]
    assert (member["mobile_subscribe_flag"], customer["mobile_subscribe_flag"]) == ("1", 1)
    assert member["last_order_time"]
    assert "last_order_time" not in customer
    assert "email_marketing_consent" not in member
    assert "gender" not in member


def test_empty_fields_are_left_out(sandbox: Sandbox) -> None:
    gus = sandbox.read("/customers/v2/4210000008.json")["customer"]
    assert gus["first_name"] == "Gus"
    assert not {"email", "email_marketing_consent", "note", "birthday"} & gus.keys()
    assert gus["email_subscribe_flag"] == 1


def test_segments_are_listed_without_all_customers(sandbox: Sandbox) -> None:
    segments = sandbox.read("/customer_saved_searches.json")["customer_saved_searches"]
    names = [each["name"] for each in segments]
    assert "台北熟客" in names
    assert "All customers" not in names
    assert sandbox.read("/customer_saved_searches/count.json") == {"count": len(names)}
    assert segments[1]["query"] == "orders_count:>1;"
    assert segments[1]["created_at"].endswith("+00:00")


def test_members_are_those_the_rule_finds_the_latest_order_first(sandbox: Sandbox) -> None:
    rows = walk(sandbox, f"/customer_saved_searches/{RETURNING}/customers.json", "?limit=250")
    expected = {each.id for each in sandbox.alder.customers.all() if each.orders_count > 1}
    assert {row["id"] for row in rows} == expected
    assert len(rows) == len(expected) > 250
    times = [row["last_order_time"] for row in rows]
    assert times == sorted(times, reverse=True)
    most = walk(sandbox, f"/customer_saved_searches/{RETURNING}/customers.json", "?order=2")
    counts = [row["orders_count"] for row in most]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) == len(rows)


def test_an_empty_segment_has_no_members_and_no_link(sandbox: Sandbox) -> None:
    response = sandbox.get(f"/customer_saved_searches/{EMPTY}/customers.json")
    assert response.json == {"customers": []}
    assert "link" not in response.headers


def test_a_segment_lives_from_creation_to_deletion(sandbox: Sandbox) -> None:
    sent = {"customer_saved_search": {"name": "Two orders", "query": "orders_count:>1"}}
    made = sandbox.send("POST", "/customer_saved_searches.json", sent)["customer_saved_search"]
    assert re.fullmatch(r"GROUP\d+", made["id"])
    assert made["query"] == "orders_count:>1;"
    path = f"/customer_saved_searches/{made['id']}.json"
    renamed = {"customer_saved_search": {"name": "Twice or more"}}
    assert sandbox.send("PUT", path, renamed)["customer_saved_search"]["name"] == "Twice or more"
    assert sandbox.call("DELETE", path).status_code == 200
    assert sandbox.get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "query"), [("", "orders_count:>1"), ("VIP", "orders_count:>1"), ("New", "what:1")]
)
def test_a_wrong_segment_is_422_with_a_sentence(sandbox: Sandbox, name: str, query: str) -> None:
    sent = {"customer_saved_search": {"name": name, "query": query}}
    refused = sandbox.call("POST", "/customer_saved_searches.json", json=sent)
    assert refused.status_code == 422
    assert refused.json is not None
    assert refused.json["errors"].endswith(".")


def test_a_customer_lives_from_creation_to_deletion(sandbox: Sandbox) -> None:
    sent = {"customer": {"email": "new@example.com", "gender": 2, "tags": "vip, vip,linen"}}
    made = sandbox.send("POST", "/customers.json", sent)["customer"]
    assert made["gender"] == "female"
    assert made["tags"] == "vip,linen"
    read = sandbox.read(f"/customers/v2/{made['id']}.json")["customer"]
    assert read["gender"] == "2"
    changed = sandbox.send("PUT", f"/customers/{made['id']}.json", {"customer": {"state": 0}})
    assert changed["customer"]["state"] == 0
    assert changed["customer"]["tags"] == "vip,linen"
    assert sandbox.call("DELETE", f"/customers/{made['id']}.json").status_code == 200
    assert sandbox.get(f"/customers/v2/{made['id']}.json").status_code == 404


def test_malformed_bodies_are_refused(sandbox: Sandbox) -> None:
    assert sandbox.call("POST", "/customers.json", data="{").status_code == 400
    for body in ([], {"customer": 1}, {}):
        assert sandbox.call("POST", "/customers.json", json=body).status_code == 400
    wrong = {"customer": {"email": "no address"}}
    assert sandbox.call("POST", "/customers.json", json=wrong).status_code == 422


def test_a_subscription_lives_under_both_spellings_of_its_path(sandbox: Sandbox) -> None:
    number = sandbox.subscribe("customers/update", "http://127.0.0.1:9/hooks")
    assert isinstance(number, int)
    for path in (f"/{number}/webhooks.json", f"/webhooks/{number}.json"):
        assert sandbox.read(path)["webhook"]["topic"] == "customers/update"
    moved = {"webhook": {"address": "http://127.0.0.1:9/elsewhere"}}
    changed = sandbox.send("PUT", f"/{number}/webhooks.json", moved)["webhook"]
    assert changed["address"].endswith("/elsewhere")
    assert sandbox.read("/webhooks/count.json") == {"count": 1}
    assert sandbox.call("DELETE", f"/{number}/webhooks.json").status_code == 200
    assert sandbox.read("/webhooks.json") == {"webhooks": []}


@pytest.mark.parametrize(
    ("topic", "version"), [("orders/update", "v20260601"), ("customers/update", "v20230101")]
)
def test_what_cannot_be_subscribed_to_is_422(sandbox: Sandbox, topic: str, version: str) -> None:
    sent = {"address": "http://127.0.0.1:9/", "api_version": version, "topic": topic}
    refused = sandbox.call("POST", "/webhooks.json", json={"webhook": sent})
    assert refused.status_code == 422
    assert refused.json is not None
    assert "no available versions" in refused.json["errors"]


def test_the_bucket_overflows_at_forty_and_leaks_four_a_second(
    open_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = open_sandbox(bucket=40)
    seconds = 0.0
    sandbox.app.extensions["sandbox_buckets"]._monotonic = lambda: seconds
    statuses = [sandbox.get("/webhooks.json").status_code for _ in range(41)]
    assert statuses == [200] * 40 + [429]
    assert sandbox.get("/webhooks.json").json == {"errors": "Too many request"}
    seconds = 1.0
    statuses = [sandbox.get("/webhooks.json").status_code for _ in range(5)]
    assert statuses == [200] * 4 + [429]


def test_a_mood_fails_the_next_calls_that_match(sandbox: Sandbox) -> None:
    mood = {"fail_next": 2, "status": 503, "path_contains": "customers.json"}
    sandbox.send("POST", "/alder/sandbox/moods", mood)
    assert sandbox.get("/merchants/shop.json").status_code == 200
    statuses = [sandbox.get("/v2/customers.json?limit=1").status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    sandbox.send("POST", "/alder/sandbox/moods", {"fail_next": 9, "status": 402})
    sandbox.call("DELETE", "/alder/sandbox/moods")
    assert sandbox.get("/merchants/shop.json").status_code == 200
    assert sandbox.call("POST", "/alder/sandbox/moods", json={"humour": 1}).status_code == 422


def test_a_reset_brings_the_first_day_back(sandbox: Sandbox) -> None:
    sandbox.call("DELETE", f"/customers/{ADA}.json")
    sandbox.subscribe("customers/update", "http://127.0.0.1:9/hooks")
    sandbox.call("POST", "/alder/sandbox/reset?keep_app=1")
    assert sandbox.read(f"/customers/v2/{ADA}.json")
    assert sandbox.read("/webhooks/count.json") == {"count": 1}
    sandbox.call("POST", "/alder/sandbox/reset")
    assert sandbox.read("/webhooks/count.json") == {"count": 0}


def test_the_state_survives_a_restart(open_sandbox: Callable[..., Sandbox], tmp_path: Any) -> None:
    before = open_sandbox(data=tmp_path / "stores.db")
    before.send("PUT", f"/customers/{ADA}.json", {"customer": {"tags": "changed"}})
    before.subscribe("customers/create", "http://127.0.0.1:9/hooks")
    before.alder.moods.deliver = "never"
    before.send("POST", "/customers.json", {"customer": {"email": "new@example.com"}})
    after = open_sandbox(data=tmp_path / "stores.db")
    for shelf in ("customers", "segments", "subscriptions", "deliveries"):
        assert getattr(after.alder, shelf).all() == getattr(before.alder, shelf).all()
    assert after.alder.info == before.alder.info
    made = after.send("POST", "/customers.json", {"customer": {"email": "newer@example.com"}})
    assert int(made["customer"]["id"]) == int(before.alder.customers.all()[-1].id) + 1


def test_graphql_counts_and_pages_members(sandbox: Sandbox) -> None:
    query = (
        "query M($id: ID!, $after: String) { customerSegmentMembers(segmentId: $id, first: 100,"
        ' after: $after, timezone: "Asia/Taipei") { totalCount pageInfo { endCursor hasNextPage }'
        " edges { node { id } } } }"
    )
    variables: dict[str, Any] = {"id": RETURNING, "after": None}
    seen: list[str] = []
    while True:
        body = {"query": query, "variables": variables}
        told = sandbox.send("POST", "/alder/admin/graph/v20260601/graphql.json", body)
        members = told["data"]["customerSegmentMembers"]
        seen += [edge["node"]["id"] for edge in members["edges"]]
        variables["after"] = members["pageInfo"]["endCursor"]
        if not members["pageInfo"]["hasNextPage"]:
            break
    assert len(set(seen)) == len(seen) == members["totalCount"] > 250


def test_graphql_lists_segments_and_refuses_with_200(sandbox: Sandbox) -> None:
    path = "/alder/admin/graph/v20260601/graphql.json"
    told = sandbox.send("POST", path, {"query": "{ segments(first: 2) { nodes { id name } } }"})
    names = [node["name"] for node in told["data"]["segments"]["nodes"]]
    assert names == ["Newsletter readers", "Returning customers"]
    query = '{ customerSegmentMembers(segmentId: "GROUP1", first: 1) { totalCount } }'
    told = sandbox.send("POST", path, {"query": query})
    assert told["data"] is None
    assert told["errors"][0]["extensions"]["code"] == "DATA_NOT_EXIST"
