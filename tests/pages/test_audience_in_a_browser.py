"""The page of an audience in a real Chromium, under a policy that allows no inline anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from smartpush_shopline.audiences import saving
from smartpush_shopline.audiences.choice import Choice
from tests.pages.test_in_a_browser import address  # noqa: F401  a fixture
from tests.support import BEA, NOW, People, says

pytestmark = pytest.mark.browser


@pytest.fixture
def audience(cast: People) -> int:
    cast.take(replace(BEA, email_consent=says("subscribed", NOW), updated_at=NOW))
    one, two = cast.segment("VIP", "1", "2", "3"), cast.segment("Lapsed", "2", "4")
    choice = Choice(cast.shop_id, "email")
    for each in (one, two):
        choice = choice.toggle("include", each.id, each.current_version_id)
    with cast.begin() as session:
        made = saving.save(session, choice, "campaign-7", NOW).id
    cast.segment("VIP", "1", "4")
    return made


def is_complaint(said: Any) -> bool:
    """Not what finds the server gone at the end of a test, and what htmx then says of it."""
    gone = ("net::ERR_", "htmx:sendError", "htmx:afterRequest")
    return said.type in ("error", "warning") and not any(each in said.text for each in gone)


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


def test_a_number_is_opened_searched_and_asked_about_by_keyboard(
    page: Any, address: str, audience: int  # noqa: F811
) -> None:
    page.goto(f"{address}/smartpush/audiences/{audience}")
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, "nothing hangs over the side"
    page.focus('[data-smartpush-step="union"] a')
    page.keyboard.press("Enter")
    page.wait_for_url("**/people?step=union")
    page.keyboard.press("Tab")
    page.focus("#people-q")
    page.keyboard.type("dee")
    page.locator("#people-table tbody tr").nth(0).filter(has_text="Dee Lin").wait_for()
    page.locator("#people-table a").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Dee Lin does not get this email.").wait_for()


def test_an_answer_swaps_the_panel(
    page: Any, address: str, audience: int  # noqa: F811
) -> None:
    page.goto(f"{address}/smartpush/audiences/{audience}")
    page.locator("[data-smartpush-taken]").wait_for()
    page.get_by_role("button", name="Use v2").click()
    page.get_by_text("VIP").first.wait_for()
    page.locator("#audience-between").wait_for(state="detached")
    assert "v2 · 24 Nov" in page.inner_text("main")
    page.fill("#audience-why-q", "lin")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Cyd Lin").click()
    page.get_by_text("Cyd Lin does not get this email.").wait_for()


def test_an_answer_by_keyboard_leaves_the_focus_on_the_panel(
    page: Any, address: str, audience: int  # noqa: F811
) -> None:
    page.goto(f"{address}/smartpush/audiences/{audience}")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Use v2":
            break
    page.keyboard.press("Enter")
    page.locator(f"#audience-panel-{audience}:focus").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('section') !== null")


def test_without_javascript_it_is_read_asked_and_answered(
    chromium: Any, address: str, audience: int  # noqa: F811
) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/smartpush/audiences/{audience}")
    page.click('[data-smartpush-step="union"] a')
    page.fill("input[type=search]", "dee")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=dee**")
    assert page.locator("#people-table tbody tr").count() == 1
    page.get_by_role("link", name="Dee Lin").click()
    page.get_by_text("Dee Lin does not get this email.").wait_for()
    page.goto(f"{address}/smartpush/audiences/{audience}")
    page.get_by_role("button", name="Use v2").click()
    page.get_by_text("v2 · 24 Nov").wait_for()
    assert page.url.endswith(f"/smartpush/audiences/{audience}")
    page.fill("#audience-why-q", "ada@example.com")
    page.keyboard.press("Enter")
    page.get_by_text("Ada Lin gets this email").first.wait_for()
    page.context.close()
