"""GraphQL: what is asked, what is read, both forms of an id."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartpush_shopline.errors import Gone, NotAuthorised, ShoplineRefused, UnexpectedPayload
from smartpush_shopline.shopline import CustomerNow, graph_queries

from .conftest import GRAPHQL

VIP = "GROUP1000000000000000001"
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def refusal(code, **more):
    return {"data": None, "errors": [{"message": "no", "extensions": {"code": code}, **more}]}


def data(**fields):
    return {"data": fields}


class Asked:
    """Answers questions with a function of (query, variables), and keeps them."""

    def __init__(self, store, answer):
        self.variables, self._answer = [], answer
        store.add_callback("POST", GRAPHQL, self._run)

    def _run(self, request):
        body = json.loads(request.body)
        self.variables.append(body["variables"])
        return 200, {}, json.dumps(self._answer(body["query"], body["variables"]))


# --- membership -----------------------------------------------------------------------------


def memberships(variables, query):
    """Ann (…1) is in VIP, nobody in GROUP2."""
    told = {}
    for alias, variable in re.findall(
        r"(m\d+): customerSegmentMembership\(customerId: \$(c\d+)", query
    ):
        is_ann = variables[variable].endswith("4210000001")
        told[alias] = {
            "memberships": [
                {"segmentId": f"gid://shopline/Segment/{VIP}", "isMember": is_ann},
                {"segmentId": "GROUP2", "isMember": False},
            ]
        }
    return told


def test_membership_of_several_customers_is_one_call(client, store):
    asked = Asked(store, lambda query, variables: data(**memberships(variables, query)))
    told = client.fetch_memberships(["4210000001", "4210000002"], [VIP, "GROUP2"])
    assert told == {
        "4210000001": CustomerNow({VIP: True, "GROUP2": False}),
        "4210000002": CustomerNow({VIP: False, "GROUP2": False}),
    }
    assert asked.variables == [
        {
            "c0": "gid://shopline/Customer/4210000001",
            "c1": "gid://shopline/Customer/4210000002",
            "segments": [VIP, "GROUP2"],
        }
    ]


def test_membership_of_many_is_asked_twenty_at_a_time(client, store):
    asked = Asked(store, lambda query, variables: data(**memberships(variables, query)))
    told = client.fetch_memberships([str(number) for number in range(1, 46)], ["GROUP2"])
    assert (len(told), [len(each) - 1 for each in asked.variables]) == (45, [20, 20, 5])


def test_where_aliases_are_refused_each_customer_is_asked_alone(client, store):
    def answer(query, variables):
        several = "c1" in variables
        return refusal("TOO_COMPLEX") if several else data(**memberships(variables, query))

    asked = Asked(store, answer)
    told = client.fetch_memberships(["4210000001", "4210000002"], [VIP])
    assert {ref: each.segments[VIP] for ref, each in told.items()} == {
        "4210000001": True,
        "4210000002": False,
    }
    assert len(asked.variables) == 4, "together, without figures, and each alone"


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        ({"numberOfOrders": 3, "amountSpent": {"amount": "185.40"}}, (3, Decimal("185.40"))),
        ({"numberOfOrders": 0, "amountSpent": {"amount": 0}}, (0, Decimal(0))),
        ({"numberOfOrders": 3, "amountSpent": None}, (3, None)),
        ({"amountSpent": {}}, (None, None)),
        (None, (None, None)),
        ({"numberOfOrders": "three"}, (None, None)),
        ([], (None, None)),
    ],
)
def test_what_a_customer_bought_comes_with_the_memberships(client, store, said, figures):
    asked = Asked(store, lambda query, variables: data(**memberships(variables, query), f0=said))
    told = client.fetch_memberships(["4210000001"], [VIP])["4210000001"]
    assert (told.orders_count, told.total_spent) == figures
    assert told.segments[VIP] is True
    assert len(asked.variables) == 1


@pytest.mark.parametrize("code", ["ACCESS_DENIED", "PARAM_ILLEGAL"])
def test_a_store_that_refuses_only_the_figures_is_not_asked_for_them_again(client, store, code):
    def answer(query, variables):
        return refusal(code) if "amountSpent" in query else data(**memberships(variables, query))

    asked = Asked(store, answer)
    for _ in range(2):
        told = client.fetch_memberships(["4210000001", "4210000002"], [VIP])
        assert set(told) == {"4210000001", "4210000002"}
        calls, asked.variables = len(asked.variables), []
    assert calls == 1


def test_a_customer_that_is_gone_does_not_hide_the_others(client, store):
    def answer(query, variables):
        if any(str(each).endswith("/404") or each == "404" for each in variables.values()):
            return refusal("DATA_NOT_EXIST", path=["m0"])
        return data(**memberships(variables, query))

    Asked(store, answer)
    told = client.fetch_memberships(["4210000001", "404"], [VIP])
    assert set(told) == {"4210000001"}


def test_a_dead_token_is_not_tried_again_for_each(client, store):
    asked = Asked(store, lambda query, variables: refusal("ACCESS_TOKEN_INVALID"))
    with pytest.raises(NotAuthorised):
        client.fetch_memberships(["1", "2"], [VIP])
    assert len(asked.variables) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"m0": {"memberships": None}},
        {"m0": {"memberships": [{"segmentId": VIP}]}},
        {"m0": {"memberships": [{"isMember": True}]}},
    ],
)
def test_a_membership_that_is_not_told_is_never_a_no(client, store, answer):
    store.post(GRAPHQL, json=data(**answer))
    with pytest.raises(UnexpectedPayload, match=r"data\.m0\.memberships"):
        client.fetch_memberships(["1"], [VIP])


def test_nobody_is_asked_about_without_a_call(client, store):
    assert client.fetch_memberships([], [VIP]) == {}


# --- ids ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["DATA_NOT_EXIST", "GROUP_CODE_NOT_EXIST", "PARAM_ILLEGAL"])
def test_a_store_that_wants_global_ids_gets_them_and_is_asked_so_from_then_on(client, store, code):
    def answer(query, variables):
        if variables["id"].startswith("gid://shopline/Segment/"):
            return data(customerSegmentMembers={"totalCount": 7})
        return refusal(code)

    asked = Asked(store, answer)
    assert [client.fetch_member_count(VIP, "UTC") for _ in range(2)] == [7, 7]
    forms = [each["id"] for each in asked.variables]
    assert forms == [VIP, f"gid://shopline/Segment/{VIP}", f"gid://shopline/Segment/{VIP}"]


def test_a_segment_that_is_gone_in_both_forms_is_gone(client, store):
    asked = Asked(store, lambda query, variables: refusal("GROUP_CODE_NOT_EXIST"))
    with pytest.raises(Gone):
        client.fetch_member_count(VIP, "UTC")
    assert len(asked.variables) == 2


def test_another_trouble_in_the_second_form_is_told(client, store):
    def answer(query, variables):
        return refusal("ACCESS_TOKEN_INVALID" if "gid" in variables["id"] else "PARAM_ILLEGAL")

    Asked(store, answer)
    with pytest.raises(NotAuthorised):
        client.fetch_member_count(VIP, "UTC")


def test_once_a_form_worked_a_missing_segment_costs_one_call(client, store):
    known = {VIP: {"totalCount": 7}}

    def answer(query, variables):
        found = known.get(variables["id"])
        return data(customerSegmentMembers=found) if found else refusal("DATA_NOT_EXIST")

    asked = Asked(store, answer)
    client.fetch_member_count(VIP, "UTC")
    with pytest.raises(Gone):
        client.fetch_member_count("GROUP2", "UTC")
    assert len(asked.variables) == 2


# --- shape ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        graph_queries.MEMBER_COUNT,
        graph_queries.memberships(20, figures=True),
    ],
)
def test_no_question_is_deeper_than_the_platform_allows(query):
    depth = deepest = 0
    for mark in query:
        depth += {"{": 1, "}": -1}.get(mark, 0)
        deepest = max(deepest, depth)
    assert depth == 0
    assert deepest <= 6
    assert query.count("(") == query.count(")")


def test_a_question_that_is_too_deep_all_the_same_is_told_apart(client, store):
    said = {
        "message": "maximum query depth exceeded 14 > 13",
        "extensions": {"classification": "ExecutionAborted"},
    }
    store.post(GRAPHQL, json={"errors": [said]})
    with pytest.raises(ShoplineRefused, match="14 > 13") as refused:
        client.fetch_member_count(VIP, "UTC")
    assert refused.value.reason == "too_deep"


@pytest.mark.parametrize(("channel", "word"), [("email", "Email"), ("sms", "Sms")])
def test_an_opt_out_is_written_in_the_form_of_the_public_page(client, store, channel, word):
    field = f"customer{word}MarketingConsentUpdate"
    asked = Asked(store, lambda query, variables: data(**{field: {"userErrors": []}}))
    client.withdraw_consent("4210000001", channel, NOVEMBER)
    assert asked.variables == [
        {
            "input": {
                "customerId": "gid://shopline/Customer/4210000001",
                f"{channel}MarketingConsent": {
                    "marketingState": "UNSUBSCRIBED",
                    "consentUpdatedAt": "2026-11-01T00:00:00+00:00",
                },
            }
        }
    ]


@pytest.mark.parametrize(("code", "kind"), [("DATA_NOT_EXIST", Gone), ("ODD", ShoplineRefused)])
def test_an_opt_out_that_the_store_refuses(client, store, code, kind):
    refused = {"userErrors": [{"code": code, "field": ["customerId"], "message": "not that one"}]}
    Asked(store, lambda query, variables: data(customerEmailMarketingConsentUpdate=refused))
    with pytest.raises(kind, match="not that one"):
        client.withdraw_consent("4210000001", "email", NOVEMBER)
