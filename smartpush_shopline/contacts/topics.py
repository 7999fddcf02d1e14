"""What SHOPLINE says about customers."""

from __future__ import annotations

from ..books import Context, Payload, TopicBook
from ..shopline import parse_customer, parse_subscribe_action, parse_time
from ..shopline.values import parse_ref
from . import people
from .ledger import Act

topics = TopicBook()


@topics.on("customers/create", "customers/update", "customers/enable", "customers/disable")
def customer_changed(change: Payload, ctx: Context) -> None:
    _upsert(change, ctx)


@topics.on("customers_marketing_consent/update")
def consent_changed(change: Payload, ctx: Context) -> None:
    """The payload has both channels, but the person acted on one: only that one is an act."""
    action = parse_subscribe_action(change.get("subscribeActionType"))
    _upsert(change, ctx, act=action)


@topics.on("customers/delete")
def customer_deleted(change: Payload, ctx: Context) -> None:
    said_at = parse_time(change.get("updated_at"), "updated_at")
    ref = parse_ref(change.get("id"), "id")
    ctx.about_nobody = not people.delete_customer(
        ctx.session, ctx.shop.id, ref, said_at or ctx.now
    )
    ctx.shop.people_changed_at = ctx.now


def _upsert(change: Payload, ctx: Context, *, act: Act | None = None) -> None:
    customer = parse_customer(change, default_country=ctx.settings.default_country)
    ctx.about_nobody = not people.upsert_customers(
        ctx.session, ctx.shop.id, [customer], "webhook", ctx.now, act=act
    )
    ctx.shop.people_changed_at = ctx.now  # last: everybody who locks the shop's row has the others
