"""The picker in a real Chromium: by mouse, by keyboard, and without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.road.people import Admin, Demo

pytestmark = pytest.mark.browser

INCLUDE = "#smartpush-picker-recipients-include"
EXCLUDE = "#smartpush-picker-recipients-exclude"
PICKER = "#smartpush-picker-recipients"


def new_email(page: Any, demo: Demo) -> None:
    page.goto(f"{demo.url}/campaigns/new?channel=email")


def row(page: Any, side: str, name: str) -> Any:
    return page.locator(f"{side} button.smartpush-row", has_text=name)


def will_receive(page: Any) -> int:
    said = page.locator(PICKER).inner_text()
    found = re.search(r"Will receive:\s*([\d,]+)", said)
    assert found, said
    return int(found[1].replace(",", ""))


def adds_up(page: Any) -> bool:
    said = page.locator(f"{PICKER} .smartpush-equation").inner_text().replace("\n", " ")
    sum_line = re.search(r"([\d,]+) (?:chosen|contacts) = (.+)$", said)
    assert sum_line, said
    parts = [int(each.replace(",", "")) for each in re.findall(r"\b[\d,]*\d\b", sum_line[2])]
    return int(sum_line[1].replace(",", "")) == sum(parts)


def test_each_click_shows_an_exact_count_that_adds_up(page: Any, demo: Demo) -> None:
    new_email(page, demo)
    expect(page.locator(PICKER)).to_contain_text("nobody will receive this")
    page.click(f"{INCLUDE}-add")
    row(page, INCLUDE, "Newsletter readers").click()
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_have_count(1)
    before = will_receive(page)
    assert before > 0
    row(page, INCLUDE, "台北熟客").click()
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_have_count(2)
    assert adds_up(page)
    page.click(f"{EXCLUDE}-add")
    row(page, EXCLUDE, "Webinar guests").click()
    expect(page.locator(f"{EXCLUDE} .smartpush-chip")).to_have_count(1)
    assert adds_up(page)
    page.locator(f"{EXCLUDE} .smartpush-chip-x").click()
    expect(page.locator(f"{EXCLUDE} .smartpush-chip")).to_have_count(0)


def test_a_segment_is_never_on_both_sides(page: Any, demo: Demo) -> None:
    new_email(page, demo)
    page.click(f"{INCLUDE}-add")
    row(page, INCLUDE, "VIP").click()
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_have_count(1)
    page.click(f"{EXCLUDE}-add")
    row(page, EXCLUDE, "VIP").click()
    expect(page.locator(f"{EXCLUDE} .smartpush-chip")).to_have_count(1)
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_have_count(0)


def test_all_subscribed_contacts_take_the_place_of_segments(page: Any, demo: Demo) -> None:
    new_email(page, demo)
    page.click(f"{INCLUDE}-add")
    row(page, INCLUDE, "All subscribed contacts").click()
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_contain_text("All subscribed contacts")
    assert will_receive(page) > 1000
    assert adds_up(page)


def test_typing_searches_and_the_panel_stays_open(page: Any, demo: Demo) -> None:
    new_email(page, demo)
    page.click(f"{INCLUDE}-add")
    page.locator(f"{INCLUDE}-q").press_sequentially("台北")
    expect(page.locator(f"{INCLUDE} button.smartpush-row", has_text="VIP")).to_have_count(0)
    row(page, INCLUDE, "台北熟客").click()
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_have_count(1)
    expect(page.locator(f"{INCLUDE} details")).to_have_attribute("open", "")


def test_it_works_by_keyboard_alone(page: Any, demo: Demo) -> None:
    new_email(page, demo)
    page.locator(f"{INCLUDE}-add").focus()
    page.keyboard.press("Enter")
    target = row(page, INCLUDE, "Wholesale")
    for _ in range(40):
        if target.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_contain_text("Wholesale")
    expect(target).to_be_focused()
    page.keyboard.press("Escape")
    expect(target).to_be_hidden()


def test_enter_in_a_text_field_of_the_form_toggles_nothing(page: Any, demo: Demo) -> None:
    new_email(page, demo)
    page.click(f"{INCLUDE}-add")
    row(page, INCLUDE, "VIP").click()
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_have_count(1)
    page.fill("input[name=name]", "Entered")
    page.press("input[name=name]", "Enter")
    page.wait_for_url("**/campaigns/*")
    expect(page.locator("body")).to_contain_text("VIP")


def test_without_javascript_the_same_buttons_work(plain_page: Any, demo: Demo) -> None:
    page = plain_page
    new_email(page, demo)
    page.fill("input[name=name]", "Plain")
    page.fill("input[name=subject]", "Hello")
    page.click(f"{INCLUDE}-add")
    row(page, INCLUDE, "VIP").click()
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_contain_text("VIP")
    assert page.input_value("input[name=name]") == "Plain"
    assert adds_up(page)
    page.click("text=Mark ready")
    expect(page.locator("h1")).to_contain_text("Plain")


def test_nobody_chosen_cannot_be_marked_ready(page: Any, demo: Demo) -> None:
    new_email(page, demo)
    page.fill("input[name=name]", "For nobody")
    page.fill("input[name=subject]", "Hello")
    with page.expect_response(lambda answer: "/campaigns/new" in answer.url) as answer:
        page.click("text=Mark ready")
    assert answer.value.status == 422
    expect(page.locator(PICKER)).to_contain_text("Nobody would get this yet")
    assert page.input_value("input[name=name]") == "For nobody"


def test_a_newer_list_is_offered_and_never_taken_by_itself(
    page: Any, demo: Demo, admin: Admin
) -> None:
    ref = admin.create_segment("Three orders", "orders_count:>3;")
    page.goto(f"{demo.url}/smartpush/segments")
    expect(page.locator("body")).to_contain_text("Three orders", timeout=5000)
    new_email(page, demo)
    page.fill("input[name=name]", "Kept")
    page.click(f"{INCLUDE}-add")
    row(page, INCLUDE, "Three orders").click()
    expect(page.locator(f"{INCLUDE} .smartpush-chip")).to_have_count(1)
    kept = will_receive(page)
    page.click("text=Save draft")
    page.wait_for_url("**/campaigns/*")
    campaign = page.url
    admin.change_rule(ref, "Three orders", "orders_count:>2;")
    page.goto(f"{demo.url}/smartpush/segments")
    expect(page.locator("tr, li, article", has_text="Three orders").first).to_contain_text(
        "v2", timeout=5000
    )
    page.goto(campaign)
    assert re.search(rf"\b{kept:,}\b", page.locator("main").inner_text())
    page.click("text=Use v2")
    expect(page.locator("main")).not_to_contain_text("Use v2")
    assert not re.search(rf"^{kept:,}$", page.locator("main").inner_text(), re.M)
