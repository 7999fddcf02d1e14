"""The pages in a real Chromium: they fit, follow the Admin, and stop asking when all is done."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.road.people import Admin, Demo

from .conftest import sign_in

pytestmark = pytest.mark.browser

PATHS = [
    "/",
    "/smartpush/",
    "/smartpush/segments",
    "/smartpush/segments/1",
    "/smartpush/activity",
    "/smartpush/activity/runs",
    "/campaigns/",
    "/campaigns/new?channel=email",
    "/campaigns/new?channel=sms",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_page_scrolls_sideways(
    chromium: Any, demo: Demo, viewport: dict[str, int], path: str
) -> None:
    context = chromium.new_context(viewport=viewport)
    page = sign_in(context.new_page(), demo)
    page.goto(demo.url + path)
    width = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert width <= viewport["width"]


def test_no_filter_is_cut_off(chromium: Any, demo: Demo) -> None:
    """Not even beyond the edge of something that can be scrolled: nobody would look there."""
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = sign_in(context.new_page(), demo)
    page.goto(f"{demo.url}/smartpush/activity")
    boxes = [each.bounding_box() for each in page.locator(".smartpush-filters a").all()]
    context.close()
    assert len(boxes) == 9
    assert all(each["x"] >= 0 and each["x"] + each["width"] <= 390 for each in boxes)


@pytest.mark.parametrize("width", [1280, 1000, 800])
@pytest.mark.parametrize("path", ["segments", "activity/runs"])
def test_no_column_is_cut_off_beside_a_dashboards_sidebar(
    chromium: Any, demo: Demo, width: int, path: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900})
    page = sign_in(context.new_page(), demo)
    page.goto(f"{demo.url}/smartpush/{path}")
    card = page.locator(".smartpush-card-flush")
    inside, wide = card.evaluate("card => [card.scrollWidth, card.clientWidth]")
    states = [each.bounding_box() for each in page.locator(".smartpush-cell-state").all()]
    context.close()
    assert inside == wide and states
    assert all(each["x"] + each["width"] <= width for each in states)


def test_a_rename_in_the_admin_is_on_the_page_within_two_seconds(
    page: Any, demo: Demo, admin: Admin
) -> None:
    ref = admin.create_segment("Before", "orders_count:>5;")
    page.goto(f"{demo.url}/smartpush/segments")
    expect(page.locator("body")).to_contain_text("Before", timeout=4000)
    admin.rename_segment(ref, "Afterwards")
    expect(page.locator("body")).to_contain_text("Afterwards", timeout=4000)
    admin.api("DELETE", f"customer_saved_searches/{ref}.json")


def test_check_now_reads_the_segment_again(page: Any, demo: Demo) -> None:
    page.goto(f"{demo.url}/smartpush/segments/1")
    page.click("text=Check now")
    expect(page.locator("body")).to_contain_text("Matches", timeout=8000)


def test_the_overview_stops_asking_when_nothing_is_under_way(page: Any, demo: Demo) -> None:
    page.goto(f"{demo.url}/smartpush/")
    expect(page.locator("[data-smartpush-poll]")).to_have_count(0, timeout=15000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3000)
    assert [url for url in asked if "progress" in url] == []


def test_create_campaign_opens_the_form_with_the_segment_after_signing_in(
    chromium: Any, demo: Demo
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{demo.store}/admin/segments")
    page.locator("tr", has_text="VIP").locator("summary").click()
    page.locator("tr", has_text="VIP").locator("text=SmartPush Email Campaign").click()
    page.click("a:has-text('Sign in')")
    page.fill("input[name=email]", "demo@example.com")
    page.fill("input[name=password]", "demo")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/campaigns/new**")
    expect(page.locator(".smartpush-chip")).to_contain_text("VIP")
    context.close()
