"""The wiring: what a dashboard writes to have SHOPLINE segments in its campaigns."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, session, url_for
from sqlalchemy import func, select

from examples.dashboard.auth import current_user, user_may
from examples.dashboard.models import Campaign, Guest, db

# [readme:embed]
from smartpush_shopline import Person, SegmentCard, ShopCard, SmartPush

smartpush = SmartPush(db=db)


@smartpush.authorizer
def may(action: str, shop: ShopCard | None) -> bool:
    return user_may(current_user(), action)


@smartpush.current_shop
def shop_in_front() -> str | None:
    return session.get("shop")


def plug_in(app: Flask) -> None:
    smartpush.init_app(app, native_segments=GuestLists())  # after db and CSRFProtect


# [/readme:embed]


@smartpush.campaign_name
def campaign_name(ref: str) -> str | None:
    campaign = db.session.get(Campaign, int(ref.removeprefix("campaign-")))
    return campaign.name if campaign else None


@smartpush.campaign_url
def campaign_url(ref: str) -> str | None:
    return url_for("campaigns.show", campaign_id=int(ref.removeprefix("campaign-")))


GUEST_LISTS = {"webinar": "Webinar guests", "import-2024": "Imported 2024 list"}


class GuestLists:
    """The lists the dashboard already had, offered beside SHOPLINE's segments."""

    def list(self, shop: ShopCard) -> Iterable[SegmentCard]:
        counted = select(Guest.list_ref, func.count().label("size")).group_by(Guest.list_ref)
        sizes = {row.list_ref: row.size for row in db.session.execute(counted)}
        for ref, name in GUEST_LISTS.items():
            yield SegmentCard(ref=ref, name=name, count=sizes.get(ref, 0))

    def members(self, shop: ShopCard, ref: str) -> Iterable[Person]:
        for guest in db.session.scalars(select(Guest).where(Guest.list_ref == ref)):
            yield Person(host_ref=f"guest-{guest.id}", email=guest.email, phone=guest.phone)
