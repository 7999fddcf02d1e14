"""Which store a delivery came from."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ..shopline import DeliveryHeaders
from .models import PENDING, UNINSTALLED, Shop
from .redact import TOPICS


def find_sender(
    session: Session, told: DeliveryHeaders, app_keys: Collection[str] | None = None
) -> Shop | None:
    """The store a delivery came from: by its id, else by the first label of its domain.

    A delivery with an id is never taken for that of a store with another one. `app_keys` are the
    apps whose secret signed it: one store may have installed two of them, which are two shops.
    A request to erase comes from stores that are gone, too.
    """
    store_ref = told.store_ref
    handle = (urlsplit(f"//{told.domain or ''}").hostname or "").split(".")[0]
    gone = () if told.topic in TOPICS else (PENDING, UNINSTALLED)
    known = select(Shop).where(
        Shop.status.not_in(gone),
        or_(Shop.store_ref == store_ref, Shop.handle == handle),
    )
    if app_keys is not None:
        known = known.where(Shop.app_key.in_(app_keys))
    rows = session.scalars(known.order_by(Shop.id)).all()
    by_id = [shop for shop in rows if store_ref and shop.store_ref == store_ref]
    unnamed = [
        shop
        for shop in rows
        if shop.handle == handle and (store_ref is None or shop.store_ref is None)
    ]
    return next(iter(by_id or unnamed), None)


def get_shop(session: Session, shop_id: int) -> Shop:
    return session.get_one(Shop, shop_id)
