"""Who may be written to: disjoint, complete, and equal to a naive recomputation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pyroaring import BitMap

from smartpush_shopline.contacts import people as taking
from smartpush_shopline.contracts import Person
from smartpush_shopline.members import CHUNK
from tests.contacts.naive import check
from tests.support import ADA, BEA, CYD, DEE, NOW, People, make_shop, says

STATES = ("subscribed", "unsubscribed", "not_subscribed", "pending", "invalid", None)
ADDRESSES = st_email = some.sampled_from([None, "a@example.com", "A@Example.com ", "b@example.com"])
PHONES = some.sampled_from([None, "+886900000001", "+886900000002"])


@some.composite
def customers(draw):
    when = some.none() | some.integers(0, 5).map(lambda hour: NOW + timedelta(hours=hour))
    return replace(
        ADA,
        ref=draw(some.sampled_from("123456")),
        email=draw(ADDRESSES),
        phone=draw(PHONES),
        state=draw(some.sampled_from([0, 1, 3, 3, 3])),
        updated_at=draw(when),
        email_consent=says(draw(some.sampled_from(STATES)), draw(when)),
        sms_consent=says(draw(some.sampled_from(STATES)), draw(when)),
    )


ACT = some.none() | some.tuples(
    some.sampled_from(["email", "sms"]), some.sampled_from(["subscribed", "unsubscribed"])
)
STEPS = some.one_of(
    some.tuples(some.just("take"), some.lists(customers(), min_size=1, max_size=4), ACT),
    some.tuples(some.just("delete"), some.sampled_from("1234567")),
    some.tuples(some.just("guest"), ADDRESSES, PHONES),
)


@pytest.fixture
def fresh_shop(database, clock):
    """A new shop for each example; numbers begin three before a border of chunks."""
    count = iter(range(10_000))

    def make():
        shop = People(database, make_shop(database, f"shop-{next(count)}"), clock)
        shop.start_numbers_at(CHUNK - 4)
        return shop

    return make


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=some.lists(STEPS, min_size=1, max_size=7))
def test_after_any_history_every_verdict_is_what_the_tables_say(fresh_shop, steps):
    people = fresh_shop()
    for step in steps:
        people.clock.forward(minutes=1)
        if step[0] == "take":
            people.take(*step[1], act=step[2], source="webhook" if step[2] else "store")
        elif step[0] == "delete":
            people.delete(step[1])
        else:
            guest = Person(f"guest-{step[1]}-{step[2]}", step[1], step[2])
            with people.begin() as session:
                taking.numbers_of_people(session, people.shop_id, [guest], people.clock())
        check(people)


def test_an_opt_out_of_one_binds_all_who_have_the_address(people):
    twin = replace(BEA, email="ADA@example.com ", email_consent=says("subscribed", NOW))
    people.take(ADA, twin)
    assert people.verdict("1") == people.verdict("2") == "sendable"
    assert people.reach().shares_address == BitMap([1, 2])
    people.take(
        replace(ADA, updated_at=NOW, email_consent=says("unsubscribed", NOW)), source="webhook"
    )
    assert people.verdict("1") == people.verdict("2") == "unsubscribed"
    assert people.verdict("2", "sms") == "sendable"


def test_a_blacklisted_customer_binds_all_who_have_the_address(people):
    people.take(ADA, replace(BEA, phone=ADA.phone))
    people.take(replace(BEA, phone=ADA.phone, state=0, updated_at=NOW))
    assert people.verdict("1", "sms") == people.verdict("2", "sms") == "blacklisted"
    assert people.verdict("1", "email") == "sendable"


def test_nobody_is_bound_any_more_after_moving_to_an_address_of_their_own(people):
    people.take(CYD, replace(ADA, email=CYD.email))
    assert people.verdict("1") == "unsubscribed"
    people.take(replace(ADA, updated_at=NOW))
    assert people.verdict("1") == "sendable"
    assert not people.reach().shares_address


def test_moving_to_the_address_of_an_opt_out_is_being_bound(people):
    people.take(ADA, CYD)
    people.take(replace(ADA, updated_at=NOW, email=CYD.email))
    assert people.verdict("1") == "unsubscribed"
    assert people.reach().shares_address == people.numbers("1", "3")


def test_without_an_address_nobody_is_written_to(people):
    people.take(replace(ADA, email="  ", phone=None))
    assert people.verdict("1", "email") == people.verdict("1", "sms") == "no_address"


def test_people_who_share_an_address_across_a_border_of_chunks_are_bound(people):
    people.start_numbers_at(CHUNK - 2)
    people.take(ADA, BEA, replace(DEE, email=ADA.email))
    assert people.numbers("1", "2", "4") == BitMap([CHUNK - 1, CHUNK, CHUNK + 1])
    people.take(
        replace(ADA, updated_at=NOW, email_consent=says("unsubscribed", NOW)), source="webhook"
    )
    assert people.verdict("4") == "unsubscribed"
    check(people)


def test_a_page_that_crosses_a_border_opens_the_next_chunk(people):
    people.start_numbers_at(CHUNK - 5)
    people.take(*[replace(ADA, ref=str(n), email=f"{n}@example.com") for n in range(10, 20)])
    assert people.reach().sendable == BitMap(range(CHUNK - 4, CHUNK + 6))
    check(people)
