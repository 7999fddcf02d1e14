"""A store of any size, worked out instead of kept: the same customer whenever it is asked.

`Wire` answers the plugin's own HTTP calls with it. What the answering itself takes is told apart,
so that it is not taken for work of ours.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from pyroaring import BitMap
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from smartpush_shopline.shopline.models import Consent, Customer

PAGE = 250
BEGIN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""When a simulation begins. Nobody's last change is later, but for those it changes itself."""
STATES = ("unsubscribed", "subscribed", "not_subscribed", "pending")
STILL, MOVING = "orders_count:>1", "last_order_time:>-30d"
_EMAIL = (1,) * 11 + (0,) * 3 + (2,) * 6
_SMS = (2,) * 12 + (1,) * 6 + (0,) * 2
_AGES = 500_000


@dataclass
class Segment:
    """Members are places of customers: 1 for the first."""

    ref: str
    name: str
    rule: str
    members: BitMap


@dataclass
class Store:
    """`changed` customers have another consent and one order more than on the first day."""

    size: int
    segments: dict[str, Segment] = field(default_factory=dict)
    changed: dict[int, datetime] = field(default_factory=dict)
    topics: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    pages_read: Counter[str] = field(default_factory=Counter)
    """Of the members of each segment."""

    def add_segment(self, name: str, members: BitMap, rule: str = STILL) -> Segment:
        segment = Segment(f"GROUP{len(self.segments) + 1}", name, rule, members)
        self.segments[segment.ref] = segment
        return segment

    def updated_at(self, place: int) -> datetime:
        return self.changed.get(place) or BEGIN - timedelta(minutes=1 + place % _AGES)

    def states(self, place: int) -> tuple[int, int]:
        """E-mail and SMS as the API spells them."""
        email = _EMAIL[place % 20]
        return (1 - email if place in self.changed and email < 2 else email), _SMS[place % 20]

    def orders(self, place: int) -> int:
        return place % 7 + (place in self.changed)


def ref_of(place: int) -> str:
    return f"35{place:010}"


def place_of(ref: str) -> int:
    return int(ref.rpartition("/")[2][2:])


def email_of(place: int) -> str | None:
    """Twelve of thirteen have one; two of a thousand share theirs with the one before."""
    owner = place - (place % 1000 == 1)
    return f"{owner * 2654435761 % 2**32:08x}@example.com" if place % 13 else None


def phone_of(place: int) -> str | None:
    return f"+8869{place * 7919 % 10**8:08}" if place % 20 > 6 else None


def customer(store: Store, place: int) -> Customer:
    """As the client would have parsed it."""
    email, sms = store.states(place)
    at = store.updated_at(place)
    return Customer(
        ref=ref_of(place),
        email=email_of(place),
        phone=phone_of(place),
        first_name="Ada",
        last_name=f"Alder {place}",
        nick_name=None,
        gender="female",
        birthday=None,
        language="en",
        country_code="TW",
        city="Taipei",
        tags=("vip", "new"),
        state=3,
        orders_count=store.orders(place),
        total_spent=Decimal("12.50"),
        currency="TWD",
        created_at=BEGIN - timedelta(minutes=2 + place % _AGES),
        updated_at=at,
        email_consent=Consent(STATES[email], at, explicit=True),
        sms_consent=Consent(STATES[sms]),
    )


def customer_json(store: Store, place: int) -> str:
    email, sms = store.states(place)
    at = store.updated_at(place).isoformat()
    return (
        f'{{"id":"{ref_of(place)}","email":{json.dumps(email_of(place))},'
        f'"phone":{json.dumps(phone_of(place))},"first_name":"Ada","last_name":"Alder {place}",'
        f'"tags":"vip,new","currency":"TWD","orders_count":{store.orders(place)},'
        f'"total_spent":"12.50","verified_email":true,"created_at":"{at}","updated_at":"{at}",'
        f'"state":3,"gender":"2","language":"en","email_subscribe_flag":{email},'
        f'"mobile_subscribe_flag":{sms},"email_marketing_consent":{{"state":{email},'
        f'"consent_updated_at":"{at}"}},"addresses":[{{"id":"SL{place}","city":"Taipei",'
        f'"country":"Taiwan","country_code":"TW","default":true}}],"default_address":'
        f'{{"id":"SL{place}","city":"Taipei","country":"Taiwan","country_code":"TW"}}}}'
    )


