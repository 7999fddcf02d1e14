"""Every method of the client against the sandbox over loopback.

Only HTTP is used, so the same cases hold for whatever else speaks this API.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from smartpush_shopline.errors import Gone, NotAuthorised, ShoplineRefused
from smartpush_shopline.sandbox import Running, Settings, running
from smartpush_shopline.shopline import (
    BY_ORDER_COUNT,
    USUAL_PASSES,
    OAuth,
    Pace,
    ShoplineClient,
    new_session,
    store_ref_hint,
)

VERSION = "v20260601"
HANDLE = "alder"
ADDRESS = "https://app.example/smartpush/webhooks/shopline"

Case = Callable[[ShoplineClient], Any]
CASES: dict[str, Case] = {}


def case(check: Case) -> Case:
    """`check` of a method is a function of its name."""
    CASES[check.__name__] = check
    return check


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running(Settings(bucket=0)) as listens:
        yield listens


@pytest.fixture(scope="module")
def client(sandbox: Running) -> Iterator[ShoplineClient]:
    with new_session(retries=0) as http:
        yield make_client(sandbox, http)


def make_client(sandbox: Running, http: requests.Session, token: str = f"sandbox-{HANDLE}") -> Any:
    pace = Pace(100_000, 1000)
    base = f"{sandbox.url}/{HANDLE}"
    return ShoplineClient(base, token, api_version=VERSION, http=http, pace=pace)


# --- store and subscriptions ----------------------------------------------------------------


@case
def fetch_shop(client: ShoplineClient) -> None:
    shop = client.fetch_shop()
    assert shop.ref.isdigit()
    assert (shop.domain, shop.status) == (f"{HANDLE}.myshopline.com", 2)


@case
def create_subscription(client: ShoplineClient) -> None:
    made = client.create_subscription("customers/update", ADDRESS, VERSION)
    assert (made.topic, made.address, made.api_version) == ("customers/update", ADDRESS, VERSION)
    client.delete_subscription(made.ref)
    with pytest.raises(ShoplineRefused, match="no available versions"):
        client.create_subscription("segments/update", ADDRESS, VERSION)


@case
def list_subscriptions(client: ShoplineClient) -> None:
    made = client.create_subscription("customers/create", ADDRESS, VERSION)
    assert made in client.list_subscriptions()
    client.delete_subscription(made.ref)


@case
def delete_subscription(client: ShoplineClient) -> None:
    made = client.create_subscription("customers/disable", ADDRESS, VERSION)
    client.delete_subscription(made.ref)
    with pytest.raises(Gone):
        client.delete_subscription(made.ref)


# --- customers ------------------------------------------------------------------------------


def everybody(client: ShoplineClient, limit: int = 250) -> list[str]:
    page = client.fetch_customer_page(limit=limit)
    refs = [customer.ref for customer in page.items]
    while page.next_page_info:
        page = client.fetch_customer_page(page_info=page.next_page_info, limit=limit)
        refs += [customer.ref for customer in page.items]
    return refs


@case
def fetch_customer_count(client: ShoplineClient) -> None:
    assert client.fetch_customer_count() == len(everybody(client)) > 0


@case
def fetch_customer_page(client: ShoplineClient) -> None:
    refs = everybody(client)
    assert len(set(refs)) == len(refs)
    first = client.fetch_customer_page(limit=25).items
    by_id = sorted(refs, key=int)  # nobody says in which order they are listed
    after = client.fetch_customer_page(since_ref=by_id[-11]).items
    assert sorted((customer.ref for customer in after), key=int) == by_id[-10:]
    times = [customer.updated_at for customer in first if customer.updated_at]
    newer = client.fetch_customer_page(updated_at_min=max(times)).items
    assert newer
    assert all(customer.updated_at and customer.updated_at >= max(times) for customer in newer)
    never = datetime(2000, 1, 1, tzinfo=UTC)
    assert client.fetch_customer_page(created_at_max=never).items == ()


@case
def fetch_customer(client: ShoplineClient) -> None:
    (first,) = client.fetch_customer_page(limit=1).items
    assert client.fetch_customer(first.ref) == first
    with pytest.raises(Gone):
        client.fetch_customer("1")


# --- segments -------------------------------------------------------------------------------


@case
def list_saved_searches(client: ShoplineClient) -> None:
    searches = client.list_saved_searches()
    assert searches
    assert all(search.ref.startswith("GROUP") for search in searches)


@case
def fetch_saved_search_count(client: ShoplineClient) -> None:
    searches = client.list_saved_searches()
    assert client.fetch_saved_search_count() == len(searches)
    last = max(searches, key=lambda search: int(search.ref.removeprefix("GROUP")))
    assert client.fetch_saved_search_count(since_ref=last.ref) == 0


@case
def fetch_saved_search(client: ShoplineClient) -> None:
    first = client.list_saved_searches()[0]
    assert client.fetch_saved_search(first.ref) == first
    with pytest.raises(Gone):
        client.fetch_saved_search("GROUP1")


@case
def fetch_member_page(client: ShoplineClient) -> None:
    refs = [search.ref for search in client.list_saved_searches()]
    pages = (client.fetch_member_page(ref, order=BY_ORDER_COUNT, limit=5) for ref in refs)
    ref, page = next((r, page) for r, page in zip(refs, pages, strict=True) if page.next_page_info)
    counts = [member.orders_count or 0 for member in page.items]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) == 5
    assert page.next_page_info
    later = client.fetch_member_page(ref, page_info=page.next_page_info, limit=5)
    assert not {member.ref for member in page.items} & {member.ref for member in later.items}


# --- GraphQL --------------------------------------------------------------------------------


@case
def fetch_member_count(client: ShoplineClient) -> None:
    first = client.list_saved_searches()[0]
    assert client.fetch_member_count(first.ref, client.fetch_shop().timezone) > 0


@case
def fetch_memberships(client: ShoplineClient) -> None:
    segments = [search.ref for search in client.list_saved_searches()]
    member = client.fetch_member_page(segments[0], limit=1).items[0]
    told = client.fetch_memberships([member.ref, *everybody(client)[:3]], segments)
    now = told[member.ref]
    assert now.segments[segments[0]] is True
    assert all(set(each.segments) == set(segments) for each in told.values())
    assert (now.orders_count, now.total_spent) == (member.orders_count, member.total_spent)


@case
def withdraw_consent(client: ShoplineClient) -> None:
    customers = client.fetch_customer_page().items
    told = [(each, each.email_consent) for each in customers]
    whom = next(each for each, said in told if said and said.state == "subscribed")
    for _ in range(2):
        client.withdraw_consent(whom.ref, "email", datetime(2026, 11, 1, tzinfo=UTC))
    after = client.fetch_customer(whom.ref)
    assert after.email_consent and after.email_consent.state == "unsubscribed"
    assert after.sms_consent == whom.sms_consent
    with pytest.raises(Gone):
        client.withdraw_consent("1", "sms", datetime(2026, 11, 1, tzinfo=UTC))


# --- orders ---------------------------------------------------------------------------------


@case
def fetch_order_count(client: ShoplineClient) -> None:
    statuses = {status: client.fetch_order_count(status=status) for status in ("open", "any")}
    assert statuses["any"] >= statuses["open"]


@case
def fetch_order_page(client: ShoplineClient) -> None:
    page = client.fetch_order_page(USUAL_PASSES[0], limit=2)
    assert all(order.is_hidden is not True for order in page.items)


@case
def iter_orders(client: ShoplineClient) -> None:
    refs = [order.ref for page in client.iter_orders() for order in page]
    assert len(set(refs)) == len(refs) == client.fetch_order_count()


@case
def list_orders(client: ShoplineClient) -> None:
    refs = [order.ref for order in next(client.iter_orders())][:3]
    assert {order.ref for order in client.list_orders([*refs, "1"])} == set(refs)


@case
def fetch_order(client: ShoplineClient) -> None:
    first = next(client.iter_orders())[0]
    assert client.fetch_order(first.ref) == first
    with pytest.raises(Gone):
        client.fetch_order("1")


# --- all of them ----------------------------------------------------------------------------


def test_every_method_has_its_case() -> None:
    methods = inspect.getmembers(ShoplineClient, inspect.isfunction)
    assert set(CASES) == {name for name, _ in methods if not name.startswith("_")}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_method_and_the_sandbox_agree(client: ShoplineClient, name: str) -> None:
    CASES[name](client)


# --- tokens ---------------------------------------------------------------------------------


def test_a_token_is_created_used_and_refreshed(sandbox: Running) -> None:
    settings = Settings()
    store = OAuth(f"{sandbox.url}/{HANDLE}", settings.app_key, settings.app_secret)
    form = {"appKey": settings.app_key, "redirectUri": settings.redirect_uris[0]}
    form |= {"scope": "read_customers,read_store_information"}
    allow = f"{sandbox.url}/{HANDLE}/admin/oauth-web/allow"
    answer = requests.post(allow, data=form, allow_redirects=False, timeout=10)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    token = store.create_token(code, datetime.now(UTC))
    with new_session(retries=0) as http:
        client = make_client(sandbox, http, token.value)
        assert client.fetch_shop().ref == store_ref_hint(token.value)
    with pytest.raises(NotAuthorised):
        store.create_token(code, datetime.now(UTC))


def test_a_wrong_token_is_not_authorised_for_rest_and_graphql(sandbox: Running) -> None:
    with new_session(retries=0) as http:
        client = make_client(sandbox, http, "wrong")
        with pytest.raises(NotAuthorised):
            client.fetch_shop()
        with pytest.raises(NotAuthorised):
            client.fetch_member_count("GROUP1", "UTC")
