"""Installed, connected by a person, uninstalled; and the token at rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from smartpush_shopline.errors import ConfigurationError, NotAuthorised
from smartpush_shopline.shopline import Token
from smartpush_shopline.shops import install, tokens
from smartpush_shopline.shops.models import ACTIVE, PENDING, UNAUTHORISED, UNINSTALLED, Shop
from tests.support import APP_KEY, FERNET_KEY, NOW, TOKEN


@pytest.fixture
def shop(database):
    with database.begin() as session:
        yield install.record_install(session, APP_KEY, "alder", TOKEN, [FERNET_KEY], NOW)


def again(shop):
    from sqlalchemy.orm import object_session

    session = object_session(shop)
    return install.record_install(session, APP_KEY, "alder", TOKEN, [FERNET_KEY], NOW)


def test_a_new_store_waits_for_a_person(shop):
    assert shop.status == PENDING
    install.connect(shop, NOW)
    assert (shop.status, shop.connected_at) == (ACTIVE, NOW)


def test_a_connected_store_that_is_authorised_anew_stays_connected(shop):
    install.connect(shop, NOW)
    shop.status, shop.problem = UNAUTHORISED, {"code": "not_authorised"}
    assert again(shop) is shop
    assert (shop.status, shop.problem) == (ACTIVE, None)


def test_an_uninstalled_store_that_comes_back_waits_for_a_person_again(shop):
    install.connect(shop, NOW)
    install.uninstall(shop)
    assert (shop.status, shop.token, shop.token_expires_at) == (UNINSTALLED, None, None)
    again(shop)
    assert shop.status == PENDING


def test_a_token_is_not_kept_in_the_clear(shop):
    assert TOKEN.value.encode() not in shop.token
    assert tokens.reveal(shop, [FERNET_KEY]) == TOKEN.value


def test_rotating_the_key_is_a_non_event(shop):
    new = Fernet.generate_key().decode()
    assert tokens.reveal(shop, [new, FERNET_KEY]) == TOKEN.value
    tokens.keep(shop, TOKEN, [new, FERNET_KEY])
    assert tokens.reveal(shop, [new]) == TOKEN.value


def test_a_token_under_a_forgotten_key_needs_a_new_authorisation(shop):
    with pytest.raises(NotAuthorised):
        tokens.reveal(shop, [Fernet.generate_key().decode()])
    with pytest.raises(NotAuthorised):
        tokens.reveal(Shop(handle="none", token=None), [FERNET_KEY])


def test_a_key_that_is_none_says_how_to_make_one(shop):
    with pytest.raises(ConfigurationError, match="generate_key"):
        tokens.reveal(shop, ["secret"])


def test_a_token_is_old_an_hour_before_its_end(shop):
    tokens.keep(shop, Token("new", NOW, frozenset()), [FERNET_KEY])
    assert not tokens.is_old(shop, NOW - timedelta(hours=1))
    assert tokens.is_old(shop, NOW - timedelta(minutes=59))
