"""Sending a campaign asks first, in a dialog or on a page, and then does it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.road.people import Demo, Marketer, button_value

from .test_accessibility import complaints

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def make_ready(demo: Demo) -> Callable[..., str]:
    """(segment's name) -> the path of a campaign that is ready to be sent to it."""

    def make(segment: str, name: str = "Tea") -> str:
        marketer, path = Marketer(demo.url), "/campaigns/new?channel=email"
        page = marketer.get(path).text
        pressed = button_value(page, "recipients", "include", segment)
        page = marketer.press(path, page, **{"recipients-do": pressed}).text
        saved = marketer.press(path, page, name=name, subject="Hello", mark_ready="1")
        return str(saved.headers["Location"])

    return make


def test_send_now_asks_in_a_dialog_and_is_worked_by_keyboard(
    page: Any, demo: Demo, make_ready: Callable[..., str]
) -> None:
    page.goto(demo.url + make_ready("VIP"))
    link = page.get_by_role("link", name="Send now")
    people = page.inner_text("[data-smartpush-recipients]")
    link.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Send this email now?")
    dialog.wait_for()
    assert re.search(rf"Campaign\s+Tea\s+To\s+{people} people\s+By\s+Email", dialog.inner_text())
    assert "at once:" in dialog.inner_text()
    assert page.evaluate("document.activeElement.textContent") == "Do not send"
    assert complaints(page) == []
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent") == "Send now"
    assert "Goes out" not in page.inner_text("main")
    page.keyboard.press("Enter")
    dialog.wait_for()
    page.keyboard.press("Enter")  # on what does not send
    dialog.wait_for(state="detached")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Send to {people} people").focus()
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("Goes out now|Being sent since|Sent on")).first.wait_for()


def test_without_javascript_a_page_asks(
    plain_page: Any, demo: Demo, make_ready: Callable[..., str]
) -> None:
    page, path = plain_page, make_ready("Wholesale")
    page.goto(demo.url + path)
    page.get_by_role("link", name="Send now").click()
    page.wait_for_url("**/send")
    page.get_by_role("link", name="Do not send").click()
    page.wait_for_url(f"**{path}")
    page.get_by_role("link", name="Send now").click()
    page.get_by_role("button", name=re.compile(r"Send to \d+ p")).click()
    page.wait_for_url(f"**{path}")
    page.get_by_text(re.compile("Goes out now|Being sent since|Sent on")).first.wait_for()


def test_the_page_that_asks_is_open_to_everybody(
    page: Any, demo: Demo, make_ready: Callable[..., str]
) -> None:
    page.goto(demo.url + make_ready("VIP") + "/send")
    assert complaints(page) == []


def test_the_page_follows_what_the_panel_does(
    page: Any, demo: Demo, make_ready: Callable[..., str]
) -> None:
    """The badge and the dashboard's own controls are never behind the panel."""
    page.goto(demo.url + make_ready("VIP", "Follows"))
    page.fill("#at", "2099-01-01T10:00")
    page.get_by_role("button", name="Schedule").click()
    badge = page.locator(".page-head .status")
    badge.get_by_text("Scheduled").wait_for()
    assert page.locator("#at").count() == 0
    page.get_by_role("button", name="Cancel", exact=True).click()
    badge.get_by_text("Cancelled").wait_for()
    page.get_by_role("link", name="Send now").click()
    page.get_by_role("button", name=re.compile(r"Send to \d+ p")).click()
    badge.get_by_text("Sent").wait_for()
    assert page.get_by_role("link", name="Edit").count() == 0
    assert page.get_by_text("people got this email").count() == 1
