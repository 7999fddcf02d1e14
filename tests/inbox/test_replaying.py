"""Trying a message again by hand, and how long messages are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smartpush_shopline.errors import ConfigurationError, UnexpectedPayload
from smartpush_shopline.inbox.finding import Wanted
from smartpush_shopline.inbox.replaying import replay
from smartpush_shopline.settings import Settings
from tests.hosting import config
from tests.support import webhook

DOOR = "/smartpush/webhooks/shopline"


@pytest.fixture
def parked(client, alder, handled, clock):
    """Three parked messages, an hour apart."""
    handled.failures = [UnexpectedPayload("id is missing") for _ in range(3)]
    for number in range(3):
        client.post(DOOR, **webhook("test/topic", {"id": number}, ref=f"m{number}"))
        clock.forward(hours=1)
    return [1, 2, 3]


@pytest.fixture
def again(host, clock):
    def ask(**wanted):
        with host.database.begin() as session:
            found = replay(session, None, Wanted(**wanted), clock())
        host.tick()
        return found

    return ask


def test_a_parked_message_is_worked_again(again, parked, handled, deliveries):
    assert again(ids=[2]).ids == [2]
    assert [d.state for d in deliveries()] == ["parked", "done", "parked"]
    assert handled == [{"id": 1}]
    assert deliveries()[1].reason is None


def test_a_topic_is_replayed_whole(again, parked, handled):
    assert again(topic="another").ids == []
    assert again(topic="test/topic").ids == parked
    assert handled == [{"id": 0}, {"id": 1}, {"id": 2}]


def test_a_stretch_of_time_is_replayed(again, parked, handled, clock):
    found = again(since=clock() - timedelta(hours=2), until=clock() - timedelta(hours=1))
    assert found.ids == [2]
    assert handled == [{"id": 1}]


def test_what_is_done_has_no_body_and_says_so(again, parked, handled):
    again(ids=[1])
    found = again(ids=[1, 2])
    assert found.ids == [2]
    [(number, why)] = found.refused
    assert number == 1 and "dropped when it was done" in why


def test_what_fails_again_is_parked_again(again, parked, handled, deliveries):
    handled.failures = [UnexpectedPayload("id is missing")]
    again(ids=[1])
    assert (deliveries()[0].state, deliveries()[0].attempts) == ("parked", 1)


def test_a_message_that_waits_is_tried_at_once(
    client, alder, again, handled, deliveries
):
    handled.failures = [ConnectionError()]
    client.post(DOOR, **webhook("test/topic", {"id": 1}))
    again(ids=[1])
    assert handled == [{"id": 1}]


def test_parked_bodies_go_after_a_month_and_the_row_stays(
    host, parked, again, clock, deliveries
):
    clock.forward(days=29)
    host.tick()
    assert all(d.body for d in deliveries())
    clock.forward(days=2)
    host.tick()
    assert [(d.state, d.body) for d in deliveries()] == [("parked", None)] * 3
    assert "dropped" in again(ids=[1]).refused[0][1]
    assert again().ids == []


def test_rows_are_kept_to_know_a_message_again(host, client, alder, handled, deliveries, clock):
    client.post(DOOR, **webhook("test/topic", {"id": 1}))
    clock.forward(days=13)
    host.tick()
    client.post(DOOR, **webhook("test/topic", {"id": 1}))
    assert len(handled) == len(deliveries()) == 1
    clock.forward(days=2)
    host.tick()
    assert deliveries() == []


def test_rows_cannot_be_kept_shorter_than_shopline_sends_again():
    with pytest.raises(ConfigurationError, match="72 hours"):
        Settings.read(config("", SMARTPUSH_KEEP_DELIVERIES=timedelta(hours=71)))
