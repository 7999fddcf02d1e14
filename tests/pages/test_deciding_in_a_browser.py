"""What a marketer decides on the page of an audience, in a real Chromium: with JavaScript under a
strict policy, and without any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from smartpush_shopline.audiences import saving, smart
from smartpush_shopline.audiences.choice import Choice
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.audiences.sending import holding, scheduling
from tests.browser.test_accessibility import complaints
from tests.pages.conftest import Rights
from tests.pages.test_audience_in_a_browser import is_complaint
from tests.pages.test_in_a_browser import address  # noqa: F401  a fixture
from tests.support import BEA, NOW, People, says

pytestmark = pytest.mark.browser


@pytest.fixture
def willing(cast: People, rights: Rights) -> People:
    """Ada and Bea may be written to by e-mail; the person in front may send."""
    rights.actions.add("send")
    cast.take(replace(BEA, email_consent=says("subscribed", NOW), updated_at=NOW))
    return cast


@pytest.fixture
def audience(willing: People) -> int:
    vip = willing.segment("VIP", "1", "2")
    choice = Choice(willing.shop_id, "email").toggle("include", vip.id, vip.current_version_id)
    with willing.begin() as session:
        return saving.save(session, choice.with_policy(vip.id, "newest"), "c", NOW).id


@pytest.fixture
def held(willing: People, audience: int, host: Flask) -> int:
    """VIP lost one of its two people, and the campaign is due."""
    with willing.begin() as session:
        scheduling.schedule(session, session.get_one(Audience, audience), NOW, 0.2)
    willing.segment("VIP", "1")
    with host.app_context():
        holding.hold_and_tell(host.extensions["smartpush"], audience, "held")
    return audience


@pytest.fixture
def row(willing: People) -> Callable[[int], Audience]:
    def read(audience_id: int) -> Audience:
        with willing.database.read() as session:
            return session.get_one(Audience, audience_id)

    return read


@pytest.fixture(params=[(390, "dark"), (1280, "light")], ids=["narrow", "wide"])
def page(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    width, scheme = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def plain(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def written(people: People, audience: int, *refs: str, hours_ago: int) -> None:
    with people.begin() as session:
        found = session.get_one(Audience, audience)
        at = NOW - timedelta(hours=hours_ago)
        smart.record(session, found, people.numbers(*refs), at)


def test_what_is_held_says_until_when_and_goes_on_by_a_button(
    page: Any, address: str, held: int, row: Any  # noqa: F811
) -> None:
    page.goto(f"{address}/smartpush/audiences/{held}")
    said = page.locator("[data-smartpush-held]").inner_text()
    assert "Held: “VIP” moved 50 %." in said
    assert "Decide by Tue 24 Nov, 14:00 (Asia/Taipei), otherwise it is cancelled." in said
    page.get_by_role("button", name="Send to 1 with VIP v2").wait_for()
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_role("button", name="Send to 2 as saved").click()
    page.get_by_text("Goes out now.").wait_for()
    assert (row(held).state, row(held).decide_by) == ("scheduled", None)


def test_what_happens_when_nobody_decides_is_changed_on_the_page(
    page: Any, plain: Any, address: str, held: int, row: Any  # noqa: F811
) -> None:
    changed = "otherwise what was saved is sent."
    page.goto(f"{address}/smartpush/audiences/{held}")
    assert complaints(page) == []
    page.get_by_label("If nobody decides").select_option("send what was saved")
    page.get_by_label("Decide by").select_option("4 hours later")
    page.get_by_role("button", name="Change").click()
    page.get_by_text(f"Decide by Tue 24 Nov, 18:00 (Asia/Taipei), {changed}").wait_for()
    plain.goto(f"{address}/smartpush/audiences/{held}")
    plain.get_by_label("If nobody decides").select_option("cancel it")
    plain.get_by_role("button", name="Change").click()
    plain.get_by_text("otherwise it is cancelled.").wait_for()
    assert row(held).otherwise == "cancel"


@pytest.mark.parametrize(
    ("button", "state"), [("Send to 1 with VIP v2", "scheduled"), ("Cancel", "cancelled")]
)
def test_the_same_without_javascript(
    plain: Any, address: str, held: int, row: Any, button: str, state: str  # noqa: F811
) -> None:
    plain.goto(f"{address}/smartpush/audiences/{held}")
    plain.get_by_role("button", name=button).click()
    plain.wait_for_url(f"**/audiences/{held}")
    assert row(held).state == state
    assert "Held:" not in plain.inner_text("body")


def test_a_slider_shows_at_once_whom_it_would_skip(
    page: Any, address: str, willing: People, audience: int, row: Any  # noqa: F811
) -> None:
    written(willing, audience, "1", hours_ago=3)
    written(willing, audience, "2", hours_ago=30)
    page.goto(f"{address}/smartpush/audiences/{audience}")
    page.get_by_label("They are skipped").check()
    result = page.locator("#audience-smart-result")
    result.get_by_text("1 of 2 would be skipped.").wait_for()
    slider = page.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("End")
    result.get_by_text("2 of 2 would be skipped.").wait_for()
    assert page.input_value("#audience-smart-hours") == "120"
    assert "(Asia/Taipei)" in result.inner_text()
    page.keyboard.press("Home")
    result.get_by_text("None of the 2 was written to within it.").wait_for()
    page.fill("#audience-smart-hours", "20")
    page.keyboard.press("Tab")
    result.get_by_text("1 of 2 would be skipped.").wait_for()
    assert slider.input_value() == "20"
    page.get_by_role("button", name="Keep for this campaign").click()
    page.locator('[data-smartpush-step="recently_written"]').wait_for()
    assert (row(audience).smart_mode, row(audience).smart_hours) == ("skip", 20)
    assert page.inner_text("[data-smartpush-recipients]") == "1"
    assert page.locator(".smartpush-adds-up").count() == 1
    page.click('[data-smartpush-step="recently_written"] a')
    page.get_by_text("ada@example.com").wait_for()


def test_a_tab_does_not_stand_in_its_own_way(
    page: Any, address: str, willing: People, audience: int, row: Any  # noqa: F811
) -> None:
    """An answer swaps the panel; the form of smart sending below it stays and knows of it."""
    willing.segment("VIP", "1", "2", "3")
    page.goto(f"{address}/smartpush/audiences/{audience}")
    page.get_by_role("button", name="Use v2").click()
    page.locator("#audience-between").wait_for(state="detached")
    page.fill("#audience-smart-hours", "20")
    page.keyboard.press("Tab")
    page.locator('input[type=range][value="20"]').wait_for()
    with page.expect_navigation(url=f"**/audiences/{audience}"):
        page.get_by_role("button", name="Keep for this campaign").click()
    assert row(audience).smart_hours == 20


def test_without_javascript_the_window_is_a_number_and_a_button(
    plain: Any, address: str, willing: People, audience: int, row: Any  # noqa: F811
) -> None:
    written(willing, audience, "1", hours_ago=30)
    plain.goto(f"{address}/smartpush/audiences/{audience}")
    assert not plain.locator("input[type=range]").is_visible()
    plain.check("input[value=skip]")
    plain.fill("#audience-smart-hours", "48")
    plain.get_by_role("button", name="Show").click()
    plain.get_by_text("1 of 2 would be skipped.").wait_for()
    assert row(audience).smart_hours is None, "only looked at"
    plain.get_by_role("button", name="Keep for this campaign").click()
    plain.wait_for_url(f"**/audiences/{audience}")
    assert (row(audience).smart_mode, row(audience).smart_hours) == ("skip", 48)

