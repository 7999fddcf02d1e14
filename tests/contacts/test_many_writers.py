"""Several real processes write about the same people at once, on both engines."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import text

from smartpush_shopline.contacts import people as taking
from smartpush_shopline.contacts.suppression import many
from smartpush_shopline.members import CHUNK
from tests import workers
from tests.contacts.naive import check
from tests.support import ADA, BEA, NOW, People, make_shop, says, wait_for

PROCESSES, CHANGES = 4, 50


@pytest.fixture
def crowd(both, clock):
    shop = People(both, make_shop(both), clock)
    shop.start_numbers_at(CHUNK - 6)
    return shop


def at_once(processes, work, url, shop_id, folder, *more):
    folder.mkdir()
    running = [
        processes.submit(work, url, shop_id, str(folder), PROCESSES, seed, *more)
        for seed in range(PROCESSES)
    ]
    return [each.result(60) for each in running]


def test_no_change_is_lost_and_nobody_is_in_two_verdicts(processes, crowd, url, tmp_path):
    crowd.take(*[workers.person(number) for number in range(1, workers.MANY + 1)])
    done = at_once(
        processes, workers.change_people, url, crowd.shop_id, tmp_path / "gate", CHANGES
    )
    assert done == [CHANGES] * PROCESSES
    assert len(crowd.all()) == workers.MANY
    check(crowd)


def test_the_same_new_customers_become_one_person_each(processes, crowd, url, tmp_path):
    at_once(processes, workers.create_people, url, crowd.shop_id, tmp_path / "gate")
    everybody = crowd.all()
    assert sorted(int(c.customer_ref) for c in everybody) == list(range(200, 230))
    assert [c.number for c in everybody] == list(range(CHUNK - 5, CHUNK + 25))
    check(crowd)


@pytest.mark.postgres
def test_somebody_who_moves_in_from_another_chunk_meanwhile_is_bound_as_well(
    open_database, postgres_url, clock
):
    """The opt-out waits for the mover's transaction, which began earlier."""
    database = open_database(postgres_url)
    people = People(database, make_shop(database), clock)
    people.start_numbers_at(CHUNK - 2)
    people.take(ADA, BEA)
    opt_out = threading.Thread(
        target=people.take,
        args=(replace(ADA, updated_at=NOW, email_consent=says("unsubscribed", NOW)),),
    )

    def waits():
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        with database.read() as session:
            return session.scalar(text(asked + "AND wait_event_type = 'Lock'"))

    with people.begin() as session:
        moved = replace(BEA, updated_at=NOW, email=ADA.email, email_consent=says("subscribed", NOW))
        taking.upsert_customers(session, people.shop_id, [moved], "webhook", NOW)
        opt_out.start()
        wait_for(waits)
    opt_out.join()
    assert people.verdict("1") == people.verdict("2") == "unsubscribed"
    check(people)


def test_nobody_slips_through_between_a_list_and_an_import(processes, crowd, url, tmp_path):
    at_once(processes, workers.arrive_or_opt_out, url, crowd.shop_id, tmp_path / "gate")
    everybody = crowd.all()
    assert len(everybody) == 40
    assert {contact.email_standing for contact in everybody} == {"unsubscribed"}
    check(crowd)


@pytest.mark.postgres
def test_a_list_waits_for_whoever_is_just_coming(open_database, postgres_url, clock):
    database = open_database(postgres_url)
    people = People(database, make_shop(database), clock)
    listed = [many.OptOutOf("email", email="ada@example.com")]

    def take_list():
        with people.begin() as session:
            many.suppress(session, people.shop_id, listed, "import", NOW)

    bringing_in = threading.Thread(target=take_list)
    with people.begin() as session:
        taking.upsert_customers(session, people.shop_id, [ADA], "store", NOW)
        bringing_in.start()
        bringing_in.join(0.5)
        assert bringing_in.is_alive()
    bringing_in.join()
    assert people.verdict("1") == "unsubscribed"
