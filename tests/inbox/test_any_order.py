"""Small histories, arriving in every order, end the same: what counts is when it was said."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import delete, select

from smartpush_shopline.contacts.models import ConsentEvent, Contact, ReachChunk
from smartpush_shopline.inbox import working
from smartpush_shopline.inbox.models import Delivery
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shops.models import ShopCounter
from tests.support import NOW, webhook

DOOR = "/smartpush/webhooks/shopline"


def at(hours):
    return (NOW + timedelta(hours=hours)).isoformat()


def customer(hours, **said):
    return {"id": "1", "state": 3, "email_subscribe_flag": 1, "updated_at": at(hours)} | said


MOVED = (
    ("customers/create", customer(0, email="old@example.com", first_name="Ann")),
    ("customers/update", customer(1, email="new@example.com", first_name="Anne")),
    ("customers/disable", customer(2, email="new@example.com", state="0", first_name="Anne")),
    ("customers/enable", customer(3, email="new@example.com", first_name="Anna")),
)
LEFT = (
    ("customers/create", customer(0, email="a@example.com")),
    (
        "customers_marketing_consent/update",
        customer(1, email="a@example.com", email_subscribe_flag=0, subscribeActionType=3),
    ),
    ("customers/update", customer(2, email="a@example.com", email_subscribe_flag=0)),
    ("customers/delete", {"id": "1", "email": "a@example.com", "updated_at": at(3)}),
)
WAVERED = (
    ("customers/create", customer(0, email="a@example.com", email_subscribe_flag=0)),
    (
        "customers_marketing_consent/update",
        customer(1, email="a@example.com", email_subscribe_flag=1, subscribeActionType=1),
    ),
    (
        "customers_marketing_consent/update",
        customer(2, email="a@example.com", email_subscribe_flag=0, subscribeActionType=3),
    ),
    (
        "customers_marketing_consent/update",
        customer(3, email="a@example.com", email_subscribe_flag=1, subscribeActionType=1),
    ),
)
SEGMENT = (
    ("customer_groups/create", {"id": "g", "name": "One", "updated_at": at(0)}),
    ("customer_groups/update", {"id": "g", "name": "Two", "updated_at": at(1)}),
    ("customer_groups/update", {"id": "g", "name": "Three", "updated_at": at(2)}),
)
GONE = {"id": "g", "store_id": "1610418123456", "deleted_at": at(3)}


@pytest.fixture
def arrive(host, client, alder):
    """Forget everything, then let these messages arrive one after the other."""
    host.state.ring = lambda *_, **__: None

    def play(messages):
        with host.database.begin() as session:
            for table in (ConsentEvent, Contact, ReachChunk, Delivery, Segment):
                session.execute(delete(table))
            session.get_one(ShopCounter, alder.shop_id).last_number = 0
        for number, (topic, said) in enumerate(messages):
            client.post(DOOR, **webhook(topic, said, ref=f"m{number}"))
            working.drain(host.state)

    return play


@pytest.mark.parametrize("history", [MOVED, LEFT, WAVERED], ids=["moved", "left", "wavered"])
def test_a_customers_history_ends_the_same_in_every_order(arrive, alder, history):
    ends = set()
    for messages in permutations(history):
        arrive(messages)
        [person] = alder.all()
        gone = person.deleted_at is not None
        ends.add((alder.verdict("1"), gone, None if gone else (person.email, person.first_name)))
    assert len(ends) == 1


def test_a_segments_newest_name_wins_in_every_order(host, arrive):
    for messages in permutations(SEGMENT):
        arrive(messages)
        assert [*host.segments()] == ["Three"]


def test_a_deleted_segment_is_gone_or_asked_about_in_every_order(host, arrive):
    """Its deletion may overtake its creation: then the store itself is asked."""
    for messages in permutations((*SEGMENT[:2], ("customer_groups/delete", GONE))):
        arrive(messages)
        with host.database.read() as session:
            [segment] = session.scalars(select(Segment))
        assert segment.state == "deleted" or segment.stale_reason == "webhook"
