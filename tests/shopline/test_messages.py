"""Webhook bodies that are no object of the REST API."""

from datetime import UTC, datetime

import pytest

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline import (
    AppLifecycle,
    DeletedCustomer,
    StoreRedact,
    order_name_key,
    parse_app_lifecycle,
    parse_consent_update,
    parse_customer_redact,
    parse_deleted_customer,
    parse_shop_update,
    parse_store_redact,
    store_ref_hint,
)

MORNING = datetime(2026, 11, 2, 2, 53, 31, tzinfo=UTC)
NIGHT = datetime(2026, 11, 2, 2, tzinfo=UTC)


def test_a_deleted_customer(payload):
    told = parse_deleted_customer(payload("customers_delete_webhook"))
    assert told == DeletedCustomer("4210000001", "ann@example.com", None, MORNING)


@pytest.mark.parametrize(
    ("action", "channel", "state"),
    [
        (1, "email", "subscribed"),
        (2, "sms", "subscribed"),
        ("3", "email", "unsubscribed"),
        (4, "sms", "unsubscribed"),
        (None, None, None),
    ],
)
def test_a_consent_update_says_who_and_what(payload, action, channel, state):
    body = payload("customers_marketing_consent_update_webhook") | {"subscribeActionType": action}
    told = parse_consent_update(body)
    assert (told.customer.ref, told.channel, told.state) == ("4210000002", channel, state)


def test_an_uninstall_names_store_and_app(payload):
    assert parse_app_lifecycle(payload("apps_installed_uninstalled_webhook")) == AppLifecycle(
        app_key="demo_app_key",
        handle="demo-store",
        store_ref="1610418123456",
        merchant_ref="2000001234",
        name="Demo Store",
        country_code="SG",
        timezone="Asia/Singapore",
        installed=False,
        occurred_at=datetime(2026, 11, 2, 2, 3, 20, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("wire", "installed"),
    [("INSTALL", True), ("install", True), ("UNINSTALL", False), ("uninstall", False)],
)
def test_operate_comes_in_any_case(payload, wire, installed):
    body = payload("apps_installed_uninstalled_webhook") | {"operate": wire}
    assert parse_app_lifecycle(body).installed is installed


@pytest.mark.parametrize("wire", [None, "", "upgrade", 1])
def test_an_unknown_operation_is_never_taken_for_an_uninstall(payload, wire):
    with pytest.raises(UnexpectedPayload, match=r"app\.operate is neither"):
        parse_app_lifecycle(payload("apps_installed_uninstalled_webhook") | {"operate": wire})


def test_an_uninstall_that_names_nobody_says_so(payload):
    body = payload("apps_installed_uninstalled_webhook") | {"appkey": "", "handle": None}
    told = parse_app_lifecycle(body)
    assert (told.app_key, told.handle, told.installed) == (None, None, False)


def test_a_time_of_the_app_may_only_be_written_out(payload):
    body = payload("apps_installed_uninstalled_webhook") | {"timestamp": None}
    assert parse_app_lifecycle(body).occurred_at == NIGHT


def test_a_customer_to_forget_and_the_orders_that_are_named(payload):
    told = parse_customer_redact(payload("customers_redact_webhook"))
    assert (told.customer_ref, told.email, told.phone) == (
        "4210000001",
        "ann@example.com",
        "006512345678",
    )
    assert (told.store_ref, told.domain) == ("1610418123456", "demo-store.myshopline.com")
    assert told.asked_at == NIGHT
    named = [told.names_order(name) for name in ("#1001", "1001", "#1002", "1002", "#100", "10")]
    assert named == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("name", "key"), [("#1001", "1001"), ("1001", "1001"), (" #1 ", "1"), ("test#1", "test#1")]
)
def test_an_order_is_named_with_and_without_its_mark(name, key):
    assert order_name_key(name) == key


@pytest.mark.parametrize(
    "person", [{"id": "1"}, {"email": "ann@example.com"}, {"phone": "006512345678"}]
)
def test_one_way_to_know_somebody_is_enough_to_forget_them(payload, person):
    body = payload("customers_redact_webhook") | {"customer": person, "orders_to_redact": None}
    assert parse_customer_redact(body).order_names == frozenset()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"customer": {}}, "customer names nobody"),
        ({"customer": {"id": "", "email": None}}, "customer names nobody"),
        ({"customer": None}, "customer is missing"),
        ({"orders_to_redact": ["#1", None]}, "orders_to_redact[1] is missing"),
    ],
)
def test_a_request_to_forget_that_names_nobody_is_refused(payload, change, complaint):
    with pytest.raises(UnexpectedPayload) as refused:
        parse_customer_redact(payload("customers_redact_webhook") | change)
    assert str(refused.value) == complaint


def test_a_store_to_forget(payload):
    told = parse_store_redact(payload("merchants_redact_webhook"))
    at = datetime(2026, 11, 4, 2, tzinfo=UTC)
    assert told == StoreRedact("1610418123456", "demo-store.myshopline.com", at)
    with pytest.raises(UnexpectedPayload, match="store_id is missing"):
        parse_store_redact({"store_domain": "demo-store.myshopline.com"})


def test_a_changed_store_says_only_what_it_carries(payload):
    told = parse_shop_update(payload("merchants_update_webhook"))
    assert (told.ref, told.name, told.timezone, told.status) == (
        "1610418123456",
        "Demo Store",
        "Asia/Tokyo",
        4,
    )
    assert (told.domain, told.language, told.country_code) == (None, None, None)
    assert parse_shop_update({"data": {"id": 1}}).timezone is None
    assert parse_shop_update({"id": 1, "iana_timezone": "Asia/Atlantis"}).timezone is not None


REAL = (
    "eyJhbGciOiJIUzUxMiJ9"
    ".eyJhcHBLZXkiOiJrIiwic2VsbGVySWQiOiIyMDAwMjM0ODgwIiwic3RvcmVJZCI6IjE2NzIzNjk3Mjk2MDYiLCJ2"
    "ZXJzaW9uIjoiVjIifQ.x"
)


@pytest.mark.parametrize(
    ("token", "ref"),
    [
        (REAL, "1672369729606"),
        ("a.eyJzdG9yZUlkIjoxNjcyMzY5NzI5NjA2fQ.x", "1672369729606"),  # a number
        ("a.eyJzdG9yZUlkIjoiLi4vZXRjIn0.x", None),  # "../etc"
        ("a.eyJzdG9yZUlkIjpbXX0.x", None),  # a list
        ("eyJhbGciOiJIUzUxMiJ9.e30.x", None),
        ("a.W10.x", None),
        ("a.%%%.x", None),
        ("a.b", None),
        ("sandbox-alder", None),
        ("", None),
    ],
)
def test_a_token_hints_at_its_store_and_never_fails(token, ref):
    assert store_ref_hint(token) == ref
