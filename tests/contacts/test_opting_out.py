"""What the dashboard learned by itself: unsubscribed, bounced, complained."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from smartpush_shopline.contacts import erase
from smartpush_shopline.contacts.models import ConsentEvent
from smartpush_shopline.contacts.suppression.models import Suppression
from smartpush_shopline.shops import install
from smartpush_shopline.shops.models import Shop
from tests.contacts.naive import check
from tests.hosting import close_host, make_host
from tests.support import ADA, BEA, CAST, DEE, NOW, YES, YESTERDAY, People, make_shop, says


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


EVE = replace(DEE, ref="9", email="Eve@example.com", email_consent=YES, updated_at=NOW)


def test_a_bounce_of_nobody_is_kept_for_whoever_turns_up_with_the_address(here):
    contacts, people = here
    for _ in range(2):
        assert contacts.report_bounce(email=" EVE@example.com", evidence="550 5.1.1") == 1
    assert len(people.all()) == len(CAST)
    people.take(EVE)
    assert people.verdict("9") == "invalid_address"
    assert facts(people, "bounce") == [("invalid", "email", "550 5.1.1")]


def test_a_bounce_holds_for_somebody_known_who_moves_to_the_address(here):
    contacts, people = here
    contacts.report_bounce(email="eve@example.com")
    people.take(replace(ADA, email="eve@example.com", updated_at=NOW))
    assert people.verdict("1") == "invalid_address"


TOMORROW = NOW + timedelta(days=1)
AT_HOME = replace(ADA, email="ada@home.example", updated_at=TOMORROW)


def test_a_bounce_ends_with_the_address(here):
    contacts, people = here
    contacts.report_bounce(email="ada@example.com")
    people.take(replace(ADA, first_name="Ada M.", updated_at=NOW))
    assert people.verdict("1") == "invalid_address"
    people.take(AT_HOME)
    assert people.verdict("1") == "sendable"
    assert facts(people, "moved") == [("subscribed", "email", "")]
    contacts.report_bounce(email="ada@home.example", at=TOMORROW + timedelta(hours=1))
    assert people.verdict("1") == "invalid_address"


def test_a_bounce_told_late_of_an_address_long_gone_ends_with_it_too(here):
    """The store changed the address before the message bounced, and told us after that."""
    contacts, people = here
    contacts.report_bounce(email="ada@example.com", at=TOMORROW + timedelta(hours=1))
    people.take(AT_HOME)
    assert people.verdict("1") == "sendable"


def test_who_moves_away_from_a_bounce_has_opted_out_all_the_same(here):
    """Before the bounce, after it, and between it and the move but told later."""
    contacts, people = here
    contacts.unsubscribe(email="ada@example.com", at=YESTERDAY)
    contacts.report_bounce(email="ada@example.com", at=NOW)
    people.take(AT_HOME)
    assert people.verdict("1") == "unsubscribed"
    contacts.report_bounce(phone=ADA.phone, channel="sms", at=NOW)
    people.take(replace(AT_HOME, phone="+886955555555"))
    assert people.verdict("1", "sms") == "sendable"
    contacts.unsubscribe(customer_ref="1", channel="sms", at=NOW + timedelta(hours=1))
    assert people.verdict("1", "sms") == "unsubscribed"


def test_who_never_subscribed_has_not_by_moving_away_from_a_bounce(here):
    contacts, people = here
    contacts.report_bounce(email="dee@example.com")
    people.take(replace(DEE, email="dee@home.example", updated_at=TOMORROW))
    assert people.verdict(DEE.ref) == "not_subscribed"


def test_who_moves_to_another_bounced_address_is_not_valid_there_either(here):
    contacts, people = here
    contacts.report_bounce(email="ada@home.example", at=YESTERDAY)
    contacts.report_bounce(email="ada@example.com", at=NOW)
    people.take(AT_HOME)
    assert people.verdict("1") == "invalid_address"


def test_who_has_no_address_any_more_keeps_the_bounce_until_there_is_one(here):
    contacts, people = here
    contacts.report_bounce(email="ada@example.com")
    people.take(replace(AT_HOME, email=None))
    assert people.verdict("1") == "no_address"
    people.take(AT_HOME)
    assert people.verdict("1") == "sendable"


def test_a_kept_bounce_ends_with_a_newer_opt_in(here):
    contacts, people = here
    contacts.report_bounce(email="eve@example.com", at=YESTERDAY)
    people.take(replace(EVE, email_consent=says("subscribed", NOW)))
    assert people.verdict("9") == "sendable"


@pytest.mark.parametrize("bounced_first", [True, False])
def test_a_kept_bounce_and_a_kept_opt_out_of_one_address_both_hold(here, bounced_first):
    """A newer opt-in of the flag ends the bounce, and not the opt-out."""
    contacts, people = here
    both = [contacts.unsubscribe, contacts.report_bounce]
    for tell in reversed(both) if bounced_first else both:
        assert tell(email="eve@example.com", at=YESTERDAY) == 1
    people.take(replace(EVE, email_consent=says("subscribed")))
    assert people.verdict("9") == "unsubscribed"
    assert facts(people, "bounce") == [("invalid", "email", "")]


def test_a_bounce_of_a_deleted_customer_holds_for_the_next_one_with_the_address(here):
    contacts, people = here
    contacts.report_bounce(email="ada@example.com")
    people.delete("1")
    people.take(replace(EVE, email=ADA.email))
    assert people.verdict("9") == "invalid_address"


def test_an_erasure_takes_the_words_about_a_kept_bounce(here):
    contacts, people = here
    contacts.report_bounce(email="eve@example.com", evidence="eve@example.com is unknown")
    with people.database.begin() as session:
        erase.erase(session, people.shop_id, erase.Who(None, "eve@example.com"), NOW)
        assert [row.evidence for row in session.scalars(select(Suppression))] == [""]


def test_a_name_of_the_dashboards_that_nobody_has_is_not_kept(here):
    contacts, people = here
    for tell in (contacts.unsubscribe, contacts.report_bounce):
        assert tell(host_ref="nobody") == 0
    assert len(people.all()) == len(CAST)


def test_nobody_and_no_channel_are_refused(here):
    contacts, _people = here
    with pytest.raises(ValueError, match="whom"):
        contacts.unsubscribe()
    with pytest.raises(ValueError, match="channel"):
        contacts.unsubscribe(email="ada@example.com", channel="fax")


def test_a_telephone_number_is_found_however_it_is_written(here):
    contacts, people = here
    said = f"00{ADA.phone[1:4]} {ADA.phone[4:7]}-{ADA.phone[7:]}"
    assert contacts.unsubscribe(channel="sms", phone=said) == 1
    assert people.verdict("1", "sms") == "unsubscribed"


def test_a_kept_telephone_number_holds_however_it_was_written(here):
    contacts, people = here
    contacts.unsubscribe(channel="sms", phone="+886 912-000-009")
    people.take(replace(EVE, phone="+886912000009", sms_consent=YES))
    assert people.verdict("9", "sms") == "unsubscribed"


def test_what_is_no_telephone_number_is_told_and_keeps_nothing_else_from_being_heard(here):
    contacts, people = here
    with pytest.raises(ValueError, match="telephone number"):
        contacts.unsubscribe(channel="sms", phone="0912 000 009")  # of which country?
    assert contacts.unsubscribe(email=ADA.email, phone="none") == 1
    assert people.verdict("1") == "unsubscribed"


@pytest.mark.parametrize("back", [False, True], ids=["uninstalled", "not connected again yet"])
def test_an_opt_out_while_the_store_is_not_here_holds_when_it_comes_back(here, back):
    contacts, people = here
    with people.database.begin() as session:
        shop = session.get_one(Shop, people.shop_id)
        install.uninstall(shop)
        shop.status = install.PENDING if back else shop.status
    assert contacts.unsubscribe(email=ADA.email) == 1
    assert people.verdict("1") == "unsubscribed"


def test_a_time_without_a_zone_and_a_source_of_the_stores_are_refused(here):
    contacts, people = here
    with pytest.raises(ValueError, match="time zone"):
        contacts.unsubscribe(email=ADA.email, at=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="webhook"):
        contacts.unsubscribe(email=ADA.email, source="webhook")
    assert people.verdict("1") == "sendable"
