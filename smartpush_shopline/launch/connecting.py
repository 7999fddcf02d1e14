"""A store becomes part of the dashboard: only by a signed-in person who may connect it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from .. import web
from ..contracts import ShopCard
from ..shopline import OAuth, ShoplineClient, Token
from ..shops import install, reserve
from ..shops.models import PENDING, Shop
from ..signals import store_connected
from ..sync import runs
from ..sync.models import IMPORT
from ..web import State

PRIVATE_LIFE = timedelta(days=3 * 365)
"""A private app's token lives three years (developer.shopline.com, "App authorization")."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an installation ended: `rejected` is a person who may not connect the store."""

    shop: ShopCard
    connected: bool
    rejected: bool


def receive_install(state: State, app_key: str, handle: str, code: str, *, ours: bool) -> Arrival:
    """Exchange the code and keep the token. `ours`: begun by a person in this browser."""
    settings = state.settings
    secret = settings.apps[app_key][0]
    pace = reserve.pace_of_installing(state, app_key, handle)
    store = OAuth(settings.store_url(handle), app_key, secret, pace=pace)
    token = store.create_token(code, state.now())
    with state.database.begin() as session:
        shop = install.record_install(
            session, app_key, handle, token, settings.encryption_keys, state.now()
        )
        waits = shop.status == PENDING
        if not waits:
            runs.start(session, shop.id, IMPORT, state.now())
    if not waits:
        state.ring("sync", shop.id)
        return Arrival(shop.card, connected=True, rejected=False)
    if not ours:
        return Arrival(shop.card, connected=False, rejected=False)
    may = state.may("connect", shop.card)
    return Arrival(shop.card, connected=may and claim(state, shop.id), rejected=not may)


def claim(state: State, shop_id: int) -> bool:
    """Take a waiting store into the dashboard and begin its first import. False if it was."""
    with state.database.begin() as session:
        shop = session.get_one(Shop, shop_id)
        won = install.claim(session, shop, state.now())
        if won:
            runs.start(session, shop_id, IMPORT, state.now())
    if won:
        announce(state, shop.card)
    return won


def connect_private(state: State, app_key: str, handle: str, token: str) -> ShopCard:
    """Connect a store by the token of its private app, which is tried first.

    Raises ShoplineError when the store does not accept it.
    """
    settings, now = state.settings, state.now()
    client = ShoplineClient(
        settings.store_url(handle),
        token,
        api_version=settings.api_version,
        pace=reserve.pace_of_installing(state, app_key, handle),
    )
    facts = client.fetch_shop()
    kept = Token(token, now + PRIVATE_LIFE, frozenset(settings.scopes))
    with state.database.begin() as session:
        shop = install.record_private(
            session, app_key, handle, kept, settings.encryption_keys, now
        )
        install.learn(shop, facts, now)
        runs.start(session, shop.id, IMPORT, now)
    announce(state, shop.card)
    return shop.card


def announce(state: State, shop: ShopCard) -> None:
    """After the commit."""
    web.announce(store_connected, shop=shop)
    state.ring("sync", shop.id)
