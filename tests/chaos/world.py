"""One store, the post between it and us, and two processes of ours on one database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from smartpush_shopline.clock import local_date, midnight
from smartpush_shopline.contacts import writing_back
from smartpush_shopline.contacts.suppression import many
from smartpush_shopline.database import Database
from smartpush_shopline.errors import LeaseLost
from smartpush_shopline.sandbox import Settings, create_app, installs
from smartpush_shopline.sandbox.model import Delivery, Subscription
from smartpush_shopline.sandbox.outgoing import Leaving
from smartpush_shopline.sandbox.rules import parse
from smartpush_shopline.sandbox.state import Store
from smartpush_shopline.segments.models import Segment, SegmentVersion
from smartpush_shopline.shopline import Token
from smartpush_shopline.shops import install
from smartpush_shopline.shops.models import ACTIVE, Shop
from smartpush_shopline.signals import segment_published
from smartpush_shopline.sync import runs
from smartpush_shopline.sync.models import IMPORT, RUNNING, SyncRun
from tests.chaos.grounds import ground
from tests.chaos.wire import Killed, Life, Wire
from tests.hosting import Host, NoPace, make_host
from tests.support import APP_KEY, FERNET_KEY, Clock, People, hurry

HANDLE = "birch"
PUBLIC_URL = "https://dashboard.example"
WEBHOOKS = f"{PUBLIC_URL}/smartpush/webhooks/shopline"
LARGE = 100_000
"""A night's budget that is enough for everything."""
CUSTOMER_TOPICS = ("customers/update", "customers_marketing_consent/update")
RULE_TOPICS = ("customer_groups/create", "customer_groups/update")
Deed = Callable[["World"], None]


class Mortal(Database):
    """Our database as one process uses it, which may be killed at each transaction."""

    def __init__(self, world: World, life: Life) -> None:
        whole = world.database
        self.engine, self._reader, self._life = whole.engine, whole._reader, life
        self._changes, self._complain = world.ground.changes, world.complaints.append

    @contextmanager
    def begin(self) -> Iterator[Session]:
        self._life.moment()
        try:
            with super().begin() as session:
                before = self._changes(session)
                yield session
                session.flush()
                if self._life.overslept and self._changes(session) != before:
                    self._complain(f"{self._life.name} slept past its lease and writes")
                self._life.moment()
        except LeaseLost:
            self._life.overslept = False
            raise
        self._life.moment()

    def scrub(self) -> bool:
        self._life.moment()
        return super().scrub()


class Worker:
    """One process. Its app is made once; a new life knows nothing but what is in the database."""

    def __init__(self, world: World, name: str, runner: str) -> None:
        self.name, self.world = name, world
        self.host: Host = make_host(
            world.url,
            world.clock,
            world.database,
            SMARTPUSH_PUBLIC_URL=PUBLIC_URL,
            SMARTPUSH_RUNNER=runner,
            SMARTPUSH_REREAD=[timedelta(minutes=m) for m in (2, 10, 60)],
        )
        for engine in self._engines():
            hurry(engine)
        for channel in ("email", "sms"):
            self.host.smartpush.sender(channel)(world.send)

    def start(self, budget: int, write_back: bool) -> None:
        """As after a start of the process."""
        self.life = Life(self.name)
        before = self.host.state
        self.host.app.extensions["smartpush"] = replace(
            before,
            settings=replace(before.settings, night_budget=budget, write_back=write_back),
            database=Mortal(self.world, self.life),
            paces=NoPace(),
        )

    def rest(self) -> None:
        """Let go of the database's file."""
        for engine in self._engines():
            engine.dispose()

    def _engines(self) -> list[Any]:
        with self.host.app.app_context():
            return list(self.host.db.engines.values())


