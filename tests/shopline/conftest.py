"""A store that answers what a test told it to, at HTTP level and without any network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses

from smartpush_shopline.shopline import OAuth, Pace, ShoplineClient, new_session

PAYLOADS = Path(__file__).resolve().parent.parent / "payloads"
STORE = "https://demo-store.myshopline.com"
REST = f"{STORE}/admin/openapi/v20260901"
GRAPHQL = f"{STORE}/admin/graph/v20260901/graphql.json"
SECRET = "test_app_secret_0123456789abcdef"
NOW = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)  # 1793520000000


@pytest.fixture
def payload() -> Callable[[str], Any]:
    """A fresh copy of a sample of tests/payloads."""
    return lambda name: json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))


@pytest.fixture
def store() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> ShoplineClient:
    return ShoplineClient(
        STORE,
        "a-token",
        api_version="v20260901",
        http=new_session(backoff=0),
        pace=Pace(sleep=lambda seconds: None),
    )


@pytest.fixture
def oauth() -> OAuth:
    return OAuth(STORE, "demo_app_key", SECRET, new_session(backoff=0))
