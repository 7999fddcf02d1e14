"""A new encryption key: every token under it, however often one tries."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet

from smartpush_shopline.shops import tokens
from smartpush_shopline.shops.models import Shop
from tests.support import FERNET_KEY, TOKEN, make_shop

NEW = Fernet.generate_key().decode()


@pytest.fixture
def shops(database):
    return [make_shop(database, handle) for handle in ("alder", "birch", "cedar")]


def tokens_under(database, key):
    with database.read() as session:
        return [
            shop.handle for shop in session.query(Shop).order_by(Shop.id)
            if tokens.is_readable(shop, [key])
        ]


def test_every_token_is_encrypted_with_the_newest_key(database, shops):
    done = tokens.rotate(database, [NEW, FERNET_KEY])
    assert done.renewed == ("alder", "birch", "cedar")
    assert (done.newest_already, done.unreadable) == (0, ())
    assert tokens_under(database, NEW) == ["alder", "birch", "cedar"]
    with database.read() as session:
        assert tokens.reveal(session.get_one(Shop, shops[0]), [NEW]) == TOKEN.value


def test_a_rotation_that_was_stopped_goes_on(database, shops, monkeypatch):
    really = tokens._replace

    def dies(database, shop_id, *more):
        if shop_id == shops[1]:
            raise RuntimeError("lights out")
        return really(database, shop_id, *more)

    monkeypatch.setattr(tokens, "_replace", dies)
    with pytest.raises(RuntimeError):
        tokens.rotate(database, [NEW, FERNET_KEY])
    monkeypatch.undo()
    assert tokens_under(database, NEW) == ["alder"]
    done = tokens.rotate(database, [NEW, FERNET_KEY])
    assert (done.renewed, done.newest_already) == (("birch", "cedar"), 1)


def test_a_token_renewed_meanwhile_is_left(database, shops, monkeypatch):
    really = tokens._replace

    def later(database, shop_id, *more):
        with database.begin() as session:
            tokens.keep(session.get_one(Shop, shop_id), TOKEN, [NEW])
        return really(database, shop_id, *more)

    monkeypatch.setattr(tokens, "_replace", later)
    assert tokens.rotate(database, [NEW, FERNET_KEY]).renewed == ()
    assert tokens_under(database, NEW) == ["alder", "birch", "cedar"]


def test_the_command_says_how_many_and_what_it_could_not_read(host):
    for handle in ("alder", "birch"):
        make_shop(host.database, handle)
    with host.database.begin() as session:
        lost = Fernet(Fernet.generate_key()).encrypt(b"lost")
        session.query(Shop).filter_by(handle="birch").one().token = lost
    run = host.app.test_cli_runner().invoke
    result = run(args=["smartpush", "rotate-keys"])
    assert result.exit_code == 1
    assert "0 encrypted anew, 1 already were." in result.output
    assert "birch: no key opens its token." in result.output
    facts = json.loads(run(args=["smartpush", "rotate-keys", "--json"]).output)
    assert facts == {"renewed": [], "newest_already": 1, "unreadable": ["birch"]}
