"""A campaign from Monday to Friday in a real Chromium, with the clock moved from day to day.

The dashboard is the example, the store is the sandbox; who ought to receive it is worked out from
the store's own customers, without a line of the plugin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
import time_machine
from flask import Flask
from playwright.sync_api import expect

from examples.dashboard import create_app
from examples.dashboard.config import Place, settings
from examples.dashboard.plugin import smartpush
from examples.dashboard.seed import DEMO_EMAIL, DEMO_PASSWORD, fill_tables
from smartpush_shopline.runner.ringing import tick
from smartpush_shopline.sandbox import Running, Settings, running
from smartpush_shopline.sandbox.model import Customer
from smartpush_shopline.sandbox.state import Store
from tests.hosting import Address, listening
from tests.road.people import Admin, Marketer

pytestmark = pytest.mark.browser
TAIPEI = ZoneInfo("Asia/Taipei")
MONDAY = datetime(2026, 11, 30, 9, tzinfo=TAIPEI)
UNSUBSCRIBED, SUBSCRIBED, NOT_SUBSCRIBED = 0, 1, 2
VIP, LAPSED, BOUGHT = "Best customers", "Lapsed 90 days", "Bought last week"
INCLUDE = "#smartpush-picker-recipients-include"
EXCLUDE = "#smartpush-picker-recipients-exclude"


@dataclass
class Week:
    """The dashboard, the store, and the only clock they have."""

    app: Flask
    url: str
    platform: Running
    clock: Any
    outbox: Path
    refs: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.platform.world.stores["alder"]

    @property
    def admin(self) -> Admin:
        return Admin(f"{self.platform.url}/alder")

    def at(self, day: int, hour: int) -> None:
        """So many days after Monday; every midnight on the way is lived through."""
        wanted = (MONDAY + timedelta(days=day)).replace(hour=hour)
        while (now := datetime.now(TAIPEI)) < wanted:
            midnight = (now + timedelta(days=1)).replace(hour=0, minute=30)
            self.clock.move_to(min(midnight, wanted))
            tick(self.app)

    def settle(self) -> None:
        """What happened in the Admin was told, and a minute went by."""
        assert self.platform.courier.drain(10)
        self.clock.shift(timedelta(minutes=1))
        tick(self.app)

    def members(self, name: str) -> set[str]:
        rule = self.store.segments.get(self.refs[name])
        return {customer.id for customer in self.store.members(rule)}

    def customer(self, ref: str) -> Customer:
        found = self.store.customers.get(ref)
        assert found
        return found

    def sent_to(self) -> list[str]:
        messages = (message_from_bytes(file.read_bytes()) for file in self.outbox.glob("*.eml"))
        return sorted(str(message["To"]) for message in messages)


@pytest.fixture
def week(tmp_path: Path) -> Iterator[Week]:
    with (
        time_machine.travel(MONDAY - timedelta(hours=1), tick=True) as clock,
        running(Settings(bucket=0, retry_factor=0.0, customers=300)) as platform,
        listening() as address,
    ):
        app = made_app(tmp_path, platform, address)
        week = Week(app, address.url, platform, clock, tmp_path / "outbox")
        rules = {
            VIP: "total_spent:>=8000",
            LAPSED: "last_order_time:<-90d",
            BOUGHT: "last_order_time:>=-7d",
        }
        week.refs = {name: week.admin.create_segment(name, rule) for name, rule in rules.items()}
        Marketer(week.url).connect(f"{platform.url}/alder")
        week.settle()
        week.at(0, 9)
        yield week
        assert platform.courier.drain(10)
        address.app = None


def made_app(folder: Path, platform: Running, address: Address) -> Flask:
    config = settings(Place(data_dir=folder))
    app = create_app(
        config
        | {
            "SMARTPUSH_RUNNER": "inline",
            "SMARTPUSH_PUBLIC_URL": address.url,
            "SMARTPUSH_STORE_BASE_URL": f"{platform.url}/{{handle}}",
        }
    )
    with app.app_context():
        fill_tables()
        smartpush.upgrade_database()
    address.app = app
    world = platform.world
    world.settings = replace(world.settings, app_url=f"{address.url}/smartpush/shopline")
    return app


@pytest.fixture
def page(chromium: Any, week: Week) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    faults: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{week.url}/login")
    page.fill("input[name=email]", DEMO_EMAIL)
    page.fill("input[name=password]", DEMO_PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{week.url}/")
    yield page
    context.close()
    assert faults == []


def is_subscribed(customer: Customer) -> bool:
    return has_mailbox(customer) and customer.email_consent.flag == SUBSCRIBED


def may_subscribe(customer: Customer) -> bool:
    return has_mailbox(customer) and customer.email_consent.flag == NOT_SUBSCRIBED


def has_mailbox(customer: Customer) -> bool:
    return bool(customer.email) and customer.state != 0


def test_a_campaign_from_monday_to_friday(week: Week, page: Any) -> None:
    monday_the_overview_says_what_is_fresh(week, page)
    campaign, saved = monday_a_campaign_is_scheduled(week, page)
    tuesday_a_colleague_changes_the_rule(week, page, campaign)
    gone = wednesday_people_change_their_minds(week, saved)
    expected = sorted({str(week.customer(ref).email) for ref in saved - gone})
    thursday_it_goes_out(week, page, campaign, expected)
    friday_one_page_says_who_got_it(week, page, campaign, expected)


def says(page: Any, *words: str) -> None:
    for each in words:
        expect(page.locator("main")).to_contain_text(each)


def monday_the_overview_says_what_is_fresh(week: Week, page: Any) -> None:
    page.goto(f"{week.url}/smartpush/")
    says(page, "segments match the Admin", "Next nightly check", "1 Dec, 00:00", "Asia/Taipei")


def monday_a_campaign_is_scheduled(week: Week, page: Any) -> tuple[str, set[str]]:
    page.goto(f"{week.url}/campaigns/new?channel=email")
    page.fill("input[name=name]", "December")
    page.fill("input[name=subject]", "Hello {first_name}")
    for side, name in ((INCLUDE, VIP), (INCLUDE, LAPSED), (EXCLUDE, BOUGHT)):
        if not page.locator(f"{side} details[open]").count():
            page.click(f"{side}-add")
        page.locator(f"{side} button.smartpush-row", has_text=name).click()
        expect(page.locator(f"{side} .smartpush-chip", has_text=name)).to_have_count(1)
    page.locator(f"{EXCLUDE} .smartpush-chip-policy").click()
    expect(page.locator(f"{EXCLUDE} .smartpush-chip-policy[aria-pressed=true]")).to_have_count(1)
    page.get_by_role("button", name="Mark ready").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+$"))
    page.fill("#at", "2026-12-03T10:00")
    page.get_by_role("button", name="Schedule").click()
    says(page, "3 Dec", "10:00", "Asia/Taipei")
    chosen = (week.members(VIP) | week.members(LAPSED)) - week.members(BOUGHT)
    return page.url, {ref for ref in chosen if is_subscribed(week.customer(ref))}


def tuesday_a_colleague_changes_the_rule(week: Week, page: Any, campaign: str) -> None:
    week.at(1, 11)
    before = week.members(VIP)
    week.admin.change_rule(week.refs[VIP], VIP, "total_spent:>=6000")
    week.settle()
    joined = len(week.members(VIP) - before)
    assert joined
    page.goto(campaign)
    question = page.locator("[data-smartpush-question=newer]", has_text=VIP)
    why = "because its rule changed: spend at least 8,000 → at least 6,000"
    for words in ("Version 2 exists:", f"+{joined} −0", why, "Use v2"):
        expect(question).to_contain_text(words)
    question.get_by_role("button", name="Keep v1").click()
    expect(question).to_have_count(0)


def wednesday_people_change_their_minds(week: Week, saved: set[str]) -> set[str]:
    """One recipient unsubscribes, one outsider subscribes, one recipient buys."""
    week.at(2, 15)
    unsubscribes, buys, *_others = sorted(saved)
    outsider = min(ref for ref in week.members(LAPSED) - saved if may_subscribe(week.customer(ref)))
    week.admin.set_email_consent(unsubscribes, UNSUBSCRIBED)
    week.admin.set_email_consent(outsider, SUBSCRIBED)
    order = {"customer_id": buys, "amount": "49.90"}
    placed = requests.post(f"{week.platform.url}/alder/_sandbox/orders", json=order, timeout=30)
    assert placed.ok, placed.text
    week.settle()
    assert buys in week.members(BOUGHT)
    assert is_subscribed(week.customer(outsider))
    return {unsubscribes, buys}


def thursday_it_goes_out(week: Week, page: Any, campaign: str, expected: list[str]) -> None:
    week.at(3, 9)
    assert week.sent_to() == []
    week.at(3, 10)
    week.settle()
    assert week.sent_to() == expected
    page.goto(campaign)
    says(page, "Sent on 3 Dec 2026, 10:00.")


def friday_one_page_says_who_got_it(
    week: Week, page: Any, campaign: str, expected: list[str]
) -> None:
    week.at(4, 9)
    page.goto(campaign)
    page.get_by_role("link", name="Receipt").first.click()
    today = week.members(VIP) | week.members(LAPSED)
    fewer = len(today) - len(expected)
    says(page, "In the Admin on", f"{fewer} fewer", "Adds up to the person", "Asia/Taipei")
    expect(page.locator("[data-smartpush-sent]")).to_have_text(str(len(expected)))
    lines = page.locator("[data-smartpush-line]")
    numbers = [int(text.replace(",", "").replace("−", "-")) for text in
               lines.locator(".smartpush-number").all_inner_texts()]
    assert (numbers[0], numbers[-1]) == (len(today), len(expected))
    assert sum(numbers[:-1]) == numbers[-1]