class World:
    """Made once; `begin` is its first day, again and again."""

    def __init__(self, template: Path, database: Database) -> None:
        self.database = database
        self.url = database.engine.url.render_as_string(hide_password=False)
        self.clock = Clock()
        self.ground = ground(template, database, self.clock)
        self.complaints: list[str] = []
        """What was seen while something of ours ran, which could hide an error."""
        self.behind = timedelta(0)
        """By how much the store's clock is behind just now."""
        settings = Settings(app_url=f"{PUBLIC_URL}/smartpush/shopline", bucket=0, retry_factor=1e6)
        self.sandbox = create_app(settings, now=self._stores_time, post=self._post, threaded=False)
        self.courier = self.sandbox.extensions["sandbox_courier"]
        self.store: Store = self.sandbox.extensions["sandbox"].stores[HANDLE]
        self.wire = Wire(self.sandbox.test_client().open)
        self.teams = {
            runner: [Worker(self, name, runner) for name in ("one", "two")]
            for runner in ("inline", "external")
        }
        self.workers: list[Worker] = []
        self.running = Life("nobody")
        self.begun = 0
        segment_published.connect(self._check_pages)

    def end(self) -> None:
        segment_published.disconnect(self._check_pages)
        self.ground.end()

    # -- time ---------------------------------------------------------------------------------

    def _stores_time(self) -> datetime:
        return (self.clock() - self.behind).replace(microsecond=0)

    def pass_time(self, **amount: float) -> None:
        self.clock.forward(**amount)
        self.note_truth()

    def set_time(self, moment: datetime, seconds: float = 0) -> None:
        """Never backwards."""
        self.clock.time = max(self.clock(), moment + timedelta(seconds=seconds))
        self.note_truth()

    def next_midnight(self, zone: str | None = None) -> datetime:
        """Of the store, or of a zone."""
        zone = zone or self.store.info.timezone
        return midnight(local_date(self.clock(), zone) + timedelta(days=1), zone)

    # -- the first day ------------------------------------------------------------------------

    def begin(
        self,
        start: datetime,
        zone: str,
        moods: dict[str, str],
        budget: int,
        runner: str,
        write_back: bool = False,
    ) -> None:
        self.begun += 1
        self._reset_database()
        self.clock.time = start
        self.store.reset(empty=True)
        self.store.moods.calm()
        self.store.moods.set(moods)
        self.store.info = replace(self.store.info, timezone=zone)
        self.courier._due.clear()
        self.store.submit = self._collect
        self.bag: list[str] = []
        self.wire.faults, self.wire.meanwhile, self.wire.later = [], [], []
        self.wire.missed = frozenset()
        self.wire.calls.clear()
        self.wire.is_look_spoiled = False
        self.complaints.clear()
        self.told: dict[str, int] = {}
        """segment → how many calls were made when a message told of its rule"""
        self.asked: dict[str, int] = {}
        """segment → the same, when somebody last wanted it read"""
        self.sent: dict[str, set[int]] = {}
        self.write_back, self.moved = write_back, False
        self.erased: set[str] = set()
        self.campaigns = 0
        self.refused: dict[tuple[int, str], datetime] = {}
        self.truths: dict[str, list[tuple[datetime, frozenset[str]]]] = {}
        self.changes = 0
        self.budget = budget
        self.budget_is_large, self.quiet_since = budget >= LARGE, start
        self.workers = self.teams[runner]
        for worker in self.workers:
            worker.start(budget, write_back)

    def _reset_database(self) -> None:
        for worker in self.workers:
            worker.rest()
        self.ground.reset()

    def connect(self) -> None:
        """The merchant has said yes, and a person connected the store: its import is to begin."""
        scope = "read_customers,write_customers,read_orders,read_store_information"
        code = installs.issue_code(self.store, scope)
        told = installs.redeem_code(self.store, code, APP_KEY)
        token = Token(told.value, told.expires_at, frozenset(scope.split(",")))
        with self.database.begin() as session:
            shop = install.record_install(
                session, APP_KEY, HANDLE, token, [FERNET_KEY], self.clock()
            )
            install.connect(shop, self.clock())
            self.shop_id = shop.id
            runs.start(session, shop.id, IMPORT, self.clock())
        self._subscribe()
        self.bag.clear()

    def _subscribe(self) -> None:
        """As the import would, which then finds it done: sixteen calls for each run."""
        now = self._stores_time()
        for number, topic in enumerate(self.workers[0].host.subscribable, 1):
            version = self.workers[0].host.state.settings.webhook_api_version
            self.store.subscriptions.put(
                str(number), Subscription(number, topic, WEBHOOKS, version, now, now)
            )

    # -- the store ----------------------------------------------------------------------------

    def do(self, deed: Deed) -> None:
        """Something happens in the store; who was in which segment is remembered."""
        deed(self)
        self.changes += 1
        self.note_truth()

    def note_truth(self) -> None:
        for segment in self.store.segments.all():
            told = self.truths.setdefault(segment.id, [])
            told.append((self.clock(), self.truth(segment)))

    def truth(self, segment: Any, at: datetime | None = None) -> frozenset[str]:
        moment = (at or self.clock()).replace(microsecond=0)
        test = parse(segment.rule).test(moment, self.store.info.zone)
        return frozenset(each.id for each in self.store.customers.all() if test(each))

    # -- the post -----------------------------------------------------------------------------

    def _collect(self, handle: str, leaving: list[Leaving]) -> None:
        self.bag += [each.delivery_id for each in leaving]

    def deliver(self, delivery_id: str, keep: bool = False) -> None:
        """The post brings one message; with `keep` it will come once more."""
        if not keep:
            self.bag.remove(delivery_id)
        delivery = self.store.deliveries.get(delivery_id)
        if delivery is not None and delivery.topic in RULE_TOPICS:
            self.told[str(json.loads(delivery.body)["id"])] = len(self.wire.calls)
        self.courier.submit(HANDLE, [Leaving(delivery_id)])
        self.courier.run_due()

    def deliver_all(self) -> None:
        """Also what could not be delivered before."""
        while self.bag:
            self.deliver(self.bag[0])
        self.courier.run_due(late=True)

    def deliver_without_times(self, delivery_id: str) -> None:
        """A message of a customer that says neither when, nor more than flags; only this once."""
        delivery = self.store.deliveries.get(delivery_id)
        if delivery is None or delivery.topic not in CUSTOMER_TOPICS:
            self.deliver(delivery_id)
            return
        said = json.loads(delivery.body)
        for name in ("updated_at", "email_marketing_consent", "sms_marketing_consent"):
            said.pop(name, None)
        self.store.deliveries.put(delivery_id, replace(delivery, body=json.dumps(said)))
        self.deliver(delivery_id)
        if after := self.store.deliveries.get(delivery_id):
            self.store.deliveries.put(delivery_id, replace(after, body=delivery.body))

    def lose(self, delivery_id: str) -> None:
        """But for a request to erase: the platform does not let go of that."""
        delivery = self.store.deliveries.get(delivery_id)
        if delivery is None or not delivery.topic.endswith("/redact"):
            self.bag.remove(delivery_id)

    def calm(self) -> None:
        """Nothing breaks any more, and what is under way arrives."""
        self.wire.faults, self.wire.meanwhile, self.wire.later = [], [], []
        self.wire.missed = frozenset()
        self.store.moods.set({"members": "still", "store_status": "open"})
        for number, worker in enumerate(self.workers):
            worker.life.left = None
            if worker.life.dead:
                self.start_again(number)
        self.deliver_all()

    def _post(self, delivery: Delivery, headers: dict[str, str]) -> str:
        for worker in self.workers:
            if not worker.life.dead:
                return self._post_to(worker, delivery, headers)
        return "no answer: nobody is there"

    def _post_to(self, worker: Worker, delivery: Delivery, headers: dict[str, str]) -> str:
        path = urlsplit(delivery.address).path
        answers: list[str] = []

        def post() -> None:
            browser = worker.host.app.test_client()
            response = browser.post(path, data=delivery.body.encode(), headers=headers)
            answers.append(str(response.status_code))

        self.let(worker, post)
        return answers[0] if answers else "no answer: killed"

    # -- our side -----------------------------------------------------------------------------

    def let(self, worker: Worker, work: Callable[[], Any]) -> bool:
        """The worker does something; False when that killed it."""
        before, self.running = self.running, worker.life
        slept, worker.life.overslept = worker.life.overslept, False  # it has other threads
        try:
            work()
        except Killed:
            if not worker.life.dead:
                raise
        finally:
            self.running, worker.life.overslept = before, slept
        return not worker.life.dead

    def new_session(self) -> requests.Session:
        """In the place of `smartpush_shopline.sync.holder.new_session`."""
        return self.wire.session(self.running)

    def tick(self, number: int = 0) -> None:
        """One look of one process at what is due. A dead one is started anew."""
        if self.workers[number].life.dead:
            self.start_again(number)
        worker = self.workers[number]
        self.let(worker, worker.host.tick)

    def start_again(self, number: int) -> None:
        self.workers[number].start(self.budget, self.write_back)

    def _check_pages(self, _app: Any, segment_id: int, version: int, **_: Any) -> None:
        """A list is of one rule: no message of another one came between two of its pages."""
        with self.database.read() as session:
            segment = session.get_one(Segment, segment_id)
            row = session.get_one(SegmentVersion, segment.current_version_id)
        ref, pages = segment.segment_ref, self.wire.pages_of(segment.segment_ref)
        if row.cause != "changes" and pages and pages[0] < self.told.get(ref, -1) <= pages[-1]:
            self.complaints.append(f"{segment.name}: its list is of two rules")

    def send(self, batch: Any) -> None:
        """The dashboard's provider takes whatever it is given."""
        sent = self.sent.setdefault(batch.campaign_ref, set())
        numbers = {each.number for each in batch}
        if again := sent & numbers:
            self.complaints.append(f"{batch.campaign_ref} was sent twice to {again}")
        for number in numbers:
            if (number, batch.channel) in self.refused and not self._agreed(number, batch.channel):
                self.complaints.append(f"{batch.campaign_ref} was sent to {number}, who said no")
        sent |= numbers

    def _agreed(self, number: int, channel: str) -> bool:
        """Said yes to the store, after they said no to us."""
        ref = next(each.customer_ref for each in self.people.all() if each.number == number)
        their = self.store.customers.get(ref or "")
        said = getattr(their, f"{channel}_consent", None)
        return said is not None and said.updated_at > self.refused[number, channel]

    @property
    def alive(self) -> Worker:
        for worker in self.workers:
            if not worker.life.dead:
                return worker
        self.start_again(0)
        return self.workers[0]

    def in_the_dashboard(self, work: Callable[[Host], Any]) -> bool:
        """In a process that lives; False when that killed it."""
        worker = self.alive

        def inside() -> None:
            with worker.host.app.app_context():
                work(worker.host)

        return self.let(worker, inside)

    def hear_opt_out(self, channel: str, address: str, source: str) -> None:
        """Somebody says no to us, not to the store: number and channel are remembered."""
        key = "email" if channel == "email" else "phone"
        who = {"channel": channel, "source": source, key: address}
        if self.in_the_dashboard(lambda host: host.smartpush.contacts.unsubscribe(**who)):
            self._note_refusal(channel, key, address)

    def take_list_of_opt_outs(self, channel: str, address: str) -> None:
        """A line of a file, without a date."""
        key = "email" if channel == "email" else "phone"
        if key == "email":
            address = address.casefold()
        line = many.OptOutOf(channel, **{key: address})

        def take(host: Host) -> None:
            with host.state.database.begin() as session:
                many.suppress(session, self.shop_id, [line], "import", self.clock())

        if self.in_the_dashboard(take):
            self._note_refusal(channel, key, address)

    def _note_refusal(self, channel: str, key: str, address: str) -> None:
        if address:
            for each in self.people.all():
                here = (getattr(each, key) or "").casefold() == address.casefold()
                if here and each.deleted_at is None:
                    self.refused[each.number, channel] = self.clock()

    @property
    def people(self) -> People:
        return People(self.database, self.shop_id, self.clock)

    def shop(self) -> Shop:
        with self.database.read() as session:
            return session.get_one(Shop, self.shop_id)

    def segments(self) -> dict[str, Segment]:
        with self.database.read() as session:
            return {each.segment_ref: each for each in session.scalars(select(Segment))}

    def last_run(self) -> SyncRun | None:
        with self.database.read() as session:
            return runs.last_run(session, self.shop_id)

    def is_idle(self) -> bool:
        """Nothing is left to do, or only when the store's next midnight tries it again."""
        with self.database.read() as session:
            shop = session.get_one(Shop, self.shop_id)
            if shop.status != ACTIVE:
                return True
            if self.write_back and writing_back.first_due(session, shop, self.clock()):
                return False
            running = session.scalars(select(SyncRun.id).where(SyncRun.state == RUNNING)).first()
            stale = session.scalars(
                select(Segment.id).where(Segment.stale_reason.is_not(None))
            ).first()
        return running is None and stale is None
