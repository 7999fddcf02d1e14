"""Every answer to an open question shows, and differs from every other answer to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from smartpush_shopline.sandbox import buying, people
from smartpush_shopline.sandbox.pairwise import cover, pairwise
from smartpush_shopline.sandbox.questions import QUESTIONS

from .conftest import ADA, BEA, CYD, DEE, Sandbox

HOOK = "http://127.0.0.1:9/hooks"
VIP = "GROUP5483719394486650003"
GRAPH = "/alder/admin/graph/v20260601/graphql.json"


def ask(sandbox: Sandbox, query: str) -> Any:
    return sandbox.send("POST", GRAPH, {"query": query})


def install(sandbox: Sandbox, scope: str = "read_customers") -> Any:
    where = urlsplit(sandbox.allow(scope=scope).headers["Location"])
    code = parse_qs(where.query)["code"][0]
    answer = sandbox.token_call("create", json.dumps({"code": code}).encode())
    return answer.json["data"]


def posted(sandbox: Sandbox, topic: str, change: Callable[[], object]) -> tuple[Any, Any]:
    """Headers and body of what a change posts."""
    sandbox.subscribe(topic, HOOK)
    change()
    delivery = [each for each in sandbox.alder.deliveries.all() if each.topic == topic][-1]
    return sandbox.courier._headers(sandbox.alder, delivery), json.loads(delivery.body)


def tag_ada(sandbox: Sandbox) -> None:
    people.edit(sandbox.alder, ADA, {"tags": "seen"}, "test")


def tagged(sandbox: Sandbox) -> tuple[Any, Any]:
    return posted(sandbox, "customers/update", lambda: tag_ada(sandbox))


def campaign(sandbox: Sandbox) -> object:
    return sandbox.visit(f"/campaign?segment={VIP}&channel=email").headers["Location"]


def bumped(sandbox: Sandbox, change: Callable[[], object]) -> object:
    sandbox.subscribe("customers/update", HOOK)
    change()
    dee = sandbox.alder.customers.get(DEE)
    assert dee
    return dee.updated_at, len(sandbox.alder.deliveries)


def consent(sandbox: Sandbox) -> object:
    wish = {"email_subscribe_flag": 1}
    return bumped(sandbox, lambda: people.edit(sandbox.alder, DEE, wish, "test"))


def ordered(sandbox: Sandbox) -> object:
    return bumped(sandbox, lambda: buying.place(sandbox.alder, DEE, "10"))


def duplicate(sandbox: Sandbox) -> object:
    sandbox.subscribe("customers/update", HOOK)
    sent = {"address": HOOK, "api_version": "v20260601", "topic": "customers/update"}
    answer = sandbox.call("POST", "/webhooks.json", json={"webhook": sent})
    return answer.status_code, len(sandbox.alder.subscriptions)


def scoped(sandbox: Sandbox) -> object:
    sandbox.token = install(sandbox)["accessToken"]
    sent = {"address": HOOK, "api_version": "v20260601", "topic": "orders/create"}
    return sandbox.call("POST", "/webhooks.json", json={"webhook": sent}).status_code


def uninstalled(sandbox: Sandbox) -> object:
    install(sandbox)
    _, body = posted(
        sandbox, "apps/installed_uninstalled", lambda: sandbox.submit("/apps/uninstall")
    )
    return body["operate"]


def reinstalled(sandbox: Sandbox) -> object:
    install(sandbox)
    sandbox.submit("/apps/uninstall")
    install(sandbox)
    left = len(sandbox.alder.redactions)
    sandbox.alder.redactions.clear()
    return left


def reinstated(sandbox: Sandbox) -> object:
    path = f"/customer_saved_searches/{VIP}/customers.json?limit=250"
    before = len(sandbox.read(path)["customers"])
    buying.place(sandbox.alder, DEE, "90000")
    return len(sandbox.read(path)["customers"]) - before


def told_of_unsubscribed(sandbox: Sandbox) -> object:
    query = f'{{ customerSegmentMembers(segmentId: "{VIP}", first: 50) {{ edges {{ node {{'
    people.edit(sandbox.alder, ADA, {"email_subscribe_flag": 0}, "test")
    told = ask(sandbox, query + " id defaultEmailAddress { marketingState } } } } }")
    rows = told["data"]["customerSegmentMembers"]["edges"]
    (ada,) = [row["node"] for row in rows if row["node"]["id"].endswith(ADA)]
    return ada["defaultEmailAddress"]["marketingState"]


def refused_by_graphql(sandbox: Sandbox) -> object:
    sandbox.token = "nonsense"
    return sandbox.call("POST", GRAPH, json={"query": "{ shop { id } }"}).status_code


def largest(sandbox: Sandbox) -> object:
    shapes = [f"{{ segments(first: {size}) {{ nodes {{ id }} }} }}" for size in (51, 101)]
    return [ask(sandbox, each)["data"] is None for each in shapes]


def cancelled_order(sandbox: Sandbox) -> object:
    order = buying.place(sandbox.alder, BEA, "10")
    _, body = posted(
        sandbox, "orders/updated", lambda: buying.cancel(sandbox.alder, order.id)
    )
    (listed,) = sandbox.read(f"/orders.json?ids={order.id}")["orders"]
    return listed["status"], body["status"]


def order_topic(sandbox: Sandbox) -> object:
    order = buying.place(sandbox.alder, BEA, "10")
    headers, _ = posted(sandbox, "orders/updated", lambda: buying.fulfil(sandbox.alder, order.id))
    return headers["X-Shopline-Topic"]


def first_page(sandbox: Sandbox) -> str:
    return sandbox.get("/v2/customers.json?limit=1").headers["link"]


def refused_token_call(sandbox: Sandbox) -> object:
    return sandbox.token_call("refresh", b"").status_code


def limit_headers(sandbox: Sandbox) -> object:
    sandbox.alder.answers_once(429)
    both = [sandbox.get("/webhooks.json").headers for _ in range(2)]
    return ["Retry-After" in both[0], "X-Shopline-Shop-Api-Call-Limit" in both[1]]


def bad_token(sandbox: Sandbox) -> object:
    sandbox.token = "nonsense"
    return sandbox.get("/webhooks.json").text


def encoded(sandbox: Sandbox) -> object:
    return sandbox.allow(customField="n=1 x").headers["Location"].rpartition("sign=")[2]


def gone_segment(sandbox: Sandbox) -> object:
    return sandbox.get("/customer_saved_searches/GROUP1/customers.json").status_code


def shown_query(sandbox: Sandbox) -> object:
    told = sandbox.read(f"/customer_saved_searches/{VIP}.json")
    return told["customer_saved_search"]["query"]


SEEN: dict[str, Callable[[Sandbox], object]] = {
    "webhook_hmac": lambda sandbox: tagged(sandbox)[0]["X-Shopline-Hmac-Sha256"],
    "query_sign": encoded,
    "link_sign": campaign,
    "link_target": campaign,
    "link_parameter": campaign,
    "link_segment": campaign,
    "link_lang": campaign,
    "consent_bumps_customer": consent,
    "order_bumps_customer": ordered,
    "customer_list": lambda sandbox: sandbox.read("/v2/customers.json?limit=3"),
    "deprecated": lambda sandbox: sandbox.read(f"/customers/v2/{ADA}.json"),
    "webhook_consents": lambda sandbox: tagged(sandbox)[1],
    "membership": reinstated,
    "deleted_segment": gone_segment,
    "segment_query": shown_query,
    "graphql_segment_ids": lambda sandbox: ask(sandbox, "{ segments { nodes { id } } }"),
    "graphql_most": largest,
    "graphql_unsubscribed": told_of_unsubscribed,
    "graphql_refusals": refused_by_graphql,
    "graphql_cost": lambda sandbox: "extensions" in ask(sandbox, "{ shop { id } }"),
    "order_list": lambda sandbox: sandbox.read(f"/orders.json?buyer_id={CYD}&fields=id"),
    "order_spelling": cancelled_order,
    "order_topic": order_topic,
    "quota_headers": limit_headers,
    "refusal_body": bad_token,
    "page_info": first_page,
    "page_links": first_page,
    "duplicate_subscription": duplicate,
    "subscription_scope": scoped,
    "webhook_id_header": lambda sandbox: sorted(tagged(sandbox)[0]),
    "offsets": lambda sandbox: tagged(sandbox)[1]["updated_at"],
    "operate": uninstalled,
    "refresh_token": lambda sandbox: "refreshToken" in install(sandbox),
    "token_expiry": lambda sandbox: type(install(sandbox)["expireTime"]).__name__,
    "oauth_status": refused_token_call,
    "late_redact": reinstalled,
}


def test_every_question_is_looked_at() -> None:
    assert SEEN.keys() == {question.name for question in QUESTIONS}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_each_answer_shows(sandbox: Sandbox, question: Any) -> None:
    seen = []
    token = sandbox.token
    for value in question.values:
        sandbox.courier.drain()
        sandbox.alder.reset()
        sandbox.alder.moods.set({question.name: value})
        sandbox.token = token
        seen.append(json.dumps(SEEN[question.name](sandbox), default=str))
    assert len(set(seen)) == len(question.values), seen


def test_any_two_answers_stand_together_in_some_row() -> None:
    rows = pairwise()
    assert rows[0] == {question.name: next(iter(question.values)) for question in QUESTIONS}
    assert len(rows) < 40
    for number, one in enumerate(QUESTIONS):
        for other in QUESTIONS[number + 1 :]:
            met = {(row[one.name], row[other.name]) for row in rows}
            assert len(met) == len(one.values) * len(other.values)
    assert cover({"only": ["a", "b"]}) == [{"only": "a"}, {"only": "b"}]


@pytest.mark.parametrize("row", pairwise())
def test_every_mixture_serves_the_whole_api(sandbox: Sandbox, row: dict[str, str]) -> None:
    sandbox.alder.moods.set(row)
    for path in (
        "/merchants/shop.json",
        "/v2/customers.json?limit=250",
        "/customer_saved_searches.json",
        f"/customer_saved_searches/{VIP}/customers.json?limit=250",
        "/orders.json?status=any&limit=100",
        "/orders/count.json",
        "/webhooks.json",
    ):
        assert sandbox.read(path)
    told = ask(sandbox, "{ shop { id } segments(first: 5) { nodes { id query } } }")
    assert len(told["data"]["segments"]["nodes"]) == 5
