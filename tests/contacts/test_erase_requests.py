"""Requests to erase from SHOPLINE and by hand: believed, dated, done, and shown until they are."""

from __future__ import annotations

import json
import logging
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from smartpush_shopline.audiences.models import Audience, AudiencePick
from smartpush_shopline.contacts import erase as erasing
from smartpush_shopline.contacts import redacting
from smartpush_shopline.contacts.erase import Who
from smartpush_shopline.database import Base, Database
from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.inbox import words
from smartpush_shopline.inbox.models import Delivery
from smartpush_shopline.shops import redact, wiping
from smartpush_shopline.shops.models import ACTIVE, UNINSTALLED, Redaction, Shop
from tests.support import ADA, CAST, CYD, FERNET_KEY, NOW, customer, make_shop, says, webhook

DOOR = "/smartpush/webhooks/shopline"
STORE_REF = "1610418123456"


@pytest.fixture
def alder(host):
    make_shop(host.database, store_ref=STORE_REF, domain="alder.myshopline.com")
    people = host.people("alder")
    people.take(*CAST)
    return people


@pytest.fixture
def receipts(host):
    def rows():
        with host.database.read() as session:
            return list(session.scalars(select(Redaction).order_by(Redaction.id)))

    return rows


def ask(client, ref="m1", who=ADA, **said):
    body = {
        "customer": {"id": who.ref, "email": who.email, "phone": "00886900000001"},
        "orders_to_redact": ["#1001"],
        "shop_id": STORE_REF,
        "shop_domain": "alder.myshopline.com",
    }
    named = {key: value for key, value in (body | said).items() if value is not None}
    return client.post(DOOR, **webhook("customers/redact", named, ref=ref))


def ask_for_the_store(client, ref="m1", **said):
    body = {"store_id": STORE_REF, "store_domain": "alder.myshopline.com"} | said
    return client.post(DOOR, **webhook("merchants/redact", body, ref=ref))


def delivery(host):
    with host.database.read() as session:
        return session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()


# -- a person -----------------------------------------------------------------------------------


def test_a_request_of_the_store_erases_and_leaves_a_receipt(host, client, alder, receipts):
    assert ask(client).status_code == 200
    assert alder.all()[0].email is None
    [receipt] = receipts()
    assert (receipt.state, receipt.kind, receipt.erased["contacts"]) == ("done", "person", 1)
    assert (receipt.received_at, receipt.due_at) == (NOW, NOW + timedelta(days=30))
    assert (receipt.done_at, receipt.sealed) == (NOW, None)
    assert len(receipt.subject) == 64
    assert (delivery(host).state, delivery(host).body) == ("done", None)


def test_a_request_without_headers_of_the_store_is_known_by_its_body(
    client, alder, receipts
):
    message = webhook(
        "customers/redact",
        {"customer": {"id": "1"}, "shop_id": STORE_REF, "shop_domain": "alder.myshopline.com"},
    )
    for name in ("X-Shopline-Shop-Id", "X-Shopline-Shop-Domain"):
        del message["headers"][name]
    client.post(DOOR, **message)
    assert [r.state for r in receipts()] == ["done"]


@pytest.mark.parametrize(
    "said",
    [
        {"shop_id": "1610418654321"},
        {"shop_domain": "birch.myshopline.com"},
        {"shop_id": None, "shop_domain": None},
        {"shop_domain": "alder.evil.example", "shop_id": "1"},
    ],
)
def test_only_a_body_that_names_the_store_is_believed(host, client, alder, receipts, said):
    """Headers are not signed: a right message of another store could be sent on under our name."""
    ask(client, **said)
    assert receipts() == []
    assert alder.find("1").email == ADA.email
    assert delivery(host).state == "parked"
    assert "does not name this store" in words.sentence(delivery(host))


def test_a_request_that_names_nobody_is_parked(host, client, alder, receipts):
    ask(client, customer={})
    assert receipts() == []
    assert words.sentence(delivery(host)) == "The message does not say whose data to erase."


def test_a_store_that_is_gone_may_still_ask(host, client, alder, receipts):
    with host.database.begin() as session:
        session.scalars(select(Shop)).one().status = UNINSTALLED
    ask(client)
    assert [r.state for r in receipts()] == ["done"]


def test_what_fails_is_tried_again_and_shown_until_it_is_done(
    host, client, alder, receipts, clock, monkeypatch
):
    def fail(*_):
        raise OSError("ada@example.com")

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "erase", fail)
        ask(client)
        [receipt] = receipts()
        assert (receipt.state, receipt.error, receipt.attempts) == ("waiting", "failed", 1)
        assert b"ada@example.com" not in receipt.sealed
        clock.forward(minutes=2)
        host.tick()
        assert receipts()[0].attempts == 2
    clock.forward(minutes=4)
    host.tick()
    assert receipts()[0].state == "done"
    assert alder.all()[0].email is None


