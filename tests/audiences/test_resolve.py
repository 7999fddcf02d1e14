"""From a choice to people: exact, and each person under one reason."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pyroaring import BitMap

from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.audiences.models import EVERYONE
from smartpush_shopline.audiences.resolve import REASONS, resolve
from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.segments import publishing
from tests.support import ADA, BEA, CYD, DEE, NOW, People, customer, make_shop, says

PEOPLE = 40


def resolved(people, choice):
    with people.database.read() as session:
        return resolve(session, choice)


def test_an_empty_choice_is_nobody(cast):
    empty = Choice(cast.shop_id, "email")
    found = resolved(cast, empty)
    assert not empty
    assert (found.chosen, found.recipients, sum(found.counts().values())) == (0, BitMap(), 0)


def test_excluding_alone_is_nobody_too(cast, choose):
    only_out = choose(exclude=[cast.segment("all", "1", "2")])
    assert not only_out
    assert resolved(cast, only_out).chosen == 0


def test_everyone_is_everybody_who_may_be_written_to(cast):
    found = resolved(cast, Choice(cast.shop_id, "sms", EVERYONE))
    assert cast.refs(found.recipients) == {"1", "2"}
    assert found.counts() == {
        **dict.fromkeys(REASONS, 0), "not_subscribed": 2, "sendable": 2
    }


def test_excluded_wins_over_everything_else(cast, choose):
    every = cast.segment("all", "1", "2", "3", "4")
    found = resolved(cast, choose(every, exclude=[cast.segment("some", "1", "3")]))
    assert (found.chosen, found.counts()["excluded"], found.counts()["unsubscribed"]) == (4, 2, 0)
    assert found.recipients == BitMap()


def test_exclusions_hold_for_everyone_as_well(cast, choose):
    choice = choose(exclude=[cast.segment("some", "1")], channel="sms", scope=EVERYONE)
    assert cast.refs(resolved(cast, choice).recipients) == {"2"}


def test_of_one_address_only_the_lowest_number_is_written_to(cast, choose):
    cast.take(
        replace(DEE, email="ADA@example.com", email_consent=says("subscribed", NOW), updated_at=NOW)
    )
    both = cast.segment("both", "4", "1")
    found = resolved(cast, choose(both))
    assert cast.refs(found.recipients) == {"1"}
    assert cast.refs(found.reasons["same_address"]) == {"4"}


def test_of_one_address_the_higher_is_written_to_when_the_lowest_is_excluded(cast, choose):
    cast.take(
        replace(DEE, email="ADA@example.com", email_consent=says("subscribed", NOW), updated_at=NOW)
    )
    every = cast.segment("both", "1", "4")
    found = resolved(cast, choose(every, exclude=[cast.segment("one", "1")]))
    assert cast.refs(found.recipients) == {"4"}


def test_a_channel_has_its_own_people(cast, choose):
    every = cast.segment("all", "1", "2", "3", "4")
    assert cast.refs(resolved(cast, choose(every)).recipients) == {"1"}
    assert cast.refs(resolved(cast, choose(every, channel="sms")).recipients) == {"1", "2"}


def test_a_list_of_another_store_reaches_nobody(cast, choose, database, clock):
    birch = People(database, make_shop(database, "birch"), clock)
    birch.take(ADA, BEA, CYD)
    theirs = birch.segment("theirs", "1", "2", "3")
    stolen = choose(theirs)
    assert resolved(cast, stolen).chosen == 0
    every = cast.segment("ours", "1")
    kept_out = resolved(cast, choose(every, exclude=[theirs]))
    assert (kept_out.counts()["excluded"], kept_out.recipients) == (1, BitMap())


def test_a_segment_without_a_list_yet_adds_nobody(cast, choose):
    pending = choose(cast.segment("new", version=False), cast.segment("vip", "1"))
    assert resolved(cast, pending).chosen == 1


@pytest.fixture
def crowd(people):
    """Forty people of every kind; some share addresses, two were deleted."""
    dice = random.Random(7)

    def shared():
        return f"{dice.randint(1, 10)}@example.com"

    states = ["subscribed"] * 5 + ["unsubscribed", "not_subscribed", "pending", "invalid", None]
    people.take(
        *[
            customer(
                str(ref),
                email=dice.choice([None, shared()] + 4 * [f"person-{ref}@example.com"]),
                phone=dice.choice([None, f"+88690000{dice.randint(1000, 1020)}"]),
                state=dice.choice([0] + [3] * 9),
                email_consent=says(dice.choice(states), NOW),
                sms_consent=says(dice.choice(states), NOW),
            )
            for ref in range(1, PEOPLE + 1)
        ]
    )
    people.delete("5")
    people.delete("6")
    return people


def naive(people, channel, chosen, excluded):
    """person → the one reason, or "sendable"."""
    contacts = {contact.number: contact for contact in people.all()}
    verdicts = people.reach(channel).verdicts
    found, seen = {}, set()
    for number in sorted(chosen):
        contact: Contact = contacts[number]
        [verdict] = [name for name, members in verdicts.items() if number in members]
        address = contact.email_key if channel == "email" else contact.phone
        if number in excluded:
            found[number] = "excluded"
        elif verdict != "sendable":
            found[number] = verdict
        elif address in seen:
            found[number] = "same_address"
        else:
            found[number] = "sendable"
            seen.add(address)
    return found


LISTS = some.lists(some.sets(some.integers(1, PEOPLE), max_size=PEOPLE), max_size=3)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LISTS, LISTS, some.sampled_from(["email", "sms"]), some.booleans())
def test_every_person_of_any_choice_is_counted_once_under_the_right_reason(
    crowd, include, exclude, channel, everyone
):
    picks = []
    with crowd.begin() as session:
        for mode, lists in (("include", [] if everyone else include), ("exclude", exclude)):
            for members in lists:
                segment = publishing.add_segment(
                    session, crowd.shop_id, "smartpush", uuid.uuid4().hex, "x", NOW
                )
                publishing.publish(session, segment, BitMap(members), None, "x", NOW)
                picks.append(Pick(mode, segment.id, segment.current_version_id))
        choice = Choice(
            crowd.shop_id, channel, EVERYONE if everyone else "segments", tuple(picks)
        )
        found = resolve(session, choice)
    chosen = set(range(1, PEOPLE + 1)) if everyone else set().union(*include)
    expected = naive(crowd, channel, chosen, set().union(*exclude))
    ours = {n: reason for reason, members in found.reasons.items() for n in members}
    ours |= dict.fromkeys(found.recipients, "sendable")
    assert ours == expected
    counts = found.counts()
    assert found.chosen == len(chosen) == sum(counts.values()), "a person counted twice or never"
