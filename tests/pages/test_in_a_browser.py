"""The pages in a real Chromium, under a content security policy that allows no inline anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response
from werkzeug.serving import make_server

from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shops.models import Shop
from smartpush_shopline.sync import runs
from smartpush_shopline.sync.models import IMPORT
from tests.support import NOW, People

pytestmark = pytest.mark.browser
KINDS = ("script", "style", "img", "connect")
POLICY = "; ".join(["default-src 'none'", *(f"{kind}-src 'self'" for kind in KINDS)])
PICKER = "#smartpush-picker-email"
INCLUDE, EXCLUDE = f"{PICKER}-include", f"{PICKER}-exclude"


@pytest.fixture
def address(host: Flask) -> Iterator[str]:
    @host.after_request
    def be_strict(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    server = make_server("127.0.0.1", 0, host, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def segments(cast: People) -> dict[str, Segment]:
    names = ("Alpha", "Beta", "Gamma", "台北熟客")
    return {name: cast.segment(name, *"1234"[: n + 1]) for n, name in enumerate(names)}


def is_complaint(said: Any) -> bool:
    """Not the polls that find the server gone at the end of a test."""
    return said.type in ("error", "warning") and "net::ERR_" not in said.text


@pytest.fixture
def page(chromium: Any, address: str, segments: dict[str, Segment]) -> Iterator[Any]:
    """Fails on any complaint of the browser, so on any break of the policy."""
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
    yield page
    context.close()
    assert complaints == []


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id"))


def has_settled(page: Any, words: str) -> None:
    page.locator(f"{PICKER}-summary", has_text=words).wait_for()


def has_rows(page: Any, count: int) -> None:
    from playwright.sync_api import expect

    expect(page.locator(f"{INCLUDE} .smartpush-row")).to_have_count(count)


def test_quick_clicks_are_all_kept(
    page: Any, address: str, segments: dict[str, Segment]
) -> None:
    page.goto(f"{address}/form")
    page.click(f"{INCLUDE}-add")
    ids = [f"{INCLUDE[1:]}-row-segment-{segment.id}" for segment in segments.values()]
    page.evaluate("ids => ids.forEach(id => document.getElementById(id).click())", ids)
    page.locator(f"{INCLUDE} .smartpush-chip").nth(3).wait_for()
    has_settled(page, "4 chosen")


def test_the_panel_is_used_by_keyboard_alone(page: Any, address: str) -> None:
    page.goto(f"{address}/form")
    page.focus(f"{INCLUDE}-add")
    page.keyboard.press("Enter")
    page.locator(f"{INCLUDE}-q:focus").wait_for()
    page.keyboard.type("台")
    has_rows(page, 1)
    page.keyboard.press("Enter")  # searches, and does not send the dashboard's form
    page.keyboard.press("ArrowDown")
    row = focused(page)
    assert "-row-segment-" in row
    page.keyboard.press("Space")
    has_settled(page, "4 chosen")
    page.locator(f"#{row}:focus").wait_for()
    assert page.input_value(f"{INCLUDE}-q") == "台"
    page.keyboard.press("Escape")
    assert focused(page) == f"{INCLUDE[1:]}-add"
    assert not page.evaluate(f"document.querySelector('{INCLUDE}-panel').open")
    assert page.url == f"{address}/form"


def test_more_rows_are_shown_by_keyboard_and_a_late_one_is_chosen(
    page: Any, address: str, cast: People
) -> None:
    last = [cast.segment(f"Number {at:02}", "1") for at in range(25)][-1]
    page.goto(f"{address}/form")
    page.click(f"{INCLUDE}-add")
    page.focus(f"{INCLUDE}-more")
    page.keyboard.press("Enter")
    page.locator(f"{INCLUDE}-row-segment-{last.id}").wait_for()
    page.click(f"{INCLUDE}-row-segment-{last.id}")
    has_settled(page, "1 chosen")
    page.locator(f"{INCLUDE}-row-segment-{last.id}[aria-pressed=true]").wait_for()


def test_removing_a_chip_leaves_the_focus_nearby(
    page: Any, address: str, segments: dict[str, Segment]
) -> None:
    page.goto(f"{address}/form")
    page.click(f"{EXCLUDE}-add")
    page.click(f"{EXCLUDE}-row-segment-{segments['Alpha'].id}")
    page.locator(f"{EXCLUDE} .smartpush-chip").wait_for()
    page.focus(f"{EXCLUDE} .smartpush-chip-x")
    page.keyboard.press("Enter")
    page.locator(f"{EXCLUDE}-add:focus").wait_for()


def test_saving_waits_for_the_answer_to_the_last_click(
    page: Any, address: str, segments: dict[str, Segment]
) -> None:
    page.goto(f"{address}/form")
    page.click(f"{INCLUDE}-add")
    page.evaluate(
        """([row, save]) => { document.getElementById(row).click();
                              document.querySelector(save).click(); }""",
        [f"{INCLUDE[1:]}-row-segment-{segments['Beta'].id}", "button[name=save]"],
    )
    page.locator("#saved", has_text="True").wait_for()
    assert page.locator(f"{INCLUDE} .smartpush-chip").inner_text().startswith("Beta")


def test_a_change_appears_on_the_open_list_by_itself(
    page: Any, address: str, cast: People
) -> None:
    page.goto(f"{address}/smartpush/segments")
    cast.segment("Made meanwhile", "1")
    page.locator("text=Made meanwhile").wait_for(timeout=5000)
    assert page.locator("tr.smartpush-changed").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/smartpush/", "/smartpush/segments", "/smartpush/segments/1", "/form"]
)
def test_nothing_is_wider_than_a_telephone(
    page: Any, address: str, cast: People, path: str, scheme: str
) -> None:
    cast.segment("A very long name " * 12, "1")
    cast.segment("沒有空格的很長很長的名字" * 12, "1")
    page.emulate_media(color_scheme=scheme)
    page.goto(address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_header_has_the_stores_name_as_soon_as_it_is_known(
    page: Any, address: str, cast: People
) -> None:
    with cast.begin() as session:
        runs.start(session, cast.shop_id, IMPORT, NOW)
    page.goto(f"{address}/smartpush/")
    header = page.locator(".smartpush-top #smartpush-store")
    assert header.inner_text() != "Alder Tea"
    with cast.begin() as session:
        session.get_one(Shop, cast.shop_id).name = "Alder Tea"
        run = runs.current_run(session, cast.shop_id)
        assert run is not None
        run.contacts_done, run.contacts_total = 250, 2000
    page.locator(".smartpush-top", has_text="Alder Tea").wait_for()
    assert page.locator("#smartpush-store").count() == 1
    assert page.locator("#overview-now").count() == 1
