"""A fake platform inside a test: no port, no thread, a clock of its own.

``smartpush_shopline.testing`` makes pytest fixtures of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from requests import PreparedRequest

from . import buying, groups, installs, links, people
from .app import create_app
from .model import Customer, Delivery, Order, Segment
from .moods import Moods
from .settings import Settings, utc_now
from .state import Store, World
from .webhooks import Courier

CONSENTS = {"email": "email_marketing_consent", "sms": "sms_marketing_consent"}


@dataclass
class Call:
    """A call that the app made."""

    method: str
    path: str
    """With its query."""
    status: int


@dataclass
class FakePlatform:
    """Both stores, and a clock that a test may move forward."""

    settings: Settings
    ahead: timedelta = timedelta(0)
    calls: list[Call] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    """Seconds that slow answers and full buckets would have taken."""
    sent: list[tuple[str, str]] = field(default_factory=list)
    receiver: FlaskClient | None = None

    def __post_init__(self) -> None:
        self.app: Flask = create_app(
            self.settings,
            now=self.now,
            sleep=self.slept.append,
            post=self._post,
            threaded=False,
        )

    def now(self) -> datetime:
        return utc_now() + self.ahead

    def pass_time(self, **amount: float) -> None:
        """``pass_time(hours=11)``: tokens end, relative rules move on."""
        self.ahead += timedelta(**amount)

    def store(self, handle: str) -> FakeStore:
        world: World = self.app.extensions["sandbox"]
        return FakeStore(self, world.stores[handle])

    def start_over(self) -> None:
        """Both stores empty, nobody installed, no moods."""
        world: World = self.app.extensions["sandbox"]
        self.deliver(None)
        for store in world.stores.values():
            store.reset(empty=True)
        self.app.extensions["sandbox_buckets"].empty()
        self.ahead = timedelta(0)
        for noted in (self.calls, self.sent, self.slept):
            noted.clear()

    def deliver(self, receiver: FlaskClient | None, late: bool = False) -> list[tuple[str, str]]:
        """Post the webhooks that are due; topic and answer of each attempt.

        With ``late`` all of them, as if enough time had passed: delayed ones, the attempts after a
        failure, and the request to erase a store 48 hours after it uninstalled.
        """
        courier: Courier = self.app.extensions["sandbox_courier"]
        self.receiver, before = receiver, len(self.sent)
        courier.run_due(late)
        return self.sent[before:]

    def answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        """What the sandbox says to a call of ``requests``."""
        parts = urlsplit(request.url or "")
        response = self.app.test_client().open(
            parts.path or "/",
            method=request.method,
            base_url=f"https://{parts.netloc}",
            query_string=parts.query,
            data=request.body,
            headers=list(request.headers.items()),
        )
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.calls.append(Call(request.method or "", path, response.status_code))
        return response.status_code, dict(response.headers), response.data

    def _post(self, delivery: Delivery, headers: dict[str, str]) -> str:
        if self.receiver is None:
            return "no answer: nobody receives webhooks in this test"
        path = urlsplit(delivery.address).path or "/"
        response = self.receiver.post(path, data=delivery.body.encode(), headers=headers)
        self.sent.append((delivery.topic, str(response.status_code)))
        return str(response.status_code)


@dataclass
class FakeStore:
    """One store and what a test may do to it. Verbs that need no answer give the store again."""

    platform: FakePlatform
    inside: Store
    """The sandbox's own store, for what has no verb here."""

    @property
    def handle(self) -> str:
        return self.inside.handle

    @property
    def url(self) -> str:
        return f"https://{self.inside.info.domain}"

    @property
    def token(self) -> str:
        """A private app's token, which opens everything."""
        return f"sandbox-{self.handle}"

    @property
    def moods(self) -> Moods:
        return self.inside.moods

    @property
    def calls(self) -> list[Call]:
        return self.platform.calls

    def answers(self, status: int, times: int = 1, path: str = "") -> FakeStore:
        """The next calls fail: ``answers(429, times=3, path="customers.json")``."""
        self.inside.answers(status, times, path)
        return self

    def answers_once(self, status: int, path: str = "") -> FakeStore:
        return self.answers(status, 1, path)

    def customer(self, **fields: Any) -> Customer:
        """A new customer: ``customer(email=..., email_consent=1, tags="vip")``."""
        for channel, name in CONSENTS.items():
            if f"{channel}_consent" in fields:
                fields[name] = {"state": fields.pop(f"{channel}_consent")}
        return people.create(self.inside, fields, "Open API")

    def has_segment(
        self, name: str, members: int | Iterable[Customer] = 0, rule: str = ""
    ) -> FakeStore:
        """A segment with so many new members, with these ones, or with whom a rule finds."""
        if rule:
            groups.create(self.inside, name, rule)
            return self
        tag = f"in {name}".replace(",", " ").replace(";", " ")
        groups.create(self.inside, name, f"tags:{tag}")
        for each in self._invented(name, members) if isinstance(members, int) else members:
            who = people.get(self.inside, each.id)
            people.edit(self.inside, who.id, {"tags": [*who.tags, tag]}, "Open API")
        return self

    def segment(self, name: str) -> Segment:
        return next(each for each in self.inside.segments.all() if each.name == name)

    def members(self, name: str) -> list[Customer]:
        return list(self.inside.members(self.segment(name)))

    def order(self, customer: Customer, amount: Any, paid: bool = True) -> Order:
        return buying.place(self.inside, customer.id, amount, paid)

    def subscribes(self, customer: Customer, channel: str = "email") -> FakeStore:
        return self._consents(customer, channel, 1)

    def unsubscribes(self, customer: Customer, channel: str = "email") -> FakeStore:
        return self._consents(customer, channel, 0)

    def deletes(self, customer: Customer) -> FakeStore:
        people.delete(self.inside, customer.id)
        return self

    def uninstalls(self) -> FakeStore:
        installs.uninstall(self.inside, self.platform.settings.app_key)
        return self

    def expires_tokens(self) -> FakeStore:
        installs.expire_tokens(self.inside)
        return self

    def deliver(self, receiver: FlaskClient, late: bool = False) -> list[tuple[str, str]]:
        """Post the webhooks that are due into the app under test; see the platform's."""
        return self.platform.deliver(receiver, late)

    def open_address(self) -> str:
        """The App URL as the Admin opens it, signed."""
        return links.open_address(self.platform.settings, self.inside, self._timestamp())

    def campaign_address(self, segment: str, channel: str = "email") -> str:
        """Where “Create Campaign” on a segment leads, as the moods spell it."""
        ref, moment = self.segment(segment).id, self._timestamp()
        settings = self.platform.settings
        return links.campaign_address(settings, self.inside, ref, channel, moment)

    def allow(self, authorize_url: str) -> str:
        """The merchant says yes on the authorize page; the address of the app's callback."""
        fragment = urlsplit(authorize_url).fragment
        form = {name: words[0] for name, words in parse_qs(fragment.partition("?")[2]).items()}
        path = f"/{self.handle}/admin/oauth-web/allow"
        answer = self.platform.app.test_client().post(path, data=form)
        if answer.status_code != 302:
            raise AssertionError(f"The authorize page refused: {answer.text}")
        return answer.headers["Location"]

    def _consents(self, customer: Customer, channel: str, state: int) -> FakeStore:
        change = {CONSENTS[channel]: {"state": state}}
        people.edit(self.inside, customer.id, change, "Open API")
        return self

    def _invented(self, name: str, count: int) -> list[Customer]:
        local = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "member"
        numbers = range(1, count + 1)
        return [
            self.customer(
                first_name="Member",
                last_name=f"{number}",
                email=f"{local}-{number}@example.com",
                email_consent=1,
            )
            for number in numbers
        ]

    def _timestamp(self) -> str:
        return str(int(self.platform.now().timestamp() * 1000))
