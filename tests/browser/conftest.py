"""One connected demo for all browser tests, and a person signed in to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.road.people import Admin, Demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder: Path = tmp_path_factory.mktemp("demo")
    running = Demo(folder, connected=True).start()
    yield running
    running.stop()


@pytest.fixture
def admin(demo: Demo) -> Admin:
    return Admin(demo.store)


@pytest.fixture(params=[{"width": 1280, "height": 900}, {"width": 390, "height": 844}])
def viewport(request: pytest.FixtureRequest) -> dict[str, int]:
    return dict(request.param)


def sign_in(page: Any, demo: Demo) -> Any:
    page.goto(f"{demo.url}/login")
    page.fill("input[name=email]", "demo@example.com")
    page.fill("input[name=password]", "demo")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{demo.url}/")
    return page


@pytest.fixture
def page(chromium: Any, demo: Demo) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    faults: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield sign_in(page, demo)
    context.close()
    assert faults == []


@pytest.fixture
def plain_page(chromium: Any, demo: Demo) -> Iterator[Any]:
    """A browser whose JavaScript is off."""
    context = chromium.new_context(java_script_enabled=False)
    yield sign_in(context.new_page(), demo)
    context.close()
