"""What the dashboard learned by itself: unsubscribed, bounced, complained."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from smartpush_shopline.contacts.models import ConsentEvent
from tests.contacts.naive import check
from tests.hosting import close_host, make_host
from tests.support import ADA, BEA, CAST, DEE, NOW, YES, People, make_shop, says


@pytest.fixture
def here(url, both, clock):
    """The cast, on both engines."""
    host = make_host(url, clock, both)
    people = People(both, make_shop(both), clock)
    people.take(*CAST)
    with host.app.app_context():
        yield host.smartpush.contacts, people
        host.db.session.remove()
    check(people)
    close_host(host)


def facts(people, source):
    with people.database.read() as session:
        asked = select(ConsentEvent).where(ConsentEvent.source == source)
        return [(e.state, e.channel, e.evidence) for e in session.scalars(asked)]


@pytest.mark.parametrize(
    "who", [{"email": " ADA@example.com"}, {"customer_ref": "1"}, {"phone": ADA.phone}]
)
def test_a_person_unsubscribes_and_it_is_one_fact(here, who):
    contacts, people = here
    for _ in range(2):
        assert contacts.unsubscribe(**who, evidence="ticket 7") == 1
    assert facts(people, "dashboard") == [("unsubscribed", "email", "ticket 7")]
    assert people.verdict("1") == "unsubscribed"
    assert people.verdict("1", "sms") == "sendable"


def test_a_complaint_is_an_opt_out_that_no_flag_lifts(here):
    contacts, people = here
    contacts.report_complaint(email="ada@example.com")
    people.take(replace(ADA, updated_at=NOW, email_consent=says("subscribed")))
    assert people.verdict("1") == "unsubscribed"
    assert facts(people, "complaint") == [("unsubscribed", "email", "")]


def test_a_bounce_makes_the_address_invalid(here):
    contacts, people = here
    assert contacts.report_bounce(email="ada@example.com", evidence="550 5.1.1") == 1
    assert people.verdict("1") == "invalid_address"


def test_everybody_with_the_address_is_bound(here):
    contacts, people = here
    people.take(replace(BEA, email=ADA.email, email_consent=YES, updated_at=NOW))
    assert contacts.unsubscribe(email=ADA.email) == 2
    assert people.verdict("1") == people.verdict("2") == "unsubscribed"


def test_an_address_that_nobody_has_is_kept_for_whoever_turns_up_with_it(here):
    contacts, people = here
    assert contacts.unsubscribe(email="eve@example.com") == 1
    assert contacts.unsubscribe(email="eve@example.com") == 1
    assert len(people.all()) == len(CAST)
    people.take(replace(DEE, ref="9", email="Eve@example.com", email_consent=YES, updated_at=NOW))
    assert people.verdict("9") == "unsubscribed"


def test_a_bounce_of_nobody_is_not_kept(here):
    contacts, people = here
    assert contacts.report_bounce(email="eve@example.com") == 0
    assert contacts.unsubscribe(host_ref="nobody") == 0
    assert len(people.all()) == len(CAST)


def test_nobody_and_no_channel_are_refused(here):
    contacts, _people = here
    with pytest.raises(ValueError, match="whom"):
        contacts.unsubscribe()
    with pytest.raises(ValueError, match="channel"):
        contacts.unsubscribe(email="ada@example.com", channel="fax")
