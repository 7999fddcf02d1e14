"""Choose, exclude, save, look, change: in three dashboards, by mouse, by keys, without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import Dashboard

pytestmark = pytest.mark.browser
Browse = Callable[..., Any]


class Hand:
    """Somebody in front of one dashboard's form."""

    def __init__(self, page: Any, dashboard: Dashboard) -> None:
        self.page, self.root = page, f"#smartpush-picker-{dashboard.field}"

    def press(self, side: str, name: str) -> None:
        panel = self.page.locator(f"{self.root}-{side}-panel")
        if panel.get_attribute("open") is None:
            self.page.click(f"{self.root}-{side}-add")
        self.page.locator(f"{self.root}-{side} .smartpush-row", has_text=name).click()

    def has_chips(self, side: str, *names: str) -> None:
        chips = self.page.locator(f"{self.root}-{side} .smartpush-chip-name")
        expect(chips).to_have_text(list(names))

    def choose_all(self) -> None:
        self.press("include", "VIP")
        self.press("include", "Lapsed 90 days")
        self.has_chips("include", "VIP", "Lapsed 90 days")
        self.press("exclude", "Bought last week")
        self.has_chips("exclude", "Bought last week")

    def will_receive(self, count: int) -> None:
        summary = self.page.locator(f"{self.root}-summary")
        expect(summary).to_have_attribute("data-smartpush-recipients", str(count))


def recipients_on(page: Any) -> Any:
    return page.locator("[data-smartpush-recipients]:not([role=status])").first


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_campaign_is_chosen_saved_looked_at_and_changed(
    dashboard: Dashboard, browse: Browse, scripts: bool
) -> None:
    page = browse(scripts=scripts)
    hand = Hand(page, dashboard)
    dashboard.open_form(page, scripts)
    hand.choose_all()
    hand.will_receive(2)
    page.click("#save")
    page.wait_for_url(f"**{dashboard.saved}")
    expect(recipients_on(page)).to_have_text("2")

    page.locator("a.open").first.click()
    page.wait_for_url(f"**{dashboard.prefix}/audiences/*")
    expect(page.locator("h1.smartpush-title")).to_have_text("Recipients of a campaign")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280

    dashboard.people.segment("VIP", "1", "2")
    page.reload()
    page.get_by_role("button", name="Use v2").click()
    expect(page.get_by_role("button", name="Use v2")).to_have_count(0)
    expect(recipients_on(page)).to_have_text("2")
    assert f"{dashboard.prefix}/audiences/" in page.url, "back where the button was"

    dashboard.open_form(page, scripts)
    hand.has_chips("include", "VIP", "Lapsed 90 days")
    page.locator(f"{hand.root}-include .smartpush-chip-x").last.click()
    hand.has_chips("include", "VIP")
    page.click("#save")
    page.wait_for_url(f"**{dashboard.saved}")
    expect(recipients_on(page)).to_have_text("1")


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id"))


def tab_to(page: Any, wanted: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == wanted:
            return
    raise AssertionError(f"The keyboard does not reach {wanted}.")


def test_a_campaign_is_chosen_and_saved_by_keyboard_alone(
    dashboard: Dashboard, browse: Browse
) -> None:
    page = browse()
    hand = Hand(page, dashboard)
    root = hand.root[1:]
    page.goto(f"{dashboard.url}{dashboard.saved if dashboard.in_dialog else dashboard.form}")
    if dashboard.in_dialog:
        tab_to(page, "choose")
        page.keyboard.press("Enter")
        page.locator(hand.root).wait_for()
    for side, typed in (("include", "vip"), ("exclude", "bought")):
        tab_to(page, f"{root}-{side}-add")
        page.keyboard.press("Enter")
        page.locator(f"{hand.root}-{side}-q:focus").wait_for()
        page.keyboard.type(typed)
        expect(page.locator(f"{hand.root}-{side} .smartpush-row")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Space")
        expect(page.locator(f"{hand.root}-{side} .smartpush-chip")).to_have_count(1)
        page.keyboard.press("Escape")
        page.locator(f"{hand.root}-{side}-add:focus").wait_for()
    if dashboard.in_dialog:
        assert page.locator("dialog[open]").count(), "Escape closed our panel alone"
    hand.will_receive(2)
    tab_to(page, "save")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{dashboard.saved}")
    expect(recipients_on(page)).to_have_text("2")
