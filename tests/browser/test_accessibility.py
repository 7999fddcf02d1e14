"""axe-core finds nothing on any page, in light and dark, narrow and wide.

axe-core 4.14.1 (MPL-2.0) lies beside this file, unchanged; it is used by the tests alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.road.people import Admin, Demo, Marketer, button_value, inputs_of, until

from .conftest import sign_in
from .test_picker import INCLUDE, new_email, row

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "axe-core-4.14.1" / "axe.min.js").read_text(encoding="utf-8")
RUN = """() => axe.run(document, {resultTypes: ["violations"]}).then(found =>
  found.violations.flatMap(each => each.nodes.map(node =>
    each.id + ": " + node.html.slice(0, 200) + " | " + node.failureSummary.slice(0, 300))))"""


def complaints(page: Any) -> list[str]:
    """Of the page as it is now, in both schemes and widths."""
    page.evaluate(AXE)
    found = []
    for width, height in ((1280, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{page.url} {width} {scheme} {each}" for each in page.evaluate(RUN)]
    return found


@pytest.fixture(scope="module")
def sent(demo: Demo) -> str:
    """The path of a campaign that went to the Taipei regulars; VIP is excluded."""
    marketer, path = Marketer(demo.url), "/campaigns/new?channel=email"
    page = marketer.get(path).text
    for verb, name in (("include", "台北熟客"), ("include", "Wholesale"), ("exclude", "VIP")):
        pressed = button_value(page, "recipients", verb, name)
        page = marketer.press(path, page, **{"recipients-do": pressed}).text
    saved = marketer.press(path, page, name="Tea", subject="Hello", mark_ready="1")
    campaign = saved.headers["Location"]
    token = inputs_of(page)["csrf_token"]
    marketer.post(f"{campaign}/send", {"csrf_token": token})
    assert until(lambda: "/receipt" in marketer.get(campaign).text)
    assert until(lambda: "/outbox/" in marketer.get("/outbox/").text)
    return campaign


@pytest.fixture(scope="module")
def browser_page(chromium: Any, demo: Demo) -> Iterator[Any]:
    context = chromium.new_context()
    yield sign_in(context.new_page(), demo)
    context.close()


def links(page: Any, within: str) -> list[str]:
    found = page.locator(f"{within} a[href]").evaluate_all("all => all.map(each => each.href)")
    return sorted({each for each in found if not re.search(r"\.csv|\.json|#", each)})


def look_at(page: Any, *addresses: str) -> list[str]:
    found = []
    for address in addresses:
        page.goto(address)
        found += complaints(page)
    return found


def test_the_pages_of_the_plugin(browser_page: Any, demo: Demo, admin: Admin) -> None:
    ours = f"{demo.url}/smartpush"
    paths = ("/", "/segments", "/segments?show=trouble&q=nothing", "/segments/1", "/activity",
             "/activity/runs", "/activity/erasures", "/audiences/4711")  # fmt: skip
    found = look_at(browser_page, *(ours + path for path in paths))
    admin.create_segment("Heard of", "orders_count:>6;")
    someone = Marketer(demo.url)
    assert until(lambda: re.search(r"/activity/\d+", someone.get("/smartpush/activity").text))
    browser_page.goto(f"{ours}/activity")
    found += look_at(browser_page, links(browser_page, "tbody")[0])
    assert found == []


def test_the_recipients_of_a_campaign_and_each_of_their_lists(
    browser_page: Any, demo: Demo, sent: str
) -> None:
    page = browser_page
    page.goto(demo.url + sent)
    found = complaints(page)
    page.goto(links(page, "[data-smartpush-step]")[0].partition("/people")[0])
    found += complaints(page)
    steps = links(page, "[data-smartpush-step]")
    receipt = next(each for each in links(page, "main") if each.endswith("/receipt"))
    assert len(steps) > 3
    found += look_at(page, *steps, receipt)
    page.goto(steps[0])
    found += look_at(page, links(page, "#people-table")[0])
    assert found == []


def test_the_form_with_its_picker(browser_page: Any, demo: Demo) -> None:
    page = browser_page
    new_email(page, demo)
    found = complaints(page)
    page.click(f"{INCLUDE}-add")
    for name in ("VIP", "Newsletter readers"):
        row(page, INCLUDE, name).click()
        page.locator(f"{INCLUDE} .smartpush-chip", has_text=name).wait_for()
    found += complaints(page)
    page.fill(f"{INCLUDE}-q", "nothing of the kind")
    page.get_by_text("No segment is called").wait_for()
    found += complaints(page)
    assert found == []


def test_the_pages_of_the_example_dashboard(browser_page: Any, demo: Demo, sent: str) -> None:
    page = browser_page
    paths = ("/", "/campaigns/", "/campaigns/new", "/nowhere")
    found = look_at(page, *(demo.url + path for path in paths))
    page.goto(f"{demo.url}/outbox/")
    found += complaints(page)
    page.locator("main a", has_text="Hello").first.click()
    found += complaints(page)
    assert found == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "its headers break"


def test_what_strangers_see(chromium: Any, demo: Demo, sent: str) -> None:
    """The login, and the pages behind an unsubscribe link."""
    outbox = Marketer(demo.url)
    message = re.search(r'href="(/outbox/[^"]+)"', outbox.get("/outbox/").text)
    assert message
    link = re.search(r"/smartpush/unsubscribe/[\w.-]+", outbox.get(message[1]).text)
    assert link
    page = chromium.new_context().new_page()
    found = look_at(page, f"{demo.url}/login", demo.url + link[0], f"{demo.url}/smartpush/shopline")
    page.goto(demo.url + link[0])
    page.get_by_role("button").first.click()
    page.get_by_text("You are unsubscribed").wait_for()
    found += complaints(page)
    found += look_at(page, demo.url + link[0], demo.url + link[0][:-2])
    page.context.close()
    assert found == []


def test_the_admin_of_the_sandbox(chromium: Any, demo: Demo, admin: Admin) -> None:
    page = chromium.new_context().new_page()
    store = f"{demo.store}/admin"
    paths = ("", "/segments", "/segments/new", "/customers", "/customers/new", "/orders", "/apps",
             "/settings", "/webhooks", "/moods")  # fmt: skip
    found = look_at(page, *(store + path for path in paths))
    for kind in ("segments", "customers", "orders"):
        page.goto(f"{store}/{kind}")
        found += look_at(page, links(page, "tbody")[0])
    page.context.close()
    assert found == []