def member_json(store: Store, place: int) -> str:
    email, sms = store.states(place)
    at = store.updated_at(place).isoformat()
    return (
        f'{{"id":"{ref_of(place)}","email":{json.dumps(email_of(place))},'
        f'"phone":{json.dumps(phone_of(place))},"first_name":"Ada","last_name":"Alder {place}",'
        f'"tags":"vip,new","currency":"TWD","orders_count":{store.orders(place)},'
        f'"total_spent":"12.50","state":3,"last_order_time":"{at}","updated_at":"{at}",'
        f'"email_subscribe_flag":{email},"mobile_subscribe_flag":"{sms}","addresses":[{{"id":'
        f'"SL{place}","city":"Taipei","country":"Taiwan","country_code":"TW","default":true}}]}}'
    )


class Wire(BaseAdapter):
    """`around` is called with each exchange, which it makes by calling what it is given."""

    def __init__(self, store: Store, around: Callable[[str, Callable[[], Any]], Any]) -> None:
        super().__init__()
        self.store = store
        self._around = around

    def session(self) -> requests.Session:
        session = requests.Session()
        session.mount("https://", self)
        return session

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        path = urlsplit(request.url or "").path.partition("/admin/")[2]
        kind = _kind(path, request)
        self.store.calls[kind] += 1
        response: requests.Response = self._around(kind, lambda: self._answer(path, kind, request))
        return response

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, path: str, kind: str, request: requests.PreparedRequest) -> requests.Response:
        asked = {k: v[0] for k, v in parse_qs(urlsplit(request.url or "").query).items()}
        body, link = _ANSWERS[kind](self.store, path, asked, request.body)
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url or "", request
        response._content = body.encode()
        response.headers = CaseInsensitiveDict({"link": link} if link else {})
        return response


def _kind(path: str, request: requests.PreparedRequest) -> str:
    if path.endswith("graphql.json"):
        return "membership" if b"Memberships" in _bytes(request.body) else "segment_count"
    tail = path.partition("/")[2].partition("/")[2]
    for kind, is_it in _KINDS:
        if is_it(tail):
            return f"{kind}_{request.method}" if kind == "webhooks" else kind
    raise AssertionError(f"The store does not know {path}.")


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


Answer = tuple[str, str | None]


