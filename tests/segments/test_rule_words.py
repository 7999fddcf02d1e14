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
        ("orders_count:>1;", "orders_count:>2;", ": more than 1 order → more than 2 orders"),
        ("total_spent:>=10000;", "total_spent:>=8000;", ": spend at least 10,000 → at least 8,000"),
        ("total_spent:>=10000;", "total_spent:<8000;", ": spend at least 10,000 → less than 8,000"),
        ("totalSpent:>10000", "total_spent:<=8000;", ": spend more than 10,000 → at most 8,000"),
        ("tags:vip;", "tags:vip;orders_count:>1;", ": now also more than 1 order"),
        ("tags:vip;orders_count:>1;", "tags:vip;", ": no longer more than 1 order"),
        ("tags:vip;", "tags:gold;", ": tags vip → gold"),
        ("tags:vip;", "orders_count:3;", ": no longer tags vip, now also 3 orders"),
        ("last_order_time:<-90d;", "last_order_time:<-30d;", ": last order < -90d → < -30d"),
        ("orders_count:>x;", "orders_count:>1;", ": orders > x → more than 1 order"),
        ("shoe_size:41;", "shoe_size:42;", ": shoe size 41 → 42"),
        ("", "tags:vip;", ""),
        ("tags:vip;", TREE, ""),
        ("tags:a;tags:b;", "tags:a;", ""),
        ("city != ''", "tags:vip;", ""),
        ("tags:vip;", "tags:vip", ""),
    ],
)
def test_a_change_of_rule_is_said_in_words_where_it_is_understood(before, after, words):
    assert what_changed(before, after) == "its rule changed" + words
