"""A store becomes part of the dashboard: only by a signed-in person who may connect it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from .. import web
from ..contracts import ShopCard
from ..shopline import OAuth
from ..shops import install
from ..shops.models import PENDING, Shop
from ..signals import store_connected
from ..sync import runs
from ..sync.models import IMPORT
from ..web import State


def receive_install(state: State, app_key: str, handle: str, code: str, *, ours: bool) -> Shop:
    """Exchange the code and keep the token. `ours`: begun by a person in this browser."""
    settings = state.settings
    secret, pace = settings.apps[app_key][0], state.reserved_pace(handle)
    store = OAuth(settings.store_url(handle), app_key, secret, pace=pace)
    token = store.create_token(code, state.now())
    with state.database.begin() as session:
        shop = install.record_install(
            session, app_key, handle, token, settings.encryption_keys, state.now()
        )
        connects = ours and state.may("connect", shop.card)
        if connects or shop.status != PENDING:
            connect(session, shop, state.now())
    if shop.status != PENDING:
        announce(state, shop.card)
    return shop


def connect(session: Session, shop: Shop, now: datetime) -> None:
    install.connect(shop, now)
    runs.start(session, shop.id, IMPORT, now)


def announce(state: State, shop: ShopCard) -> None:
    """After the commit."""
    web.announce(store_connected, shop=shop)
    state.ring("sync", shop.id)
