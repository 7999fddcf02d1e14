"""Taking the store's word: what counts as news, and what becomes a fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from smartpush_shopline.books import Context
from smartpush_shopline.contacts import people as taking
from smartpush_shopline.contacts.models import ConsentEvent, Contact
from smartpush_shopline.contacts.topics import topics
from smartpush_shopline.contracts import Person
from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline import Member
from smartpush_shopline.shops.models import Shop
from tests.support import ADA, BEA, CAST, CYD, NOW, YESTERDAY, customer, says

AN_HOUR = timedelta(hours=1)


def facts(people, ref, channel="email"):
    with people.database.read() as session:
        rows = session.scalars(
            select(ConsentEvent)
            .join(Contact, Contact.id == ConsentEvent.contact_id)
            .where(Contact.customer_ref == ref, ConsentEvent.channel == channel)
            .order_by(ConsentEvent.id)
        )
        return [(row.state, row.source, row.dated, row.explicit) for row in rows]


def opt_out_elsewhere(people, ref, channel="email", at=NOW):
    """An unsubscribe link, as a fact in the ledger."""
    with people.begin() as session:
        contact = session.scalars(select(Contact).where(Contact.customer_ref == ref)).one()
        session.add(
            ConsentEvent(
                contact_id=contact.id,
                channel=channel,
                state="unsubscribed",
                source="link",
                explicit=True,
                dated=True,
                occurred_at=at,
                recorded_at=at,
            )
        )
        setattr(contact, f"{channel}_standing", "unsubscribed")


@pytest.fixture
def hear(people):
    """A webhook about customers, handled."""

    class Settings:
        default_country = None
        changes_after = timedelta(seconds=10)

    def handle(topic, payload):
        with people.begin() as session:
            shop = session.get_one(Shop, people.shop_id)
            handler = topics.find(topic)
            assert handler
            handler(payload, Context(session, shop, people.clock(), Settings))

    return handle


def payload(who, at, **fields):
    return {
        "id": who.ref,
        "email": who.email,
        "state": who.state,
        "updated_at": at.isoformat(),
        **fields,
    }


def test_the_cast_may_be_written_to_as_they_agreed(cast):
    found = {c.first_name: [cast.verdict(c.ref, ch) for ch in ("email", "sms")] for c in CAST}
    assert found == {
        "Ada": ["sendable", "sendable"],
        "Bea": ["not_subscribed", "sendable"],
        "Cyd": ["unsubscribed", "not_subscribed"],
        "Dee": ["not_subscribed", "not_subscribed"],
    }


def test_numbers_are_dense_and_kept(people):
    people.take(ADA, BEA)
    people.take(BEA, CYD, ADA)
    assert [(c.number, c.customer_ref) for c in people.all()] == [(1, "1"), (2, "2"), (3, "3")]


def test_an_older_payload_does_not_overwrite_a_newer_one(people):
    people.take(replace(ADA, updated_at=NOW, email="new@example.com", tags=("vip",)))
    people.take(replace(ADA, updated_at=NOW - AN_HOUR, email="old@example.com", state=0))
    ada = people.find("1")
    assert (ada.email, ada.tags, ada.state) == ("new@example.com", "vip", 3)
    assert ada.remote_updated_at == NOW


def test_an_older_opt_out_flag_is_no_news(people):
    people.take(replace(ADA, updated_at=NOW))
    people.take(
        replace(ADA, updated_at=NOW - AN_HOUR, email_consent=says("unsubscribed")),
        source="webhook",
    )
    assert people.verdict("1") == "sendable"


def test_an_opt_out_with_a_date_of_its_own_counts_even_in_an_older_payload(people):
    people.take(replace(ADA, updated_at=NOW))
    people.take(replace(ADA, updated_at=YESTERDAY, email_consent=says("unsubscribed", YESTERDAY)))
    assert people.verdict("1") == "unsubscribed"
    assert people.find("1").email_stated == "subscribed"


def test_a_flag_knows_no_pending_and_takes_nothing_back_that_was_told_of_the_same_moment(people):
    ada = customer("1", email="ada@example.com", updated_at=YESTERDAY)
    people.take(replace(ada, email_consent=says("pending", YESTERDAY)))
    people.take(replace(ada, email_consent=says("not_subscribed")), source="webhook")
    assert people.find("1").email_stated == "pending"
    people.take(replace(ada, email_consent=says("not_subscribed"), updated_at=NOW))
    assert people.find("1").email_stated == "not_subscribed"


def test_what_a_payload_does_not_carry_stays(people):
    people.take(replace(ADA, city="Taipei", orders_count=3))
    people.take(replace(ADA, updated_at=NOW, email_consent=None, city=None, orders_count=None))
    ada = people.find("1")
    assert (ada.city, ada.orders_count, ada.email_stated) == ("Taipei", 3, "subscribed")
    assert people.verdict("1") == "sendable"


def test_the_same_act_told_twice_is_one_fact(people):
    people.take(CYD)
    people.take(CYD, source="webhook")
    assert facts(people, "3") == [("unsubscribed", "store", True, True)]


def test_a_flag_that_says_nothing_new_is_no_fact(people):
    flagged = replace(ADA, email_consent=says("subscribed"))
    people.take(flagged)
    people.take(replace(flagged, updated_at=NOW))
    assert facts(people, "1") == [("subscribed", "store", True, False)]


def test_a_flag_that_changed_is_a_fact_of_the_payloads_time(people):
    people.take(replace(ADA, email_consent=says("subscribed")))
    people.take(replace(ADA, updated_at=NOW, email_consent=says("unsubscribed")))
    assert people.verdict("1") == "unsubscribed"
    people.take(
        replace(ADA, updated_at=NOW + AN_HOUR, email_consent=says("subscribed")), source="webhook"
    )
    assert people.verdict("1") == "sendable"


def test_an_undated_opt_in_never_lifts_an_opt_out(people):
    people.take(CYD)
    people.take(replace(CYD, updated_at=None, email_consent=says("subscribed")))
    assert people.verdict("3") == "unsubscribed"
    assert people.find("3").email_stated == "subscribed"


def test_an_undated_opt_out_counts_from_now(people):
    people.take(ADA)
    people.take(replace(ADA, updated_at=None, email_consent=says("unsubscribed")))
    assert people.verdict("1") == "unsubscribed"
    people.take(replace(ADA, updated_at=NOW, email_consent=says("subscribed", NOW - AN_HOUR)))
    assert people.verdict("1") == "unsubscribed"
    people.take(replace(ADA, updated_at=NOW, email_consent=says("subscribed", NOW + AN_HOUR)))
    assert people.verdict("1") == "sendable"


@pytest.mark.parametrize("state", ["not_subscribed", "pending"])
def test_softer_words_do_not_replace_an_opt_out(people, state):
    people.take(CYD)
    people.take(replace(CYD, updated_at=NOW, email_consent=says(state, NOW)))
    assert people.verdict("3") == "unsubscribed"


def test_a_flag_does_not_lift_an_opt_out_from_elsewhere(people):
    people.take(replace(ADA, email_consent=says("subscribed")))
    opt_out_elsewhere(people, "1")
    people.take(replace(ADA, updated_at=NOW, email_consent=says("unsubscribed")))
    people.take(replace(ADA, updated_at=NOW + AN_HOUR, email_consent=says("subscribed")))
    assert people.verdict("1") == "unsubscribed"


def test_an_act_lifts_an_opt_out_from_elsewhere(people, hear):
    people.take(ADA)
    opt_out_elsewhere(people, "1")
    later = payload(ADA, NOW + AN_HOUR, email_subscribe_flag=1, subscribeActionType=1)
    hear("customers_marketing_consent/update", later)
    assert people.verdict("1") == "sendable"


def test_an_act_is_an_act_although_an_update_told_it_first(people, hear):
    """SHOPLINE sends both topics for one click, in any order."""
    people.take(replace(ADA, email_consent=says("unsubscribed")))
    opt_out_elsewhere(people, "1")
    later = payload(ADA, NOW + AN_HOUR, email_subscribe_flag=1)
    hear("customers/update", later)
    assert people.verdict("1") == "unsubscribed"
    hear("customers_marketing_consent/update", later | {"subscribeActionType": 1})
    assert people.verdict("1") == "sendable"


def test_an_opt_in_for_text_messages_does_not_lift_an_opt_out_from_e_mail(people, hear):
    """The payload repeats the store's e-mail flag, which knows nothing of our unsubscribe link."""
    people.take(replace(ADA, sms_consent=says("unsubscribed", YESTERDAY)))
    opt_out_elsewhere(people, "1")
    opt_out_elsewhere(people, "1", "sms")
    flags = {"email_subscribe_flag": 1, "mobile_subscribe_flag": 1, "phone": "00886900000001"}
    hear(
        "customers_marketing_consent/update",
        payload(ADA, NOW + AN_HOUR, subscribeActionType=2, **flags),
    )
    assert people.verdict("1", "sms") == "sendable"
    assert people.verdict("1", "email") == "unsubscribed"


