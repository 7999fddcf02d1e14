"""The door for webhooks, and what becomes of a message behind it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from smartpush_shopline.errors import LeaseLost, ShoplineBusy, UnexpectedPayload
from smartpush_shopline.inbox import receiving, words, working
from smartpush_shopline.inbox.models import Delivery
from smartpush_shopline.shopline import parse_delivery_headers
from smartpush_shopline.shops import install
from smartpush_shopline.shops.models import ACTIVE, UNINSTALLED
from tests.hosting import close_host, make_host
from tests.support import ADA, APP_KEY, FERNET_KEY, NOW, TOKEN, make_shop, webhook

DOOR = "/smartpush/webhooks/shopline"


def customer(at=NOW, **fields):
    said = {"id": "1", "email": ADA.email, "state": 3, "email_subscribe_flag": 1}
    return said | {"updated_at": at.isoformat()} | fields


# -- the door ---------------------------------------------------------------------------------


def test_a_signed_message_is_stored_worked_and_answered(client, alder, deliveries):
    assert client.post(DOOR, **webhook("customers/create", customer())).status_code == 200
    [delivery] = deliveries()
    assert (delivery.state, delivery.body, delivery.subject_ref) == ("done", None, "1")
    assert alder.verdict("1") == "sendable"


@pytest.mark.parametrize(
    "header", [None, "", "0" * 64, "not a signature", "ünsigned"], ids=lambda h: repr(h)
)
def test_without_the_right_signature_there_is_no_row(client, alder, deliveries, header):
    message = webhook("customers/create", customer())
    message["headers"].pop("X-Shopline-Hmac-Sha256")
    if header is not None:
        message["headers"]["X-Shopline-Hmac-Sha256"] = header
    assert client.post(DOOR, **message).status_code == 401
    assert deliveries() == []


def test_a_signature_over_other_bytes_is_refused(client, alder, deliveries):
    message = webhook("customers/create", customer())
    message["data"] += b" "
    assert client.post(DOOR, **message).status_code == 401
    assert client.post(DOOR, **webhook("a", {}, secret="another")).status_code == 401
    assert deliveries() == []


def test_a_store_we_do_not_know_is_thanked_and_forgotten(client, alder, deliveries, caplog):
    message = webhook("customers/create", customer(), shop="1", handle="cedar")
    assert client.post(DOOR, **message).status_code == 200
    assert deliveries() == []
    assert "delivery_unknown_shop" in caplog.text


@pytest.mark.parametrize("body", [b"{", b"", b"[1]", b'"x"', b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_object_is_kept_and_parked(client, alder, deliveries, body):
    assert client.post(DOOR, **webhook("customers/create", body)).status_code == 200
    [delivery] = deliveries()
    assert (delivery.state, delivery.body) == ("parked", body)
    assert "JSON" in words.sentence(delivery)


def test_two_megabytes_are_taken_and_one_byte_more_is_not(client, alder, deliveries):
    largest = b"{" + b" " * (2 * 1024 * 1024 - 2) + b"}"
    assert client.post(DOOR, **webhook("unknown/topic", largest)).status_code == 200
    assert client.post(DOOR, **webhook("unknown/topic", largest + b" ")).status_code == 413
    assert len(deliveries()) == 1


def test_a_body_without_a_length_is_measured_as_it_comes(client, alder, deliveries):
    message = webhook("unknown/topic", b" " * (2 * 1024 * 1024 + 1))
    stream = io.BytesIO(message.pop("data"))
    answer = client.post(
        DOOR, input_stream=stream, environ_overrides={"wsgi.input_terminated": True}, **message
    )
    assert answer.status_code == 413
    assert deliveries() == []


def test_the_same_message_twice_is_one_row_and_one_effect(client, alder, deliveries, handled):
    for _ in range(3):
        assert client.post(DOOR, **webhook("test/topic", {"id": 1})).status_code == 200
    assert len(deliveries()) == len(handled) == 1
    assert deliveries()[0].duplicates == 2


def test_the_same_message_at_once_is_one_row_and_all_are_counted(url, clock):
    host = make_host(url, clock)
    shop = make_shop(host.database, store_ref="1610418123456")
    message = webhook("customers/create", customer())
    told = parse_delivery_headers(message["headers"])
    with ThreadPoolExecutor(6) as pool:
        first = list(
            pool.map(
                lambda _: receiving.store(host.state, shop, told, message["data"]), range(6)
            )
        )
    with host.database.read() as session:
        [duplicates] = session.scalars(select(Delivery.duplicates))
    close_host(host)
    assert (first.count(True), duplicates) == (1, 5)


def test_another_message_with_the_same_words_is_another_row(client, alder, deliveries, handled):
    client.post(DOOR, **webhook("test/topic", {"id": 1}, ref="message-1"))
    client.post(DOOR, **webhook("test/topic", {"id": 1}, ref="message-2"))
    assert len(deliveries()) == len(handled) == 2


def test_messages_without_an_id_are_told_apart_by_their_words(
    client, alder, deliveries, handled
):
    for number in (1, 2, 1):
        client.post(DOOR, **webhook("test/topic", {"id": number}, ref=""))
    assert handled == [{"id": 1}, {"id": 2}]


def test_the_same_message_id_of_two_stores_is_two_messages(client, host, alder, deliveries):
    make_shop(host.database, "birch", store_ref="1610418654321")
    client.post(DOOR, **webhook("customers/create", customer()))
    client.post(
        DOOR, **webhook("customers/create", customer(), shop="1610418654321", handle="birch")
    )
    assert [d.state for d in deliveries()] == ["done", "done"]
    assert len(alder.all()) == len(host.people("birch").all()) == 1


def test_a_message_is_of_the_shop_whose_app_signed_it(url, clock):
    """One store may have installed two of our apps: each has its own secret and its own people."""
    apps = {APP_KEY: ["one"], "second_app": ["two"]}
    host = make_host(url, clock, SMARTPUSH_APPS=apps)
    first = make_shop(host.database, store_ref="1610418123456")
    with host.database.begin() as session:
        second = install.record_install(
            session, "second_app", "alder", TOKEN, [FERNET_KEY], clock()
        )
        install.connect(second, clock())
        second.store_ref = "1610418123456"
    host.browser().post(DOOR, **webhook("customers/create", customer(), secret="two"))
    host.browser().post(DOOR, **webhook("customers/create", customer(), secret="one", ref="2"))
    with host.database.read() as session:
        stored = session.scalars(select(Delivery.shop_id).order_by(Delivery.id)).all()
    close_host(host)
    assert stored == [second.id, first]


def test_a_topic_nobody_handles_is_ignored(client, alder, deliveries):
    client.post(DOOR, **webhook("products/update", {"id": 1}))
    [delivery] = deliveries()
    assert delivery.state == "ignored"
    assert words.sentence(delivery) == "No part of SmartPush handles products/update yet."


def test_absurdly_long_headers_do_not_break_the_door(client, alder, deliveries):
    message = webhook("t" * 300, {"id": "i" * 300}, ref="r" * 300)
    assert client.post(DOOR, **message).status_code == 200
    [delivery] = deliveries()
    assert len(delivery.topic) == len(delivery.subject_ref) == 60
    assert len(delivery.delivery_ref) <= 100
    client.post(DOOR, **webhook("t", {}, ref="r" * 299 + "s"))
    assert len(deliveries()) == 2


def test_the_door_is_open_without_a_login(host, client, alder):
    host.allows = lambda action, shop: False
    assert client.post(DOOR, **webhook("customers/create", customer())).status_code == 200
    assert host.smartpush.is_public("smartpush.inbox.receive")


# -- the work ---------------------------------------------------------------------------------


def test_a_temporary_failure_is_tried_again_ever_later(
    client, host, alder, deliveries, handled, clock
):
    handled.failures = [ShoplineBusy(), ConnectionError("gone for a minute")]
    client.post(DOOR, **webhook("test/topic", {"id": 1}))
    waits = []
    while not handled:
        [delivery] = deliveries()
        assert (delivery.state, delivery.claimed_until) == ("received", None)
        assert waits or words.sentence(delivery) == "SHOPLINE asks for fewer calls."
        waits.append((delivery.next_try_at - clock()).total_seconds())
        host.tick()
        assert deliveries()[0].attempts == len(waits), "tried too early"
        clock.forward(seconds=waits[-1])
        host.tick()
    assert waits == [10, 20]
    [delivery] = deliveries()
    assert (delivery.state, delivery.error) == ("done", None)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (UnexpectedPayload("id is missing"), "SHOPLINE sent a message without an id."),
        (UnexpectedPayload("state is not a customer state"), "cannot be read"),
        (KeyError("ada@example.com"), "SmartPush made a mistake with it (KeyError)"),
    ],
)
def test_a_permanent_failure_is_parked_with_its_words(
    client, host, alder, deliveries, handled, clock, caplog, error, says
):
    handled.failures = [error]
    client.post(DOOR, **webhook("test/topic", {"id": 1}))
    clock.forward(hours=1)
    host.tick()
    [delivery] = deliveries()
    assert (delivery.state, delivery.attempts, handled) == ("parked", 1, [])
    assert says in words.sentence(delivery)
    assert delivery.body, "so that it can be replayed"
    assert "example.com" not in caplog.text + str(delivery.error)
    assert "Traceback" not in str(delivery.error)


def test_what_keeps_failing_is_parked_in_the_end(client, host, alder, deliveries, handled, clock):
    handled.failures = [LeaseLost(), *(ShoplineBusy(retry_after=9999) for _ in range(80))]
    client.post(DOOR, **webhook("test/topic", {"id": 1}))
    host.state.jobs = {"inbox": host.state.jobs["inbox"]}
    tried = []
    for _ in range(80):
        [delivery] = deliveries()
        if delivery.state == "parked":
            break
        tried.append(delivery.next_try_at - clock())
        clock.forward(seconds=tried[-1].total_seconds())
        host.tick()
    assert tried[0] == timedelta(seconds=10) and max(tried) == timedelta(hours=1)
    assert (delivery.state, delivery.attempts) == ("parked", working.ATTEMPTS)


def test_a_failure_that_may_pass_is_tried_for_two_days():
    waits = [working._wait(ShoplineBusy(), tried) for tried in range(1, working.ATTEMPTS)]
    assert timedelta(hours=47) < sum(waits, timedelta()) < timedelta(hours=49)


def test_a_failed_handler_leaves_nothing_half_done(client, host, alder, deliveries, handled):
    def half(payload, context):
        context.shop.name = "half"
        context.session.flush()
        raise UnexpectedPayload("no")

    host.state.topics.on("test/half")(half)
    client.post(DOOR, **webhook("test/half", {}))
    assert host.shop("alder").name == "alder"


def test_one_bad_message_does_not_stop_the_others(client, host, alder, deliveries, handled):
    handled.failures = [ValueError("bad")]
    host.state.ring = lambda *_, **__: None
    for number in range(3):
        client.post(DOOR, **webhook("test/topic", {"id": number}, ref=f"m{number}"))
    host.tick()
    assert [d.state for d in deliveries()] == ["parked", "done", "done"]


@pytest.fixture
def waiting(client, host, alder, handled):
    """A message that nobody works on yet; its id."""
    ring, host.state.ring = host.state.ring, lambda *_, **__: None
    client.post(DOOR, **webhook("test/topic", {"id": 1}))
    host.state.ring = ring
    with host.database.read() as session:
        return session.scalars(select(Delivery.id)).one()


def test_only_one_worker_claims_a_message(host, waiting, handled):
    assert working.claim(host.state, waiting)
    assert not working.claim(host.state, waiting)
    host.tick()
    assert handled == []


def test_a_dead_workers_claim_ends_by_itself(host, waiting, handled, clock):
    working.claim(host.state, waiting)
    clock.forward(minutes=2, seconds=1)
    host.tick()
    assert len(handled) == 1


def test_a_claim_shows_as_work_and_its_end_as_received(host, waiting, clock, deliveries):
    working.claim(host.state, waiting)
    assert deliveries()[0].state_at(clock()) == "working"
    clock.forward(minutes=2, seconds=1)
    assert deliveries()[0].state_at(clock()) == "received"


def test_shopline_may_ask_for_a_longer_wait(client, alder, deliveries, handled, clock):
    handled.failures = [ShoplineBusy(retry_after=300)]
    client.post(DOOR, **webhook("test/topic", {"id": 1}))
    assert deliveries()[0].next_try_at - clock() == timedelta(seconds=300)


def test_a_worker_that_wakes_up_late_changes_nothing(host, waiting, handled, clock, deliveries):
    working.claim(host.state, waiting)
    clock.forward(minutes=3)
    host.tick()
    working._work(host.state, waiting)  # what the first one does when it wakes up
    [delivery] = deliveries()
    assert (delivery.state, delivery.error, len(handled)) == ("done", None, 1)


# -- what is said -----------------------------------------------------------------------------


def test_an_older_message_does_not_overwrite_a_newer_one(client, alder, deliveries):
    client.post(DOOR, **webhook("customers/update", customer(NOW, first_name="New"), ref="2"))
    old = customer(NOW - timedelta(hours=1), first_name="Old", email_subscribe_flag=0)
    client.post(DOOR, **webhook("customers/update", old, ref="1"))
    assert (alder.find("1").first_name, alder.verdict("1")) == ("New", "sendable")
    assert [d.state for d in deliveries()] == ["done", "done"]


def uninstalled(**fields):
    said = {"appkey": APP_KEY, "handle": "alder", "operate": "UNINSTALL"}
    return webhook("apps/installed_uninstalled", said | fields)


def test_uninstalling_drops_the_token_at_once(client, host, alder):
    client.post(DOOR, **uninstalled(operate="uninstall"))
    shop = host.shop("alder")
    assert (shop.status, shop.token) == (UNINSTALLED, None)


@pytest.mark.parametrize(
    "fields", [{"handle": "birch"}, {"handle": None}, {"appkey": "another"}, {"operate": "INSTALL"}]
)
def test_only_a_body_that_names_store_and_app_uninstalls(client, host, alder, fields):
    """Headers are not signed: a right message of another store could be sent on under our name."""
    client.post(DOOR, **uninstalled(**fields))
    assert host.shop("alder").status == ACTIVE


def test_a_store_that_moves_has_another_midnight(client, host, alder):
    said = {"id": 1610418123456, "name": "Alder 2", "iana_timezone": "Asia/Kathmandu"}
    client.post(DOOR, **webhook("merchants/update", said))
    assert (host.shop("alder").name, host.shop("alder").timezone) == ("Alder 2", "Asia/Kathmandu")
