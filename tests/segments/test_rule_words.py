"""What changed about a rule, in a marketer's words."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import Babel

from smartpush_shopline.segments.rulewords import what_changed

TREE = '{"conditions":{"type":1,"relation":"AND","children":[]},"not":{}}'


@pytest.fixture(autouse=True)
def _language():
    app = Flask("host")
    Babel(app)
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("total_spent:>=10000;", "total_spent:>=8000;", "spend went from 10,000 to 8,000"),
        ("total_spent:>=10000;", "total_spent:>8000;", "spend went from ≥ 10,000 to > 8,000"),
        ("totalSpent:>10000", "total_spent:>8000;", "spend went from 10,000 to 8,000"),
        ("tags:vip;", "tags:vip;orders_count:>1;", "now also orders > 1"),
        ("tags:vip;orders_count:>1;", "tags:vip;", "no longer orders > 1"),
        ("tags:vip;", "tags:gold;", "tags went from vip to gold"),
        ("tags:vip;", "orders_count:3;", "no longer tags vip, now also orders 3"),
        ("last_order_time:<-90d;", "last_order_time:<-30d;", "last order went from -90d to -30d"),
        ("shoe_size:41;", "shoe_size:42;", "shoe size went from 41 to 42"),
        ("", "tags:vip;", "the rule changed"),
        ("tags:vip;", TREE, "the rule changed"),
        ("tags:a;tags:b;", "tags:a;", "the rule changed"),
        ("city != ''", "tags:vip;", "the rule changed"),
        ("tags:vip;", "tags:vip", "the rule changed"),
    ],
)
def test_a_change_of_rule_is_said_in_words_where_it_is_understood(before, after, words):
    assert what_changed(before, after) == words
