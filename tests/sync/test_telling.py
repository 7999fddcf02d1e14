"""Opt-outs that the store does not know are written to it, when that is wanted and allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from smartpush_shopline import failure
from smartpush_shopline.contacts import erase as erasing
from smartpush_shopline.contacts import opting_out, writing_back
from smartpush_shopline.contacts.models import ConsentEvent, Contact, WriteBack
from smartpush_shopline.sandbox import people as admin
from smartpush_shopline.sandbox.model import SUBSCRIBED, UNSUBSCRIBED
from smartpush_shopline.sync.jobs import synchronise

READING = ("read_customers", "read_orders", "read_store_information")
GRAPH = "graphql.json"


def connect(live, sandbox, scopes=(*READING, "write_customers"), on=True):
    live.state.settings = replace(live.state.settings, scopes=scopes, write_back=on)
    sandbox.connect(live.browser())
    sandbox.arrived()
    sandbox.calls.clear()


@pytest.fixture
def telling(live, sandbox, store):
    """A store that is told; `subscribers` of both channels are in it."""
    connect(live, sandbox)
    return live


def subscribers(store):
    return [
        each
        for each in store.customers.all()
        if each.email_consent.state == each.sms_consent.state == SUBSCRIBED
        and each.email
        and each.phone
    ]


def subscriber(store):
    found = subscribers(store)
    if found:
        return found[0]
    someone = store.customers.all()[0]
    yes = {"email_marketing_consent": {"state": 1}, "sms_marketing_consent": {"state": 1}}
    return admin.edit(store, someone.id, yes, "Admin")


def opt_out(host, ref, channel="email", source="link"):
    who = opting_out.Who(customer_ref=ref)
    report = opting_out.Report(channel, "unsubscribed", source, host.clock())
    with host.database.begin() as session:
        numbers = opting_out.find(session, host.shop().id, who)
        opting_out.record(session, host.shop().id, numbers, report, host.clock())


def work(host, sandbox):
    with host.app.app_context():
        synchronise(host.state, host.shop().id)
    sandbox.arrived()


def rows(host):
    with host.database.read() as session:
        return {(r.channel, r.state) for r in session.scalars(select(WriteBack))}


def writes(sandbox):
    return sandbox.counted(GRAPH)


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_store_hears_of_an_opt_out_and_when_it_was(telling, sandbox, store, channel):
    ada = subscriber(store)
    sandbox.arrived()
    telling.clock.forward(hours=1)
    opt_out(telling, ada.id, channel)
    told_at = telling.clock()
    telling.clock.forward(minutes=9)
    work(telling, sandbox)
    consent = getattr(store.customers.get(ada.id), f"{channel}_consent")
    assert (consent.state, consent.updated_at) == (UNSUBSCRIBED, told_at)
    assert rows(telling) == {(channel, "done")}


def test_the_message_that_comes_back_is_no_second_fact(telling, sandbox, store):
    ada = subscriber(store)
    sandbox.arrived()
    telling.clock.forward(hours=1)
    opt_out(telling, ada.id)
    work(telling, sandbox)
    with telling.database.read() as session:
        contact = session.scalars(select(Contact).where(Contact.customer_ref == ada.id)).one()
        outs = session.scalars(
            select(ConsentEvent).where(
                ConsentEvent.contact_id == contact.id, ConsentEvent.state == "unsubscribed"
            )
        )
        assert [event.source for event in outs] == ["link"]
    assert contact.email_stated == contact.email_standing == "unsubscribed"
    work(telling, sandbox)
    assert writes(sandbox) == 1


def test_an_opt_out_made_while_an_earlier_one_is_told_is_told_too(telling, sandbox, store, at):
    ada = subscriber(store)
    sandbox.arrived()
    telling.clock.forward(hours=1)
    opt_out(telling, ada.id)

    def once_more():
        telling.clock.forward(minutes=1)
        opt_out(telling, ada.id, source="complaint")

    at("graphql", once_more)
    store.moods.deliver = "never"  # else its own message says it before we do
    work(telling, sandbox)
    assert writes(sandbox) == 2


def test_what_the_store_says_already_is_not_written(telling, sandbox, store):
    ada = subscriber(store)
    admin.edit(store, ada.id, {"email_marketing_consent": {"state": 0}}, "Admin")
    sandbox.arrived()
    opt_out(telling, ada.id)
    work(telling, sandbox)
    assert writes(sandbox) == 0
    assert rows(telling) == {("email", "needless")}


def test_an_opt_out_of_the_store_is_not_told_to_it(telling, sandbox, store):
    ada = subscriber(store)
    admin.edit(store, ada.id, {"email_marketing_consent": {"state": 0}}, "Admin")
    sandbox.arrived()
    assert rows(telling) == set()


def test_it_is_off_until_somebody_wants_it_and_then_misses_nobody(live, sandbox, store):
    connect(live, sandbox, on=False)
    ada = subscriber(store)
    sandbox.arrived()
    opt_out(live, ada.id)
    work(live, sandbox)
    assert writes(sandbox) == 0
    live.state.settings = replace(live.state.settings, write_back=True)
    work(live, sandbox)
    assert store.customers.get(ada.id).email_consent.state == UNSUBSCRIBED


def test_a_store_that_did_not_grant_it_is_not_asked(live, sandbox, store):
    connect(live, sandbox, scopes=READING)
    ada = subscriber(store)
    sandbox.arrived()
    opt_out(live, ada.id)
    work(live, sandbox)
    assert writes(sandbox) == 0
    assert rows(live) == {("email", "waiting")}


def test_a_store_that_refuses_all_the_same_is_asked_again_later(live, sandbox, store):
    connect(live, sandbox, scopes=READING)
    ada = subscriber(store)
    sandbox.arrived()
    with live.database.begin() as session:
        session.merge(live.shop()).scopes = ",".join((*READING, "write_customers"))
    opt_out(live, ada.id)
    work(live, sandbox)
    work(live, sandbox)
    assert writes(sandbox) == 1
    with live.database.read() as session:
        error = writing_back.tally(session, live.shop().id).error
        assert "write_customers" in failure.sentence(error)
    live.clock.forward(hours=2)
    work(live, sandbox)
    assert writes(sandbox) == 2


def test_a_store_in_trouble_is_told_later(telling, sandbox, store, at):
    ada = subscriber(store)
    sandbox.arrived()
    opt_out(telling, ada.id)
    at(GRAPH, 503)
    work(telling, sandbox)
    assert rows(telling) == {("email", "waiting")}
    telling.clock.forward(minutes=5)
    work(telling, sandbox)
    assert rows(telling) == {("email", "done")}
    assert store.customers.get(ada.id).email_consent.state == UNSUBSCRIBED


def test_somebody_the_store_does_not_have_is_a_refusal_that_a_person_sees(telling, sandbox, store):
    ada = subscriber(store)
    sandbox.arrived()
    opt_out(telling, ada.id)
    store.customers.drop(ada.id)  # and no message told of it
    work(telling, sandbox)
    assert rows(telling) == {("email", "refused")}
    with telling.database.begin() as session:
        tally = writing_back.tally(session, telling.shop().id)
        assert (tally.waiting, tally.refused) == (0, 1)
        assert ada.id in tally.error["said"]
        assert writing_back.again(session, telling.shop().id, telling.clock()) == 1


def test_whoever_is_erased_is_not_told_of(telling, sandbox, store):
    ada = subscriber(store)
    sandbox.arrived()
    opt_out(telling, ada.id)
    with telling.database.begin() as session:
        who = erasing.Who(customer_ref=ada.id)
        erasing.erase(session, telling.shop().id, who, telling.clock())
    work(telling, sandbox)
    assert writes(sandbox) == 0 and rows(telling) == set()


def test_whoever_opted_in_again_meanwhile_is_left_alone(telling, sandbox, store):
    ada = subscriber(store)
    sandbox.arrived()
    opt_out(telling, ada.id)
    telling.clock.forward(minutes=1)
    again = {"email_marketing_consent": {"state": 0}}
    admin.edit(store, ada.id, again, "Admin")
    telling.clock.forward(minutes=1)
    admin.edit(store, ada.id, {"email_marketing_consent": {"state": 1}}, "Admin")
    sandbox.arrived()
    work(telling, sandbox)
    assert writes(sandbox) == 0
    assert store.customers.get(ada.id).email_consent.state == SUBSCRIBED


def test_a_blocked_store_is_left_alone_with_everything_else(telling, sandbox, store):
    ada = subscriber(store)
    sandbox.arrived()
    opt_out(telling, ada.id)
    store.answers_once(433)
    work(telling, sandbox)
    work(telling, sandbox)
    assert writes(sandbox) == 1
    telling.clock.time += timedelta(seconds=301)
    work(telling, sandbox)
    assert rows(telling) == {("email", "done")}
