"""A fake SHOPLINE store for a dashboard's own tests, without a port and without a network.

In the dashboard's ``conftest.py``: ``pytest_plugins = ["smartpush_shopline.testing"]``. A test that
asks for ``shopline_store`` then has an empty store behind ``https://alder.myshopline.com``: every
call made with ``requests`` is answered by the sandbox. Nothing here loads by itself; it needs
``pytest`` and ``responses``. The guide is ``docs/sandbox.md``. (PYTEST_DONT_REWRITE)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import responses

from smartpush_shopline.sandbox import Settings, close
from smartpush_shopline.sandbox.fakes import FakePlatform, FakeStore
from smartpush_shopline.sandbox.moods import Moods
from smartpush_shopline.sandbox.pairwise import pairwise

__all__ = ["FakePlatform", "FakeStore", "mood_id", "pairwise"]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
STORES = re.compile(r"https://(alder|birch)\.myshopline\.com(/|$)")
THIS_MACHINE = re.compile(r"http://(127\.0\.0\.1|localhost)[:/]")


def mood_id(row: Mapping[str, Any]) -> str:
    """A short name for a row of ``pairwise()``, for ``pytest.mark.parametrize(ids=mood_id)``."""
    usual = Moods()
    told = [f"{name}={value}" for name, value in row.items() if value != usual.usual(name)]
    return "-".join(told[:3]) + (f"-and-{len(told) - 3}-more" if len(told) > 3 else "") or "usual"


@pytest.fixture(scope="session")
def shopline_settings() -> Settings:
    """The app that the stores know. Override it with your own key, secret and App URL."""
    return Settings(bucket=0)


@pytest.fixture(scope="session")
def _shopline_platform(shopline_settings: Settings) -> Iterator[FakePlatform]:
    platform = FakePlatform(shopline_settings)
    yield platform
    close(platform.app)


@pytest.fixture
def shopline_platform(_shopline_platform: FakePlatform) -> Iterator[FakePlatform]:
    """Both stores, empty; calls of ``requests`` reach them, other addresses are refused."""
    _shopline_platform.start_over()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in METHODS:
            mock.add_callback(method, STORES, _shopline_platform.answer, content_type=None)
        mock.add_passthru(THIS_MACHINE)
        yield _shopline_platform


@pytest.fixture
def shopline_store(shopline_platform: FakePlatform) -> FakeStore:
    """An empty store, Alder: Taipei, TWD."""
    return shopline_platform.store("alder")
