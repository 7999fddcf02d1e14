"""Erasing a person: nothing is left of them, nobody brings them back, everybody else stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from smartpush_shopline.contacts import erase as erasing
from smartpush_shopline.contacts import people as taking
from smartpush_shopline.contacts.erase import Who
from smartpush_shopline.contacts.models import ConsentEvent, Contact, Tombstone
from smartpush_shopline.contracts import Person
from smartpush_shopline.inbox.models import DONE, IGNORED, PARKED, RECEIVED, Delivery
from smartpush_shopline.shopline import Member
from tests.contacts.naive import check
from tests.support import ADA, BEA, CAST, CYD, NOW, People, customer, make_shop, says, wait_for

LATER = NOW + timedelta(days=1)


@pytest.fixture
def crowd(request, clock):
    """The cast; on SQLite, or on each engine for a test that asks for `both`."""
    where = "both" if "both" in request.fixturenames else "database"
    database = request.getfixturevalue(where)
    shop = People(database, make_shop(database, store_ref="1610418123456"), clock)
    shop.take(*CAST)
    return shop


def erase(people, **who):
    with people.begin() as session:
        return erasing.erase(session, people.shop_id, Who(**who), people.clock())


def by_number(people, number):
    return next(contact for contact in people.all() if contact.number == number)


def verdicts(people, number):
    return [
        [name for name, members in people.reach(channel).verdicts.items() if number in members]
        for channel in ("email", "sms")
    ]


def member(who):
    blank = dict.fromkeys(Member.__slots__)
    named = {"ref": who.ref, "email": who.email, "first_name": who.first_name, "state": 3}
    return Member(**blank | named | {"tags": ()})


def test_the_row_is_empty_and_the_number_leads_to_nobody(both, crowd):
    crowd.take(replace(ADA, updated_at=NOW, city="Taipei", birthday=NOW.date(), tags=("vip",)))
    assert erase(crowd, customer_ref="1") == {"contacts": 1, "deliveries": 0}
    row = by_number(crowd, 1)
    left = {c.key for c in Contact.__table__.columns if getattr(row, c.key) not in (None, "")}
    assert left == {"id", "shop_id", "number", "recorded_at", "deleted_at"}
    assert verdicts(crowd, 1) == [["erased"], ["erased"]]
    check(crowd)


def test_the_number_is_never_used_again(crowd):
    erase(crowd, customer_ref="1")
    crowd.take(customer("9", email="new@example.com"))
    assert [(c.number, c.customer_ref) for c in crowd.all()][-1] == (5, "9")


def test_no_page_brings_the_person_back(crowd):
    erase(crowd, customer_ref="1")
    crowd.take(replace(ADA, updated_at=LATER), BEA, source="webhook")
    assert len(crowd.all()) == 4
    assert not by_number(crowd, 1).email
    check(crowd)


def test_a_late_deletion_brings_nobody_back(crowd):
    erase(crowd, customer_ref="1")
    crowd.delete("1")
    assert len(crowd.all()) == 4


def test_a_list_that_still_names_the_person_has_their_number(both, crowd):
    """So that a version counts as the Admin does, and its receipt stays what it was."""
    erase(crowd, customer_ref="1")
    with crowd.begin() as session:
        numbers = taking.numbers_of_members(
            session, crowd.shop_id, [member(ADA), member(BEA)], LATER
        )
    assert numbers == [1, 2]
    assert not by_number(crowd, 1).first_name


def test_somebody_never_heard_of_does_not_come_in_later(crowd):
    assert erase(crowd, customer_ref="77", email="eve@example.com") == {
        "contacts": 0,
        "deliveries": 0,
    }
    crowd.take(customer("77", email="eve@example.com", email_consent=says("subscribed")))
    assert {c.email for c in crowd.all()} == {None, *(c.email for c in CAST)}
    assert verdicts(crowd, 5) == [["erased"], ["erased"]]


def test_somebody_deleted_in_the_store_before_is_erased_all_the_same(crowd):
    crowd.delete("1")
    assert by_number(crowd, 1).email
    assert erase(crowd, customer_ref="1")["contacts"] == 1
    assert by_number(crowd, 1).email is None


def test_erasing_twice_changes_nothing(crowd):
    erase(crowd, customer_ref="1")
    assert erase(crowd, customer_ref="1", email=ADA.email)["contacts"] == 0
    assert len(crowd.all()) == 4
    check(crowd)


def test_another_customer_at_the_same_address_stays(both, crowd):
    crowd.take(customer("9", email=ADA.email, email_consent=says("subscribed", NOW)))
    assert crowd.reach().shares_address
    erase(crowd, customer_ref="1", email=ADA.email)
    assert crowd.find("9").email == ADA.email
    assert crowd.verdict("9") == "sendable"
    assert not crowd.reach().shares_address
    check(crowd)


@pytest.mark.parametrize("field", [{"email_consent": says("unsubscribed", NOW)}, {"state": 0}])
def test_an_opt_out_stays_with_the_address(crowd, field):
    """Erasing whoever opted out must not make their mailbox sendable for its other owner."""
    crowd.take(customer("9", email=ADA.email, email_consent=says("subscribed", NOW)))
    crowd.take(replace(ADA, updated_at=NOW, **field))
    assert crowd.verdict("9") != "sendable"
    erase(crowd, customer_ref="1")
    assert crowd.verdict("9") == "unsubscribed"
    check(crowd)


def guest(people, ref, email=None, phone=None):
    with people.begin() as session:
        return taking.numbers_of_people(
            session, people.shop_id, [Person(ref, email, phone)], people.clock()
        )[0]


def test_what_the_dashboard_knows_under_the_address_goes_as_well(crowd):
    number = guest(crowd, "guest-1", "eve@example.com")
    crowd.take(customer("9", email="eve@example.com"))
    assert erase(crowd, customer_ref="9", email="Eve@Example.com")["contacts"] == 2
    assert by_number(crowd, number).host_ref is None
    assert guest(crowd, "guest-1", "eve@example.com") == number
    assert not by_number(crowd, number).email


def test_a_contact_of_the_dashboard_is_erased_by_address(crowd):
    number = guest(crowd, "guest-1", None, "+886955555555")
    assert erase(crowd, phone="+886955555555")["contacts"] == 1
    assert by_number(crowd, number).phone is None


def test_nobody_named_is_nobody_erased(crowd):
    assert erase(crowd)["contacts"] == 0
    assert erase(crowd, email=" ")["contacts"] == 0
    check(crowd)


def test_evidence_is_cleared_and_the_facts_stay(crowd):
    with crowd.begin() as session:
        for event in session.scalars(select(ConsentEvent)):
            event.evidence = "from 203.0.113.9"
    erase(crowd, customer_ref="1")
    with crowd.begin() as session:
        rows = session.execute(select(ConsentEvent.contact_id, ConsentEvent.evidence)).all()
    assert {evidence for number, evidence in rows if number == 1} == {""}
    assert {evidence for number, evidence in rows if number != 1} == {"from 203.0.113.9"}


def test_a_tombstone_names_nobody(crowd):
    erase(crowd, customer_ref="1")
    birch = People(crowd.database, make_shop(crowd.database, "birch"), crowd.clock)
    birch.take(ADA)
    erase(birch, customer_ref="1")
    with crowd.begin() as session:
        rows = session.scalars(select(Tombstone)).all()
    assert [len(row.digest) for row in rows] == [64, 64]
    assert rows[0].digest != rows[1].digest, "each store has a key of its own"


def test_another_store_keeps_its_own_customer(crowd):
    birch = People(crowd.database, make_shop(crowd.database, "birch"), crowd.clock)
    birch.take(ADA)
    erase(crowd, customer_ref="1", email=ADA.email, phone=ADA.phone)
    assert birch.find("1").email == ADA.email


@pytest.fixture
def post(crowd):
    """A delivery as it lies in the inbox."""

    def put(ref, body, state=PARKED, topic="customers/update", **more):
        with crowd.begin() as session:
            session.add(
                Delivery(
                    shop_id=crowd.shop_id, delivery_ref=ref, topic=topic, body=body, state=state,
                    received_at=NOW, next_try_at=NOW, **more,
                )
            )

    return put


def test_messages_that_name_the_person_are_emptied(both, crowd, post):
    bodies = {
        "id": b'{"id": "1", "state": 3}',
        "number": b'{"customer": {"id": 1}}',
        "mail": b'{"note": "write to ADA@example.com please"}',
        "phone": b'{"phone": "00886900000001"}',
        "broken": b'{"email": "ada@example.com"',
        "another": b'{"id": "2", "email": "bea@example.com", "total": "11"}',
    }
    for ref, body in bodies.items():
        post(ref, body, error="why", reason="mistake")
    post("waits", bodies["id"], RECEIVED)
    post("asks", b'{"customer": {"id": "1"}}', RECEIVED, "customers/redact")
    post("past", None, DONE, subject_ref="1")
    assert erase(crowd, customer_ref="1")["deliveries"] == 6
    with crowd.begin() as session:
        rows = {row.delivery_ref: row for row in session.scalars(select(Delivery))}
    assert [ref for ref, row in rows.items() if row.body] == ["another", "asks"]
    assert (rows["waits"].state, rows["waits"].reason) == (IGNORED, "about_nobody")
    assert (rows["past"].subject_ref, rows["another"].error) == (None, "why")


def test_who_opted_out_yesterday_is_found_under_the_verdict_erased_only(crowd):
    erase(crowd, customer_ref=CYD.ref)
    assert verdicts(crowd, 3) == [["erased"], ["erased"]]


@pytest.mark.postgres
@pytest.mark.parametrize("ref", ["1", "77"], ids=["known", "unknown"])
def test_a_page_under_way_while_somebody_is_erased_brings_nobody_back(
    open_database, postgres_url, clock, ref
):
    """It was read before the request, and waits for the erasure's locks with it in hand."""
    people = People(open_database(postgres_url), 0, clock)
    people.shop_id = make_shop(people.database)
    people.take(*CAST)
    page = customer(ref, email="ada@example.com", first_name="Ada", updated_at=LATER)
    with ThreadPoolExecutor(1) as pool:
        with people.begin() as session:
            erasing.erase(session, people.shop_id, Who(customer_ref=ref), NOW)
            late = pool.submit(people.take, page)
            wait_for(lambda: waiting_for_a_lock(people.database))
        late.result(10)
    assert ref not in {contact.customer_ref for contact in people.all()}
    check(people)


def waiting_for_a_lock(database):
    with database.read() as session:
        return session.scalar(text("select count(*) from pg_locks where not granted"))
