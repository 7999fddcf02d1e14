"""The sentence that is proved: once the store is quiet and the night has passed, we equal it."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any

from sqlalchemy import select

from smartpush_shopline.contacts.consent import Fact
from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import DELETED, READY, Segment
from smartpush_shopline.sync.planning import ROTATION
from tests.chaos.memory import Memory
from tests.chaos.wire import PAGE
from tests.chaos.world import World
from tests.contacts import naive

WORDS = ("unsubscribed", "subscribed", "not_subscribed", "pending")


def check_people(world: World, quiet_since: datetime) -> list[str]:
    """What is not as in the store; raises for what can never be right."""
    naive.check(world.people)
    all_read = (world.shop().customers_read_at or quiet_since) > quiet_since
    ours = {each.customer_ref: each for each in world.people.all() if each.deleted_at is None}
    theirs = {each.id: each for each in world.store.customers.all()}
    for ref in world.erased:
        assert ref not in ours, f"{ref} was erased and is back"
    wrong = [f"{ref} is missing" for ref in theirs.keys() - ours.keys() - world.erased]
    strangers = ours.keys() - theirs.keys() - {None}
    hidden = theirs.keys() & world.erased  # the store counts them, we do not
    found = all_read or (_is_room_left(world) and len(hidden) < len(strangers))
    wrong += [f"{ref} was deleted there" for ref in strangers if found]
    for ref in theirs.keys() & ours.keys():
        wrong += _differences(world, ours[ref], theirs[ref], all_read)
    return wrong


def _is_room_left(world: World) -> bool:
    """Could the night have read all customers, after the list, their changes and their count?"""
    run = world.last_run()
    asked = 4 + ceil(run.contacts_done / PAGE) if run else 0
    return asked + 1 <= world.budget


def _differences(world: World, our: Contact, their: Any, all_read: bool) -> list[str]:
    moods = world.store.moods
    pairs: dict[str, tuple[Any, Any]] = {
        "email": (our.email or "", their.email),
        "phone": (our.phone or "", re.sub(r"^00", "+", their.phone)),
        "first name": (our.first_name, their.first_name),
        "state": (our.state, their.state),
        "tags": (our.tags, ",".join(their.tags)),
    }
    if all_read or moods.order_bumps_customer == "yes" or not world.wire.is_look_spoiled:
        pairs["orders"] = (our.orders_count or 0, their.orders_count)
        pairs["spent"] = (our.total_spent or Decimal(0), Decimal(their.spent) / 100)
    if all_read or moods.consent_bumps_customer == "yes":
        if their.email:
            stated = our.email_stated or WORDS[2]
            pairs["consent to e-mail"] = (stated, WORDS[their.email_consent.state])
        if their.phone:
            stated = our.sms_stated or WORDS[2]
            pairs["consent to SMS"] = (stated, WORDS[their.sms_consent.state])
    return [
        f"{our.customer_ref}: {name} is {mine!r} here, {yours!r} there"
        for name, (mine, yours) in pairs.items()
        if mine != yours
    ]


def check_refusals(world: World) -> None:
    """Who said no to us is not written to, unless they said yes to the store, later."""
    theirs = {each.id: each for each in world.store.customers.all()}
    refs = {each.number: each.customer_ref for each in world.people.all()}
    for (number, channel), said_at in world.refused.items():
        if number in world.people.reach(channel).sendable:
            their = getattr(theirs.get(refs[number]), f"{channel}_consent", None)
            assert their and their.updated_at > said_at, f"{number} said no on {channel}: {their}"


def check_ledger(world: World) -> None:
    """No opt-out is passed over, unless a later one with a date says otherwise; what we heard
    ourselves is lifted by nothing less than an act."""
    for channel in ("email", "sms"):
        sendable = world.people.reach(channel).sendable
        numbers = {each.id: each.number for each in world.people.all()}
        for contact, facts in naive.facts_of(world.people, channel).items():
            standing = [f for f in facts if f.state == "unsubscribed" and not _is_lifted(f, facts)]
            assert not standing or numbers[contact] not in sendable, (channel, standing, facts)


def _is_lifted(opt_out: Fact, facts: list[Fact]) -> bool:
    of_store = opt_out.source in ("store", "webhook")
    return any(
        fact.state == "subscribed"
        and fact.dated
        and (fact.explicit or of_store)
        and fact.occurred_at > opt_out.occurred_at
        for fact in facts
    )


def check_written_back(world: World) -> list[str]:
    """Where it is on, the store has heard of every opt-out that we heard of, and of which it was
    told nothing later."""
    theirs = {each.id: each for each in world.store.customers.all()}
    wrong = []
    for each in world.people.all() if world.write_back else ():
        their = theirs.get(each.customer_ref or "")
        for channel in ("email", "sms"):
            own = getattr(each, f"{channel}_standing") == WORDS[0]
            address = getattr(their, "email" if channel == "email" else "phone", "")
            said = getattr(their, f"{channel}_consent", None)
            at = world.refused.get((each.number, channel))
            if at and own and address and said.state and said.updated_at <= at:
                wrong.append(f"{each.customer_ref} has not heard of no to {channel}: {said}")
    return wrong


def check_segments(world: World, memory: Memory) -> list[str]:
    """Which segments are not as in the store, in the words of the store."""
    theirs = {each.id: each for each in world.store.segments.all()}
    wrong = []
    with world.database.read() as session:
        ours = {each.segment_ref: each for each in session.scalars(select(Segment))}
        alive = {ref for ref, each in ours.items() if each.state != DELETED}
        wrong += [f"{theirs[ref].name} is missing" for ref in theirs.keys() - alive]
        wrong += [f"{ours[ref].name} was deleted there" for ref in alive - theirs.keys()]
        for ref in theirs.keys() & alive:
            their, our = theirs[ref], ours[ref]
            if (our.name, our.state, our.error) != (their.name, READY, None):
                wrong.append(f"{their.name}: {our.name}, {our.state}, {our.error}")
            version = publishing.current_version(session, our)
            members = {memory.refs[number] for number in version.members} if version else None
            if members != world.truth(their) and not _is_as_read(world, our, their, members):
                wrong.append(f"{their.name} ({their.rule}): {members}, not {world.truth(their)}")
    return wrong


def _is_as_read(world: World, our: Segment, their: Any, members: Any) -> bool:
    """Of a large store: right when it was read, not longer ago than a rotation."""
    now, read_at = world.clock(), our.read_at
    if world.budget_is_large or read_at is None or read_at < world.quiet_since:
        return False
    return now - read_at < ROTATION and members == world.truth(their, read_at)
