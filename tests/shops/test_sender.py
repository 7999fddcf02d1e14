"""Which store a delivery came from."""

from __future__ import annotations

import pytest

from smartpush_shopline.shopline import parse_delivery_headers
from smartpush_shopline.shops.models import PENDING, UNINSTALLED, Shop
from smartpush_shopline.shops.sender import find_sender
from tests.support import make_shop


def sender(database, shop_id=None, domain=None):
    headers = {"X-Shopline-Shop-Id": shop_id, "X-Shopline-Shop-Domain": domain}
    with database.read() as session:
        told = parse_delivery_headers({name: said for name, said in headers.items() if said})
        found = find_sender(session, told)
        return found and found.handle


@pytest.fixture
def alder(database):
    return make_shop(database, "alder", store_ref="1610418123456")


@pytest.fixture
def birch(database):
    """Installed a second ago: its id is not known yet."""
    return make_shop(database, "birch")


def test_a_store_is_known_by_its_id_whatever_the_domain_says(database, alder, birch):
    assert sender(database, "1610418123456", "birch.myshopline.com") == "alder"


def test_a_new_store_is_known_by_its_handle(database, alder, birch):
    assert sender(database, "1610418654321", "birch.myshopline.com") == "birch"
    assert sender(database, None, "birch.myshopline.com") == "birch"


def test_without_an_id_a_store_is_known_by_its_handle(database, alder, birch):
    assert sender(database, None, "alder.myshopline.com") == "alder"


def test_without_any_name_it_is_nobody(database, alder, birch):
    assert sender(database) is None
    assert sender(database, None, "cedar.myshopline.com") is None


def test_another_id_under_a_known_handle_is_nobody(database, alder):
    assert sender(database, "1", "alder.myshopline.com") is None


@pytest.mark.parametrize("status", [PENDING, UNINSTALLED])
def test_a_store_that_is_not_connected_is_nobody(database, alder, status):
    with database.begin() as session:
        session.get_one(Shop, alder).status = status
    assert sender(database, "1610418123456", "alder.myshopline.com") is None
