"""The whole contract again, under every pairwise combination of what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from smartpush_shopline.sandbox import Running
from smartpush_shopline.shopline import ShoplineClient
from smartpush_shopline.testing import mood_id, pairwise
from tests.shopline import test_contract as contract
from tests.shopline.test_contract import client, sandbox  # noqa: F401

CUSTOMERS = 30


@pytest.fixture
def store(sandbox: Running) -> Iterator[Any]:  # noqa: F811
    """A small Alder; calm again afterwards."""
    alder = sandbox.world.stores[contract.HANDLE]
    alder.reset(size=CUSTOMERS)
    yield alder
    alder.reset(size=CUSTOMERS)


@pytest.mark.parametrize("row", pairwise(), ids=mood_id)
def test_every_method_and_the_sandbox_agree(
    client: ShoplineClient,  # noqa: F811
    store: Any,
    row: dict[str, str],
) -> None:
    store.moods.set(row)
    for name, check in contract.CASES.items():
        try:
            check(client)
        except Exception as error:
            error.add_note(f"{name} under {row}")
            raise
