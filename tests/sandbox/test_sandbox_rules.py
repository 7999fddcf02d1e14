"""Who a rule finds, and what is said about a rule that is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartpush_shopline.sandbox.model import Consent, Customer
from smartpush_shopline.sandbox.rules import EXAMPLES, RuleError, parse

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
TAIPEI = ZoneInfo("Asia/Taipei")
SOMEBODY = Customer(
    id="1",
    created_at=datetime(2026, 1, 1, 1, 0, tzinfo=UTC),
    updated_at=NOW,
    orders_count=3,
    spent=18_540,
    tags=("vip", "台北"),
    state=3,
    email_consent=Consent(1),
    sms_consent=Consent(3),
    last_order_at=NOW - timedelta(days=91),
)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("orders_count:>2", True),
        ("orders_count:>3;", False),
        ("orders_count:>=3", True),
        ("orders_count:3", True),
        ("orders_count:<3", False),
        ("total_spent:>185.3", True),
        ("total_spent:185.40", True),
        ("total_spent:<=185.39", False),
        ("tags:vip", True),
        ("tags:vi", False),
        ("tags:wholesale,台北", True),
        ("email_subscribe_flag:1", True),
        ("mobile_subscribe_flag:2", True),
        ("state:0", False),
        ("created_at:2026-01-01", True),
        ("created_at:>2026-01-01T09:00:00+08:00", False),
        ("created_at:>=2026-01-01T09:00:00+08:00", True),
        ("created_at:>=2026-01-01T09:00:00", True),
        ("last_order_time:<-90d", True),
        ("last_order_time:<-91d", False),
        ("orders_count:>2;tags:vip;", True),
        ("orders_count:>2;tags:nobody", False),
    ],
)
def test_a_rule_holds_for_whom_it_describes(rule: str, holds: bool) -> None:
    assert parse(rule).test(NOW, TAIPEI)(SOMEBODY) is holds


def test_no_condition_on_the_last_order_holds_for_somebody_without_one() -> None:
    never = Customer(id="2", created_at=NOW, updated_at=NOW)
    assert not parse("last_order_time:<-90d").test(NOW, TAIPEI)(never)


def test_days_change_at_the_midnight_of_the_store() -> None:
    before_midnight = datetime(2026, 11, 24, 15, 59, tzinfo=UTC)
    ordered = Customer(
        id="3",
        created_at=NOW,
        updated_at=NOW,
        last_order_at=datetime(2026, 8, 26, 3, 0, tzinfo=UTC),
    )
    rule = parse("last_order_time:<-90d")
    assert not rule.test(before_midnight, TAIPEI)(ordered)
    assert rule.test(before_midnight + timedelta(minutes=1), TAIPEI)(ordered)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("", "at least one condition"),
        (" ; ", "at least one condition"),
        ("shoe_size:>42", "“shoe_size” is no field"),
        ("orders_count", "has no value"),
        ("orders_count:>", "has no value"),
        ("orders_count:many", "not a whole number"),
        ("orders_count:²", "not a whole number"),
        ("total_spent:NaN", "not an amount"),
        ("state:7", "only the values 0 to 3"),
        ("tags:>vip", "by name only"),
        ("created_at:>yesterday", "neither a date"),
    ],
)
def test_a_rule_that_is_none_is_answered_with_a_sentence(rule: str, said: str) -> None:
    with pytest.raises(RuleError, match=said) as refused:
        parse(rule)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_help_line_is_a_rule(example: str) -> None:
    assert str(parse(example)) == f"{example};"


def test_webhooks_show_the_rule_in_camel_case_without_the_last_semicolon() -> None:
    rule = parse("orders_count:>2;email_subscribe_flag:1;")
    assert rule.camel_case == "ordersCount:>2;emailSubscribeFlag:1"


@given(st.text(max_size=40))
def test_any_text_is_a_rule_or_a_sentence(text: str) -> None:
    try:
        rule = parse(text)
    except RuleError:
        return
    assert parse(str(rule)) == rule
    assert rule.test(NOW, TAIPEI)(SOMEBODY) in (True, False)