def test_an_opt_out_counts_although_the_payload_left_its_zero_out(people, hear):
    people.take(ADA)
    hear(
        "customers_marketing_consent/update", payload(ADA, NOW + AN_HOUR, subscribeActionType=3)
    )
    assert people.verdict("1") == "unsubscribed"
    assert people.find("1").email_stated == "unsubscribed"


def test_a_disabled_customer_is_never_written_to(people, hear):
    people.take(ADA)
    hear("customers/disable", payload(ADA, NOW, state="0", email_subscribe_flag=1))
    assert {people.verdict("1", channel) for channel in ("email", "sms")} == {"blacklisted"}
    hear("customers/enable", payload(ADA, NOW + AN_HOUR, state="3", email_subscribe_flag=1))
    assert people.verdict("1") == "sendable"


def test_a_deleted_customer_is_nobody_and_the_number_stays_theirs(people, hear):
    people.take(ADA, BEA)
    hear("customers/delete", payload(ADA, NOW))
    people.take(CYD)
    assert people.verdict("1") == people.verdict("1", "sms") == "erased"
    assert people.find("3").number == 3


def test_what_was_said_before_a_deletion_does_not_bring_anybody_back(people, hear):
    people.take(replace(ADA, updated_at=NOW - AN_HOUR))
    hear("customers/delete", payload(ADA, NOW))
    people.take(replace(ADA, updated_at=NOW - AN_HOUR))
    people.take(replace(ADA, updated_at=NOW))
    people.take(replace(ADA, updated_at=None))
    assert people.verdict("1") == "erased"


