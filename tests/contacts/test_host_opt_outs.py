"""A dashboard with contacts of its own tells who opted out there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from smartpush_shopline import ConfigurationError, OptOut
from smartpush_shopline.contacts import host_opt_outs
from smartpush_shopline.contacts import people as taking
from smartpush_shopline.contacts.consent_notes import why_unread
from smartpush_shopline.contacts.models import ConsentEvent, OptOutReading
from smartpush_shopline.contacts.suppression.models import Suppression
from smartpush_shopline.contracts import Person
from smartpush_shopline.errors import CannotSend
from tests.contacts.naive import check
from tests.hosting import close_host, make_host
from tests.support import CAST, NOW, YES, YESTERDAY, People, customer, make_shop


class Dashboard:
    """It tells what it has since the moment it is asked for, or fails."""

    def __init__(self):
        self.told, self.asked, self.fails = [], [], None

    def __call__(self, since):
        self.asked.append(since)
        yield from (each for each in self.told if since is None or each.occurred_at >= since)
        if self.fails:
            raise self.fails


@pytest.fixture
def here(url, both, clock):
    host = make_host(url, clock, both)
    host.people = People(both, make_shop(both), clock)
    host.people.take(*CAST)
    host.source = host.smartpush.opt_outs(Dashboard())
    yield host
    check(host.people)
    close_host(host)


def reading(host):
    with host.database.read() as session:
        return session.get(OptOutReading, host.people.shop_id)


def facts(host):
    with host.database.read() as session:
        asked = select(ConsentEvent).where(ConsentEvent.source == "dashboard")
        return len(session.scalars(asked).all()) + len(session.scalars(select(Suppression)).all())


def test_they_are_asked_for_everything_once_and_then_for_what_is_new(here):
    here.source.told = [OptOut("email", YESTERDAY, email="Ada@example.com ")]
    here.tick()
    assert here.people.verdict("1") == "unsubscribed"
    here.tick()
    assert here.source.asked == [None]
    here.clock.forward(minutes=5)
    here.tick()
    assert here.source.asked == [None, NOW - timedelta(hours=1)]
    assert facts(here) == 1


def test_what_was_committed_late_is_not_missed(here):
    here.tick()
    here.source.told = [OptOut("sms", NOW - timedelta(minutes=30), phone="+886900000001")]
    here.clock.forward(minutes=5)
    here.tick()
    assert here.people.verdict("1", "sms") == "unsubscribed"


def test_a_failure_is_kept_and_nothing_is_lost(here):
    here.tick()
    here.clock.forward(minutes=5)
    here.source.told = [OptOut("email", here.clock(), email="ada@example.com")]
    here.source.fails = OSError("ada@example.com is secret")
    here.tick()
    assert reading(here).error == {"code": "raised", "said": "OSError"}
    assert reading(here).failed_since == here.clock()
    assert reading(here).read_until == NOW
    here.source.fails = None
    here.clock.forward(minutes=1)
    here.tick()
    assert here.source.asked[-1] == NOW - timedelta(hours=1)
    assert (reading(here).error, reading(here).read_until) == (None, here.clock())
    assert here.people.verdict("1") == "unsubscribed"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (OptOut("fax", YESTERDAY, email="a@b.cd"), "an opt-out of “fax”, which is neither email"),
        (OptOut("email", NOW.replace(tzinfo=None), "a@b.cd"), "occurred_at has no time zone"),
    ],
)
def test_a_wrong_opt_out_is_said_in_words(here, wrong, words):
    here.smartpush._opt_outs = lambda since: [wrong]
    here.tick()
    with here.app.test_request_context():
        assert words in why_unread(reading(here).error)


def test_nothing_is_sent_while_they_were_never_read(here):
    here.source.fails = OSError()
    with pytest.raises(CannotSend) as refused:
        host_opt_outs.make_sure(here.state, here.people.shop_id)
    assert refused.value.reason == "opt_outs_unread"
    here.source.fails = None
    here.clock.forward(minutes=1)
    host_opt_outs.make_sure(here.state, here.people.shop_id)
    here.source.fails = OSError()
    here.clock.forward(hours=1)
    host_opt_outs.make_sure(here.state, here.people.shop_id)  # known once: it goes on, and shows


def test_without_the_contract_nothing_is_asked(here):
    here.smartpush._opt_outs = None
    host_opt_outs.make_sure(here.state, here.people.shop_id)
    here.tick()
    assert reading(here) is None


def test_somebody_known_by_the_dashboards_name_only(here):
    here.source.told = [OptOut("email", YESTERDAY, host_ref=f"guest-{n}") for n in (1, 2)]
    here.tick()
    guests = [Person("guest-1", "ada@example.com"), Person("guest-2", "eve@example.com")]
    with here.people.begin() as session:
        taking.numbers_of_people(session, here.people.shop_id, guests, NOW)
    assert here.people.verdict("1") == "unsubscribed"
    [eve] = [c for c in here.people.all() if c.host_ref]
    assert eve.email_standing == "unsubscribed"


def test_whoever_comes_with_the_address_is_bound_and_another_store_is_not(here):
    make_shop(here.database, "birch")
    here.source.told = [
        OptOut("email", NOW, email="eve@example.com"),
        OptOut("email", NOW, email="dee@example.com", shop="birch"),
    ]
    here.tick()
    here.people.take(customer("9", email="eve@example.com", email_consent=YES))
    assert here.people.verdict("9") == "unsubscribed"
    assert here.people.verdict("4") == "not_subscribed"


def test_there_is_one_source(here):
    with pytest.raises(ConfigurationError):
        here.smartpush.opt_outs(lambda since: [])
