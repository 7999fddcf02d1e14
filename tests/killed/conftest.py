"""A worker that dies again and again, and a store to which everything has to be equal at last."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import flask
import pytest
from pyroaring import BitMap
from sqlalchemy import select, update

from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.database import Database
from smartpush_shopline.members import digest
from smartpush_shopline.sandbox import paging
from smartpush_shopline.sandbox.state import Store
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import DELETED, Segment, SegmentVersion
from smartpush_shopline.shops.models import ShopCounter, ShopLease
from tests.contacts import naive
from tests.hosting import Address, Host, Sandbox, close_host, make_host
from tests.lives import Death
from tests.lives import live as life
from tests.support import Clock, versions

WORDS = ("unsubscribed", "subscribed", "not_subscribed", "pending")


class Calls(list[str]):
    """What the store was asked, in order; the n-th may be somebody's last."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.then = 0, lambda: None

    def append(self, call: str) -> None:
        super().append(call)
        self.left -= 1
        if self.left == 0:
            self.then()


@dataclass
class Mortal:
    """`dies()` is one life that ends at a given moment; `lives()` as many as are needed."""

    host: Host
    url: str
    sandbox: Sandbox
    calls: Calls = field(default_factory=Calls)
    budget: int = 100_000
    deaths: int = 0

    def dies(self, death: Death) -> bool:
        """False when it was done before that."""
        store = f"{self.sandbox.running.url}/{{handle}}"
        addresses = {"SMARTPUSH_STORE_BASE_URL": store, "SMARTPUSH_PUBLIC_URL": self.host.url}
        context = multiprocessing.get_context("forkserver")
        arguments = (self.url, addresses, self.host.clock(), self.budget, death)
        process = context.Process(target=life, args=arguments)
        self.calls.left = death[1] if death[0] == "call" else 0
        self.calls.then = lambda: os.kill(process.pid or 0, signal.SIGKILL)
        process.start()
        process.join(60)
        assert process.exitcode in (0, -signal.SIGKILL)
        died = process.exitcode != 0
        self.deaths += died
        self._a_minute_passes()
        return died

    def lives(self, shortest: int, longest: int, calls: bool = True) -> None:
        """Ever new ones, each a commit longer than the last, until one has nothing left to do.

        So at every commit that comes again and again somebody dies. Every fourth dies in a call.
        """
        commits = itertools.cycle(range(shortest, longest + 1))
        for turn in itertools.count(1):
            in_call = calls and turn % 4 == 0
            if not self.dies(("call", turn % 5 + 1) if in_call else ("commit", next(commits))):
                return
            self.nothing_is_half()
            assert self.deaths < 60, "it gets nowhere"

    def somebody_lives(self) -> None:
        """Whoever looks next, in this process, which is quicker."""
        self.host.tick()

    def _a_minute_passes(self) -> None:
        """For the claims of the dead. The lease is timed by the database, which no test moves."""
        self.host.clock.forward(minutes=3)
        with self.host.database.begin() as session:
            session.execute(update(ShopLease).values(until=1.0))

    def nothing_is_half(self) -> None:
        """At any moment: each version is whole, and is the newest one of its segment or older."""
        with self.host.database.read() as session:
            for version in session.scalars(select(SegmentVersion)):
                assert (version.count, version.digest) == (
                    len(version.members), digest(version.members)
                )  # fmt: skip
            for segment in session.scalars(select(Segment)):
                newest = versions(self.host.database, segment.id)[-1:]
                assert [each.id for each in newest] == [
                    each for each in [segment.current_version_id] if each
                ]

    def asked(self, part: str) -> list[str]:
        return [call for call in self.calls if part in call]

    def goes_on(self, part: str) -> bool:
        """No page of this listing was asked for again after the page behind it."""
        pages = [call for call, _again in groupby(self.asked(part))]
        return len(pages) == len(set(pages))


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """Of the engine that the run is about, or of the one that is asked for."""
    made: str = request.getfixturevalue(f"{getattr(request, 'param', 'database')}_url")
    return made


@pytest.fixture
def mortal(
    url: str, clock: Clock, both: Database, store: Store, sandbox: Sandbox, _address: Address,
    processes: Any, monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Mortal]:  # fmt: skip
    """Birch with 110 customers, ten pages of which the dashboard has not read one."""
    sandbox.fresh("birch", 110, clock)
    monkeypatch.setattr(paging, "_limit", _page_size)
    settings = {"SMARTPUSH_STORE_BASE_URL": f"{sandbox.running.url}/{{handle}}"}
    host = make_host(url, clock, both, SMARTPUSH_PUBLIC_URL=_address.url, **settings)
    host.state.ring = lambda *_, **__: None  # the living work, this one only answers
    host.url, _address.app = _address.url, host.app
    sandbox.point_at(host.url)
    made = Mortal(host, url, sandbox)
    monkeypatch.setattr(sandbox, "calls", made.calls)
    yield made
    sandbox.arrived()
    _address.app = None
    close_host(host)


def _page_size(_usual: int, _highest: int) -> int:
    """Many pages of customers. Of a segment one: so short a list is begun anew."""
    return 11 if "v2/customers" in flask.request.path else 250


@pytest.fixture
def same_people(mortal: Mortal, store: Store) -> Callable[[], None]:
    """Everybody here is as there, in one verdict each."""

    def check() -> None:
        _people(mortal.host, store)
        naive.check(mortal.host.people())

    return check


@pytest.fixture
def same_segments(mortal: Mortal, store: Store) -> Callable[[], None]:
    def check() -> None:
        _segments(mortal.host, store)
        mortal.nothing_is_half()

    return check


def _people(host: Host, store: Store) -> None:
    everybody = host.people().all()
    with host.database.read() as session:
        last = session.get_one(ShopCounter, host.shop().id).last_number
    assert [each.number for each in everybody] == list(range(1, last + 1)), "numbers are dense"
    here = {c.customer_ref: c for c in everybody if c.deleted_at is None}
    assert len(here) == sum(c.deleted_at is None for c in everybody)
    assert here.keys() == {c.id for c in store.customers.all()}
    for theirs in store.customers.all():
        _person(here[theirs.id], theirs)


def _person(ours: Contact, theirs: Any) -> None:
    assert (ours.email or "", ours.first_name) == (theirs.email, theirs.first_name)
    assert (ours.state, ours.orders_count) == (theirs.state, theirs.orders_count)
    if theirs.email:
        assert ours.email_stated == WORDS[theirs.email_consent.state]
    if theirs.phone:
        assert ours.sms_stated == WORDS[theirs.sms_consent.state]


def _segments(host: Host, store: Store) -> None:
    with host.database.read() as session:
        rows = session.scalars(select(Segment).where(Segment.state != DELETED))
        here = {each.segment_ref: each for each in rows}
        assert here.keys() == {each.id for each in store.segments.all()}
        for theirs in store.segments.all():
            ours = here[theirs.id]
            assert (ours.name, ours.definition) == (theirs.name, theirs.rule)
            assert (ours.stale_reason, ours.error) == (None, None)
            version = publishing.current_version(session, ours)
            members: BitMap = version.members if version else BitMap()
            assert host.people().refs(members) == {c.id for c in store.members(theirs)}
