"""Whole objects, from the samples in tests/payloads."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline import (
    Consent,
    parse_customer,
    parse_deleted_saved_search,
    parse_member,
    parse_saved_search,
    parse_shop,
    parse_subscription,
    parse_token,
)

from .conftest import NOW


def test_a_customer_is_read_whole(payload):
    ann = parse_customer(payload("customer")["customer"])
    assert (ann.ref, ann.email, ann.phone) == ("4210000001", "ann@example.com", "+6512345678")
    assert (ann.first_name, ann.last_name, ann.nick_name) == ("Ann", "Lee", "Ann Lee")
    assert (ann.gender, ann.birthday, ann.language) == ("female", date(1990, 1, 31), "en")
    assert (ann.country_code, ann.city) == ("SG", "Singapore")
    assert (ann.tags, ann.state) == (("vip", "newsletter"), 3)
    assert (ann.orders_count, ann.total_spent, ann.currency) == (3, Decimal("185.40"), "USD")
    assert ann.created_at == datetime(2026, 1, 5, 1, tzinfo=UTC)
    assert ann.updated_at == datetime(2026, 11, 2, 2, 53, 31, tzinfo=UTC)
    asked_at = datetime(2026, 10, 1, 4, tzinfo=UTC)
    assert ann.email_consent == Consent("subscribed", asked_at, explicit=True)
    assert ann.sms_consent == Consent("not_subscribed")


def test_a_webhook_that_omits_empty_fields_says_nothing_about_them(payload):
    bea = parse_customer(payload("customers_update_webhook"))
    assert (bea.state, bea.phone, bea.tags, bea.total_spent) == (1, None, (), None)
    assert bea.email_consent == Consent("unsubscribed")
    assert bea.updated_at == datetime(2022, 12, 16, 6, 13, 22, tzinfo=UTC)


def test_null_and_missing_are_the_same(payload):
    whole = payload("customers_update_webhook")
    nulls = dict.fromkeys(payload("customer")["customer"]) | whole
    assert parse_customer(nulls) == parse_customer(whole)


def test_unknown_fields_pass(payload):
    customer = payload("customer")["customer"]
    assert parse_customer(customer | {"asid": {"new": [1]}}) == parse_customer(customer)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": None}, "customers[3].id is missing"),
        ({"state": None}, "customers[3].state is missing"),
        ({"created_at": "then"}, "customers[3].created_at is not a time with an offset"),
        ({"addresses": {}}, "customers[3].addresses is not a list"),
        ({"addresses": ["home"]}, "customers[3].addresses[0] is not an object"),
        ({"default_address": 1}, "customers[3].default_address is not an object"),
        (
            {"email_marketing_consent": {"state": 9}},
            "customers[3].email_marketing_consent.state has an unknown value",
        ),
    ],
)
def test_a_complaint_names_its_path(payload, change, complaint):
    with pytest.raises(UnexpectedPayload) as refusal:
        parse_customer(payload("customer")["customer"] | change, path="customers[3]")
    assert str(refusal.value) == complaint


def test_a_national_number_is_read_in_the_persons_own_country_first():
    dee = {"id": "1", "state": 1, "phone": "0912345678"}
    assert parse_customer(dee).phone is None
    assert parse_customer(dee, "TW").phone == "+886912345678"
    at_home = dee | {"default_address": {"country_code": "tw"}}
    assert parse_customer(at_home, "US").phone == "+886912345678"
    nowhere = dee | {"default_address": {"country_code": "XX"}}
    assert parse_member(nowhere, "TW").phone == "+886912345678"


def test_the_default_address_is_completed_from_the_list():
    addresses = [
        {"id": "a", "city": "Taipei", "country_code": "TW"},
        {"id": "b", "city": "Lyon", "country_code": "FR", "default": True},
    ]
    person = {"id": "1", "state": 1, "addresses": addresses}
    assert parse_customer(person).city == "Lyon"
    assert parse_customer(person | {"default_address": {"id": "a"}}).city == "Taipei"


def test_a_member_has_flags_and_the_time_of_the_last_order(payload):
    ann, cyd = (parse_member(row) for row in payload("members")["customers"])
    assert ann.email_consent == Consent("subscribed")
    assert ann.sms_consent == Consent("pending")
    assert ann.last_order_at == datetime(2026, 10, 30, 1, 0, 5, tzinfo=UTC)
    assert (cyd.state, cyd.email_consent, cyd.sms_consent) == (0, None, Consent("unsubscribed"))


def test_a_segment_is_read_from_list_and_webhook(payload):
    vip, fresh = (
        parse_saved_search(row) for row in payload("saved_searches")["customer_saved_searches"]
    )
    told = parse_saved_search(payload("customer_groups_update_webhook"))
    assert (fresh.name, fresh.query) == ("新客戶", "")
    assert (told.ref, told.updated_at) == (vip.ref, vip.updated_at)


def test_a_deleted_segment_has_an_offset_without_colon(payload):
    gone = parse_deleted_saved_search(payload("customer_groups_delete_webhook"))
    assert (gone.ref, gone.store_ref) == ("GROUP1000000000000000001", "1610418123456")
    assert gone.deleted_at == datetime(2026, 11, 2, 2, tzinfo=UTC)


def test_a_shop_is_read_with_and_without_envelope(payload):
    answer = payload("shop")
    shop = parse_shop(answer)
    assert (shop.ref, shop.merchant_ref) == ("1610418123456", "2000001234")
    assert (shop.timezone, shop.status, shop.country_code) == ("Asia/Singapore", 2, "SG")
    assert parse_shop(answer["data"]) == shop


def test_a_shop_may_tell_no_time_zone_or_one_that_nobody_knows(payload):
    answer = payload("shop")
    answer["data"]["iana_timezone"] = "Mars/Olympus"
    assert parse_shop(answer).timezone == "Mars/Olympus"
    del answer["data"]["iana_timezone"]
    assert parse_shop(answer).timezone is None


def test_a_subscription_id_is_a_string_here(payload):
    assert parse_subscription(payload("webhooks")["webhooks"][0]).ref == "45852"


@pytest.mark.parametrize(
    ("expire_time", "hours"),
    [
        ("2026-11-01T18:00:00.000+00:00", 10),
        (1793548800000, 8),
        ("1793548800000", 8),
        ("tomorrow", 10),
        (None, 10),
    ],
)
def test_a_token_always_expires(payload, expire_time, hours):
    answer = payload("token")
    answer["data"]["expireTime"] = expire_time
    token = parse_token(answer, NOW)
    assert token.expires_at == NOW + timedelta(hours=hours)
    assert token.scope == {"read_customers", "read_orders"}
    assert token.value not in repr(token)


def test_an_answer_without_token_names_it(payload):
    with pytest.raises(UnexpectedPayload, match=r"data\.accessToken is missing"):
        parse_token({"data": {}}, NOW)