def test_the_same_request_while_one_waits_is_one_receipt(
    host, client, alder, receipts, monkeypatch
):
    monkeypatch.setattr(redacting, "_redact", lambda *_: None)
    ask(client, "m1")
    ask(client, "m2")
    assert len(receipts()) == 1


def test_a_dead_workers_request_comes_back(host, client, alder, receipts, clock, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(redacting, "_redact", lambda *_: None)
        ask(client)
    assert redact.claim(host.state, 1)
    host.tick()
    assert receipts()[0].state == "waiting"
    clock.forward(minutes=11)
    host.tick()
    assert receipts()[0].state == "done"


def test_done_is_said_only_when_the_log_is_empty(
    host, client, alder, receipts, clock, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(Database, "scrub", lambda _: False)
        ask(client)
    assert (receipts()[0].state, receipts()[0].error) == ("waiting", "log_in_use")
    clock.forward(minutes=3)
    host.tick()
    assert (receipts()[0].state, receipts()[0].erased["contacts"]) == ("done", 1)


# -- nothing is left ------------------------------------------------------------------------------

EVE = customer(
    "4210000777",
    email="Eve.Unmistakable@Example.com",
    phone="+886955123987",
    first_name="Evelina",
    last_name="Unmistakable",
    city="Kaohsiung",
    email_consent=says("subscribed", NOW - timedelta(days=9)),
)
TRACES = (EVE.ref, "eve.unmistakable", EVE.phone, "00886955123987", "Evelina", "Unmistakable")


def traces_in(data):
    return [trace for trace in TRACES if trace.casefold().encode() in data.lower()]


@pytest.fixture
def eve(host, client, alder, sqlite_url):
    """She came in by a page, changed, moved between pages of the file, and was parked."""
    others = [
        customer(str(1000 + n), email=f"n{n}@example.com", first_name="x" * (n % 90))
        for n in range(120)
    ]
    alder.take(*others[:60], EVE, *others[60:])
    alder.take(*[replace(each, tags=("t" * 200,), updated_at=NOW) for each in (*others, EVE)])
    handler = host.state.topics

    def broken(payload, context):
        raise UnexpectedPayload("total is missing")

    handler.on("orders/fulfilled")(broken)
    order = {"id": "9", "customer": {"id": EVE.ref, "email": EVE.email, "name": EVE.first_name}}
    client.post(DOOR, **webhook("orders/fulfilled", order, ref="order"))
    said = {"id": EVE.ref, "email": EVE.email, "first_name": EVE.first_name, "state": "x"}
    client.post(DOOR, **webhook("customers/update", said, ref="parked"))
    return Path(sqlite_url.removeprefix("sqlite:///"))


def bytes_of(path):
    files = (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-journal"))
    return b"".join(file.read_bytes() for file in files if file.exists())


def test_nothing_of_the_person_is_left_in_the_file_a_dump_or_the_log(
    host, client, alder, eve, caplog, receipts
):
    caplog.set_level(logging.DEBUG)
    assert len(traces_in(bytes_of(eve))) >= 5
    ask(client, who=replace(EVE, phone=None), customer={
        "id": EVE.ref, "email": EVE.email, "phone": "00886955123987"
    })
    assert receipts()[0].erased == {"contacts": 1, "deliveries": 2}
    assert traces_in(bytes_of(eve)) == []
    with sqlite3.connect(eve) as dump:
        assert traces_in("\n".join(dump.iterdump()).encode()) == []
    dump.close()
    assert traces_in(caplog.text.encode()) == []
    late = {"id": EVE.ref, "email": EVE.email, "first_name": EVE.first_name, "state": 3}
    client.post(DOOR, **webhook("customers/update", late, ref="late"))
    alder.take(EVE)
    host.database.scrub()
    assert traces_in(bytes_of(eve)) == []


@pytest.mark.postgres
def test_nothing_of_the_person_is_left_in_any_table_of_postgresql(
    open_database, postgres_url, clock
):
    from tests.support import People

    database = open_database(postgres_url)
    people = People(database, make_shop(database), clock)
    people.take(*CAST, EVE)

    def everything():
        with database.read() as session:
            return repr(
                [session.execute(select(table)).all() for table in Base.metadata.sorted_tables]
            ).encode()

    assert traces_in(everything())
    with database.begin() as session:
        erasing.erase(session, people.shop_id, Who(EVE.ref, EVE.email, EVE.phone), clock())
    assert database.scrub()
    assert traces_in(everything()) == []


# -- by hand --------------------------------------------------------------------------------------


def test_erasing_by_hand_leaves_a_receipt_too(host, alder, receipts):
    with host.app.app_context():
        receipt = redacting.erase_by_hand(host.state, alder.shop_id, Who(email="ADA@example.com"))
    assert (receipt.state, receipt.source, receipt.erased["contacts"]) == ("done", "command", 1)
    assert alder.all()[0].email is None


# -- a store --------------------------------------------------------------------------------------


@pytest.fixture
def gone(host, alder):
    """Alder uninstalled the app. Birch has everything that Alder has."""
    make_shop(host.database, "birch", store_ref="1610418654321")
    for people in (alder, host.people("birch")):
        people.take(*CAST)
        segment = people.segment("VIP", "1", "3")
        with host.database.begin() as session:
            chosen = Audience(shop_id=people.shop_id, channel="email", state="saved",
                              created_at=NOW, campaign_ref=f"c{people.shop_id}")
            session.add(chosen)
            chosen.picks.append(
                AudiencePick(mode="include", segment_id=segment.id, picked_at=NOW,
                             version_id=segment.current_version_id)
            )
    with host.database.begin() as session:
        session.get_one(Shop, alder.shop_id).status = UNINSTALLED
    return alder.shop_id


def count_rows(host):
    with host.database.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
        }


def test_everything_of_a_store_that_is_gone_is_deleted_and_nothing_of_another(
    host, client, gone, receipts, monkeypatch
):
    monkeypatch.setattr(wiping, "BATCH", 3)
    before = count_rows(host)
    ask_for_the_store(client)
    after = count_rows(host)
    untouched = {"smartpush_redaction", "smartpush_delivery"}
    for table, count in after.items():
        if table not in untouched and before[table]:
            assert count * 2 == before[table], table
    [receipt] = receipts()
    assert (receipt.state, receipt.handle, receipt.shop_id) == ("done", "alder", None)
    assert receipt.erased["contact"] == 4
    if host.database.engine.dialect.name == "sqlite":
        assert b"ada@example.com" in bytes_of(Path(str(host.database.engine.url.database)))


def test_a_store_that_installed_again_is_not_erased_until_a_person_decides(
    host, client, gone, receipts
):
    with host.database.begin() as session:
        session.get_one(Shop, gone).status = ACTIVE
    ask_for_the_store(client)
    [receipt] = receipts()
    assert (receipt.state, receipt.error, receipt.erased) == ("refused", "installed_again", {})
    assert host.shop("alder").status == ACTIVE
    host.tick()
    assert receipts()[0].state == "refused"


def test_a_store_that_comes_back_meanwhile_stops_the_erasure(
    host, client, gone, receipts, monkeypatch
):
    monkeypatch.setattr(wiping, "BATCH", 1)
    real, seen = wiping._delete_some, []

    def delete_some(session, shop_id):
        seen.append(shop_id)
        if len(seen) == 3:
            session.get_one(Shop, shop_id).status = ACTIVE
        return real(session, shop_id)

    monkeypatch.setattr(wiping, "_delete_some", delete_some)
    ask_for_the_store(client)
    assert len(seen) == 3
    assert receipts()[0].state == "refused"


def test_a_request_for_another_store_erases_nothing(host, client, gone, receipts):
    ask_for_the_store(client, store_id="1", store_domain="birch.myshopline.com")
    assert receipts() == []
    assert delivery(host).state == "parked"


def test_waiting_requests_of_people_are_done_with_their_store(
    host, client, gone, receipts, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(redacting, "_redact", lambda *_: None)
        ask(client, "m0", who=CYD)
    ask_for_the_store(client)
    assert [(r.kind, r.state, r.sealed) for r in receipts()] == [
        ("person", "done", None),
        ("store", "done", None),
    ]


def test_what_waits_is_sealed_with_the_newest_key(host, client, alder, receipts, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(redacting, "_redact", lambda *_: None)
        ask(client)
    new = Fernet.generate_key().decode()
    redact.reseal(host.database, [new, FERNET_KEY])
    assert redact.unseal(receipts()[0].sealed, [new])["customer_ref"] == "1"
    redact.reseal(host.database, [Fernet.generate_key().decode()])
    assert redact.unseal(receipts()[0].sealed, [new])


def test_what_is_sealed_is_read_with_an_older_key_too():
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = redact.seal({"customer_ref": "1"}, [old])
    assert redact.unseal(sealed, [new, old]) == {"customer_ref": "1"}
    assert json.dumps("1").encode() not in sealed