def test_a_deletion_that_overtakes_the_creation_still_counts(people, hear):
    hear("customers/delete", payload(ADA, NOW))
    hear("customers/create", payload(ADA, NOW - AN_HOUR, email_subscribe_flag=1))
    assert people.verdict("1") == "erased"


def test_a_deletion_without_an_id_is_refused(people, hear):
    with pytest.raises(UnexpectedPayload):
        hear("customers/delete", {"email": "ada@example.com"})
    assert people.all() == []


def test_two_shops_never_share_a_person(people, database, clock):
    from tests.support import People, make_shop

    birch = People(database, make_shop(database, "birch"), clock)
    people.take(ADA)
    birch.take(replace(ADA, email_consent=says("unsubscribed", NOW)))
    assert (people.verdict("1"), birch.verdict("1")) == ("sendable", "unsubscribed")
    birch.delete("1")
    assert people.verdict("1") == "sendable"


def member(ref, **fields):
    blank = dict.fromkeys(Member.__slots__)
    return Member(**blank | {"ref": ref, "state": 3, "tags": ()} | fields)


def test_members_of_a_segment_have_the_numbers_of_their_contacts(cast, clock):
    with cast.begin() as session:
        numbers = taking.numbers_of_members(
            session, cast.shop_id, [member("3"), member("1"), member("3")], clock()
        )
    assert numbers == [3, 1, 3]


def test_a_member_we_never_heard_of_becomes_a_contact_at_once(cast, clock):
    stranger = member("77", email="eve@example.com", email_consent=says("subscribed"))
    with cast.begin() as session:
        numbers = taking.numbers_of_members(
            session, cast.shop_id, [stranger, member("1"), stranger], clock()
        )
    assert numbers == [5, 1, 5]
    assert cast.verdict("77") == "sendable"


def test_a_member_who_is_a_contact_already_changes_nothing_about_them(cast, clock):
    with cast.begin() as session:
        taking.numbers_of_members(
            session, cast.shop_id, [member("3", email_consent=says("subscribed"))], clock()
        )
    assert cast.verdict("3") == "unsubscribed"


def numbers_of(people, *persons):
    with people.begin() as session:
        return taking.numbers_of_people(session, people.shop_id, persons, people.clock())


def test_somebody_of_the_dashboard_with_a_contacts_address_is_that_contact(cast):
    by_mail, by_phone = Person("g1", " ADA@Example.com"), Person("g2", None, BEA.phone)
    assert numbers_of(cast, by_mail, by_phone) == [1, 2]
    assert len(cast.all()) == 4


def test_a_stranger_of_the_dashboard_is_not_written_to(cast):
    [number] = numbers_of(cast, Person("g1", "guest@example.com"))
    assert number in cast.reach().verdicts["not_subscribed"]
    assert number in cast.reach("sms").verdicts["no_address"]
    assert numbers_of(cast, Person("g1", "guest@example.com")) == [number]


def test_a_stranger_who_later_becomes_a_customer_shares_the_address(cast):
    [guest] = numbers_of(cast, Person("g1", "guest@example.com"))
    cast.take(
        customer("9", email="guest@example.com", email_consent=says("unsubscribed", NOW))
    )
    assert guest in cast.reach().verdicts["unsubscribed"]


def test_a_deleted_contact_is_nobody_to_take_for_somebody_else(cast):
    cast.delete("1")
    [number] = numbers_of(cast, Person("g1", ADA.email))
    assert number == 5