def _customers(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    if "page_info" in asked:
        since, _, after = asked["page_info"].partition("~")
    else:
        since, after = asked.get("updated_at_min", ""), "0"
    places = range(1, store.size + 1) if not since else _changed_since(store, since)
    return _page("customers", places, int(after), lambda p: customer_json(store, p), f"{since}~")


def _changed_since(store: Store, since: str) -> list[int]:
    """In order of place. Those of the first day who changed last are among them."""
    moment = datetime.fromisoformat(since.replace("Z", "+00:00"))
    ages = range(max(0, int((BEGIN - moment).total_seconds() // 60)))
    young = {place for age in ages for place in range(age, store.size + 1, _AGES) if place}
    every = young | store.changed.keys()
    return sorted(place for place in every if store.updated_at(place) >= moment)


def _members(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    ref = path.split("/")[-2]
    store.pages_read[ref] += 1
    members = store.segments[ref].members
    after = int(asked.get("page_info", "~0").partition("~")[2])
    return _page("customers", members, after, lambda p: member_json(store, p), "~")


def _page(
    name: str, places: Any, after: int, as_json: Callable[[int], str], prefix: str
) -> Answer:
    rows = ",".join(as_json(place) for place in places[after : after + PAGE])
    last = after + PAGE >= len(places)
    link = None if last else f'<https://s/x?page_info={prefix}{after + PAGE}>; rel="next"'
    return f'{{"{name}":[{rows}]}}', link


def _searches(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    every = [_search(segment) for segment in store.segments.values()]
    return json.dumps({"customer_saved_searches": every}), None


def _one_search(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    ref = path.rpartition("/")[2].removesuffix(".json")
    return json.dumps({"customer_saved_search": _search(store.segments[ref])}), None


def _search(segment: Segment) -> dict[str, str]:
    return {"id": segment.ref, "name": segment.name, "query": segment.rule}


def _count_of(how_many: Callable[[Store], int]) -> Any:
    def answer(store: Store, *asked: Any) -> Answer:
        return json.dumps({"count": how_many(store)}), None

    return answer


def _segment_count(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    ref = json.loads(body)["variables"]["id"].rpartition("/")[2]
    count = len(store.segments[ref].members)
    return json.dumps({"data": {"customerSegmentMembers": {"totalCount": count}}}), None


def _membership(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    said = json.loads(body)["variables"]
    refs = [ref.rpartition("/")[2] for ref in said.pop("segments")]
    told = {
        f"m{name[1:]}": {"memberships": [
            {"segmentId": ref, "isMember": place_of(customer) in store.segments[ref].members}
            for ref in refs
        ]}
        for name, customer in said.items()
    }
    bought = {"amountSpent": {"amount": "12.50"}}
    told |= {
        f"f{name[1:]}": bought | {"numberOfOrders": store.orders(place_of(customer))}
        for name, customer in said.items()
    }
    return json.dumps({"data": told}), None


def _no_orders(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    """Whoever bought is among the changed customers."""
    return '{"orders":[]}', None


def _shop(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    facts = {"id": 1, "name": "Alder", "iana_timezone": "UTC", "currency": "TWD",
             "biz_store_status": 2}
    return json.dumps({"data": facts}), None


def _subscriptions(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    return json.dumps({"webhooks": list(_webhooks(store))}), None


def _subscribed(store: Store, path: str, asked: dict[str, str], body: Any) -> Answer:
    store.topics.append(json.dumps(json.loads(body)["webhook"]))
    return json.dumps({"webhook": list(_webhooks(store))[-1]}), None


def _webhooks(store: Store) -> Iterable[dict[str, Any]]:
    return ({"id": n, **json.loads(each)} for n, each in enumerate(store.topics, 1))


_KINDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("customers", lambda tail: tail == "v2/customers.json"),
    ("customer_count", lambda tail: tail == "customers/v2/count.json"),
    ("members", lambda tail: tail.endswith("/customers.json")),
    ("search_count", lambda tail: tail == "customer_saved_searches/count.json"),
    ("searches", lambda tail: tail == "customer_saved_searches.json"),
    ("search", lambda tail: tail.startswith("customer_saved_searches/")),
    ("shop", lambda tail: tail == "merchants/shop.json"),
    ("orders", lambda tail: tail == "orders.json"),
    ("order_count", lambda tail: tail == "orders/count.json"),
    ("webhooks", lambda tail: tail == "webhooks.json"),
)
_ANSWERS: dict[str, Callable[[Store, str, dict[str, str], Any], Answer]] = {
    "customers": _customers,
    "customer_count": _count_of(lambda store: store.size),
    "members": _members,
    "search_count": _count_of(lambda store: len(store.segments)),
    "searches": _searches,
    "search": _one_search,
    "shop": _shop,
    "webhooks_GET": _subscriptions,
    "webhooks_POST": _subscribed,
    "segment_count": _segment_count,
    "orders": _no_orders,
    "order_count": _count_of(lambda _store: 0),
    "membership": _membership,
}
