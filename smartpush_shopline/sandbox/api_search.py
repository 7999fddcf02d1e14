"""Finding customers, and what they subscribed to, in the Admin REST API.

What ``order`` 0 to 3 mean is not public: here by id, latest order, most orders, latest change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from flask import Response, request

from . import paging, people, wire
from .api import api
from .door import Refusal, answer, store
from .membership import ORDERS
from .model import SUBSCRIBED, Customer
from .rules import OPERATORS, RuleError, parse

TEXT_LIMIT = 50
SORTED = ("", "1", "2", "UPDATE_TIME")
RULES = {
    # search field: the same in a segment's rule
    "email_subscribe_flag": "email_subscribe_flag",
    "orders_count": "orders_count",
    "order_date": "last_order_time",
    "customer_date": "created_at",
    "state": "state",
    "tags": "tags",
    "total_spent": "total_spent",
}
CHANNELS = {"Checkout": 2, "Sign-up page": 6, "Open API": 3, "Admin": 1, "Unsubscribe link": 5}
Test = Callable[[Customer], bool]


@api.get("/customers/v2/search.json")
def search_customers() -> Response:
    page = paging.wanted(("query", "query_param", "order"))
    words, order = page.filters.get("query_param", ""), page.filters.get("order", "0")
    if len(words) > TEXT_LIMIT:
        raise Refusal(422, f"query_param has at most {TEXT_LIMIT} characters.")
    if order not in ("0", "1", "2", "3"):
        raise Refusal(422, "order is a number from 0 to 3.")
    rows = _found(page.filters.get("query", ""), words, SORTED[int(order)])
    part, cursors = paging.by_position(rows, page)
    info = store().info
    shown = [wire.customer_rest(each, info) for each in part]
    return paging.respond("customers", shown, page, cursors)


@api.get("/customers/subscribe.json")
def read_subscriptions() -> Response:
    """One entry for each address of each customer."""
    refs = [ref.strip() for ref in request.args.get("customer_ids", "").split(",") if ref.strip()]
    if not refs:
        raise Refusal(422, "customer_ids is a list of ids with commas between them.")
    found = (store().customers.get(ref) for ref in refs)
    return answer({"user_subscribe_info_list": [e for who in found if who for e in _entries(who)]})


def _entries(who: Customer) -> list[wire.Json]:
    zone = store().info.zone
    addresses = ((0, who.email, who.email_consent), (1, who.phone, who.sms_consent))
    return [
        wire.compact(
            {
                "customer_id": who.id,
                "status": int(consent.state == SUBSCRIBED),
                "subscribe_account": address,
                "subscribe_account_type": kind,
                "subscribe_channel": CHANNELS.get(consent.collected_from or "", 0),
                "subscribe_time": wire.local(consent.updated_at, zone),
            }
        )
        for kind, address, consent in addresses
        if address and consent.updated_at
    ]


def _found(query: str, words: str, order: str) -> Sequence[Customer]:
    """Terms that many share are tried on the ground; names and ids on everybody."""
    shared, own = _tests(query)
    if not words and not own:
        key, now = ORDERS.get(order), store().now()
        name = ("search", query, order, now.date())
        return store().customers.select(lambda who: all(t(who) for t in shared), key, name)
    rows = people.search(store(), words)
    rows = [who for who in rows if all(test(who) for test in [*shared, *own])]
    return sorted(rows, key=ORDERS[order]) if order else rows


def _tests(query: str) -> tuple[list[Test], list[Test]]:
    shared: list[Test] = []
    own: list[Test] = []
    for part in filter(None, (each.strip() for each in query.split(";"))):
        field, _, value = part.partition(":")
        if field in RULES:
            shared.append(_rule(f"{RULES[field]}:{value}"))
        elif field == "updated_at":
            shared.append(_updated(value))
        elif field in ("accepts_marketing", "verified_email"):
            shared.append(_yes(field, value.lower() == "true"))
        elif field in ("customer_first_name", "customer_id"):
            own.append(_own(field, value))
        else:
            raise Refusal(422, f"“{field}” is no field to search in.")
    return shared, own


def _rule(text: str) -> Test:
    try:
        return parse(text).test(store().now(), store().info.zone)
    except RuleError as error:
        raise Refusal(422, str(error)) from None


def _updated(value: str) -> Test:
    test = _rule(f"created_at:{value}")
    return lambda who: test(replace(who, created_at=who.updated_at))


def _yes(field: str, wanted: bool) -> Test:
    if field == "verified_email":
        return lambda who: who.verified_email == wanted
    return lambda who: (who.email_consent.state == SUBSCRIBED) == wanted


def _own(field: str, value: str) -> Test:
    if field == "customer_id":
        sign = next((each for each in OPERATORS if value.startswith(each)), "=")
        number = value.removeprefix(sign)
        if not number.isascii() or not number.isdigit():
            raise Refusal(422, "customer_id must be a number.")
        return lambda who: OPERATORS[sign](int(who.id), int(number))
    return lambda who: who.first_name.casefold() == value.casefold()
