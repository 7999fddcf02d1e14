"""The Admin GraphQL API: what is asked for comes back, and nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartpush_shopline.sandbox import gql
from smartpush_shopline.sandbox.conditions import as_json, from_json
from smartpush_shopline.sandbox.rules import EXAMPLES, RuleError, parse

from .conftest import ADA, DEE, Sandbox

GRAPH = "/alder/admin/graph/v20260601/graphql.json"
VIP, NEWSLETTER = "GROUP5483719394486650003", "GROUP5483719394486650001"


def ask(sandbox: Sandbox, query: str, **variables: Any) -> Any:
    return sandbox.send("POST", GRAPH, {"query": query, "variables": variables})


def test_several_memberships_are_asked_in_one_call_by_aliases(sandbox: Sandbox) -> None:
    query = """
    query M($ids: [ID!]) {
      ada: customerSegmentMembership(customerId: "gid://shopline/Customer/%s", segmentIds: $ids) {
        memberships { segmentId isMember }
      }
      dee: customerSegmentMembership(customerId: "%s", segmentIds: $ids) { ...M }
    }
    fragment M on SegmentMembershipResponse { memberships { isMember } }
    """
    told = ask(sandbox, query.replace("%s", ADA, 1).replace("%s", DEE), ids=[VIP, NEWSLETTER])
    assert told["data"]["ada"]["memberships"] == [
        {"segmentId": VIP, "isMember": True},
        {"segmentId": NEWSLETTER, "isMember": True},
    ]
    assert told["data"]["dee"] == {"memberships": [{"isMember": False}, {"isMember": False}]}


def test_the_shop_and_one_segment(sandbox: Sandbox) -> None:
    query = '{ shop { id ianaTimezone } segment(id: "gid://shopline/Segment/%s") { name query } }'
    told = ask(sandbox, query.replace("%s", VIP))["data"]
    shop = {"id": "gid://shopline/Shop/1610418123456", "ianaTimezone": "Asia/Taipei"}
    assert told["shop"] == shop
    tree = json.loads(told["segment"]["query"])
    (condition,) = tree["conditions"]["children"]
    assert condition["key"] == "totalAmount"
    assert condition["value"] == [2_000_000]
    assert ask(sandbox, '{ segment(id: "GROUP1") { id } }')["data"] == {"segment": None}


def test_segments_come_by_their_last_edit_and_by_name(sandbox: Sandbox) -> None:
    sandbox.submit(f"/segments/{VIP}", name="Very important", query="total_spent:>1")
    query = "{ segments(first: 1, sortKey: LAST_EDIT_DATE, reverse: true) { nodes { name } } }"
    assert ask(sandbox, query)["data"]["segments"]["nodes"] == [{"name": "Very important"}]
    named = '{ segments(rawQuery: "name:wholesale") { edges { cursor node { name } } } }'
    edges = ask(sandbox, named)["data"]["segments"]["edges"]
    assert edges == [{"cursor": "c1", "node": {"name": "Wholesale"}}]


def test_pages_go_both_ways(sandbox: Sandbox) -> None:
    fields = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { name }"
    last = ask(sandbox, f"{{ segments(last: 2) {{ {fields} }} }}")["data"]["segments"]
    assert [node["name"] for node in last["nodes"]] == ["New this month", "Gift card holders"]
    assert last["pageInfo"]["hasNextPage"] is False
    query = f'{{ segments(last: 2, before: "{last["pageInfo"]["startCursor"]}") {{ {fields} }} }}'
    before = ask(sandbox, query)["data"]["segments"]
    assert [node["name"] for node in before["nodes"]][-1] == "SMS club"


def test_members_are_counted_in_the_time_zone_that_is_named(sandbox: Sandbox) -> None:
    sandbox.clock.time = sandbox.clock.time.replace(hour=17)  # after midnight in Taipei
    made = sandbox.send(
        "POST",
        "/customer_saved_searches.json",
        {"customer_saved_search": {"name": "Today", "query": "created_at:>=-0d"}},
    )
    ref = made["customer_saved_search"]["id"]
    sandbox.clock.time = sandbox.clock.time.replace(hour=15, minute=59)
    sandbox.send("POST", "/customers.json", {"customer": {"email": "before@example.com"}})
    sandbox.clock.time = sandbox.clock.time.replace(hour=17)

    def count(zone: str) -> int:
        field = "customerSegmentMembers(segmentId: $id, timezone: $z) { totalCount }"
        told = ask(sandbox, f"query C($id: ID, $z: String) {{ {field} }}", id=ref, z=zone)
        number: int = told["data"]["customerSegmentMembers"]["totalCount"]
        return number

    assert count("UTC") > count("Asia/Taipei")
    assert ask(sandbox, f'{{ customerSegmentMembers(segmentId: "{ref}", timezone: "Mars") {{'
                        " totalCount } }")["data"] is None  # fmt: skip


def test_one_customer_is_asked_for_by_either_form_of_their_id(sandbox: Sandbox) -> None:
    [first, *_] = sandbox.read("/v2/customers.json")["customers"]
    figures = {
        "numberOfOrders": first["orders_count"],
        "amountSpent": {"amount": first["total_spent"]},
    }
    field = "{ numberOfOrders amountSpent { amount } }"
    for ref in (first["id"], f"gid://shopline/Customer/{first['id']}"):
        told = ask(sandbox, f"query C($id: ID!) {{ customer(id: $id) {field} }}", id=ref)
        assert told["data"] == {"customer": figures}
    assert ask(sandbox, f'{{ customer(id: "1") {field} }}')["data"] == {"customer": None}


def test_segments_are_made_changed_and_deleted_by_mutation(sandbox: Sandbox) -> None:
    query = as_json("orders_count:>4;tags:vip,wholesale")
    made = ask(
        sandbox,
        "mutation C($n: String!, $q: String!) { segmentCreate(name: $n, query: $q)"
        " { segment { id name } userErrors { code field message } } }",
        n="Loyal",
        q=query,
    )["data"]["segmentCreate"]
    assert made["userErrors"] == []
    ref = made["segment"]["id"]
    shown = sandbox.read(f"/customer_saved_searches/{ref}.json")["customer_saved_search"]
    assert shown["query"] == "orders_count:>4;tags:vip,wholesale;"
    update = (
        f'mutation {{ segmentUpdate(id: "{ref}", name: "VIP", query: "orders_count:>1")'
        " { userErrors { code field } } }"
    )
    told = ask(sandbox, update)["data"]["segmentUpdate"]
    assert told == {"userErrors": [{"code": "GROUP_NAME_EXIST", "field": ["name"]}]}
    fields = "deletedSegmentId userErrors { code }"
    delete = f'mutation {{ segmentDelete(id: "{ref}") {{ {fields} }} }}'
    assert ask(sandbox, delete)["data"]["segmentDelete"]["deletedSegmentId"] == ref
    told = ask(sandbox, delete)["data"]["segmentDelete"]
    assert told["userErrors"] == [{"code": "GROUP_CODE_NOT_EXIST"}]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("{", "found the end"),
        ("{ shop(a: " + "[" * 5000, "nested too deeply"),
        ("{ shop " * 5000, "nested too deeply"),
        ("{ what { id } }", "does not serve"),
        ("{ shop { colour } }", "undefined"),
        ("query A { shop { id } } query B { shop { id } }", "operationName"),
        ("{ shop { ...Gone } }", "no fragment"),
        ("fragment A on Shop { ...A } { shop { ...A } }", "circle"),
        ("{ segments(first: 101) { nodes { id } } }", "from 1 to 100"),
        ("{ segments(sortKey: COLOUR) { nodes { id } } }", "no sort key"),
        (f'{{ customerSegmentMembership(customerId: "1", segmentIds: ["{VIP}"]) {{'
         " memberships { isMember } } }", "no customer"),
    ],
)  # fmt: skip
def test_errors_come_with_200(sandbox: Sandbox, query: str, word: str) -> None:
    told = ask(sandbox, query)
    assert told["data"] is None
    assert word in told["errors"][0]["message"]


def test_fourteen_levels_are_one_too_many(sandbox: Sandbox) -> None:
    deep = "{ shop { id } }"
    for _ in range(12):
        deep = f"{{ shop {deep} }}"
    told = ask(sandbox, deep)
    assert told["errors"][0]["message"] == "maximum query depth exceeded 14 > 13"
    assert told["errors"][0]["extensions"] == {"classification": "ExecutionAborted"}


def test_a_mutation_needs_to_be_allowed_to_write(sandbox: Sandbox) -> None:
    code = sandbox.allow().headers["Location"].partition("code=")[2].partition("&")[0]
    told = sandbox.token_call("create", f'{{"code":"{code}"}}'.encode()).json["data"]
    sandbox.token = told["accessToken"]
    query = f'mutation {{ segmentDelete(id: "{VIP}") {{ deletedSegmentId }} }}'
    assert sandbox.call("POST", GRAPH, json={"query": query}).status_code == 403


@given(st.text(alphabet='{}()[]":$.! \\#\nabfragmenton1-', max_size=60))
def test_any_text_is_a_document_or_an_error(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(gql.read(text, {}), list)


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_goes_into_the_admins_notation_and_back(rule: str) -> None:
    assert from_json(as_json(rule)) == str(parse(rule))


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"conditions": 1}', '{"conditions": {"relation": "OR", "children": []}}']
)
def test_other_trees_are_a_sentence(text: str) -> None:
    with pytest.raises(RuleError):
        from_json(text)


def test_an_opt_out_is_written_with_its_time(sandbox: Sandbox) -> None:
    query = """
    mutation C($input: CustomerEmailMarketingConsentUpdateInput!) {
      customerEmailMarketingConsentUpdate(input: $input) {
        customer { id } userErrors { code field message }
      }
    }
    """
    stated = {"marketingState": "UNSUBSCRIBED", "consentUpdatedAt": "2026-11-01T00:00:00+00:00"}
    field = "customerEmailMarketingConsentUpdate"
    gone = ask(sandbox, query, input={"customerId": "1", "emailMarketingConsent": stated})
    assert gone["data"][field]["userErrors"][0]["code"] == "DATA_NOT_EXIST"
    whom = {"customerId": f"gid://shopline/Customer/{ADA}", "emailMarketingConsent": stated}
    assert ask(sandbox, query, input=whom)["data"][field]["userErrors"] == []
    customer = sandbox.read(f"/alder/admin/openapi/v20260601/customers/v2/{ADA}.json")
    consent = customer["customer"]["email_marketing_consent"]
    assert (consent["state"], consent["consent_updated_at"][:10]) == (0, "2026-11-01")
