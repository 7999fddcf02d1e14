"""What SHOPLINE says about customers."""

from __future__ import annotations

from ..books import Context, Payload, TopicBook
from ..shopline import parse_customer
from . import people

topics = TopicBook()


@topics.on("customers/create", "customers/update", "customers/enable", "customers/disable")
def customer_changed(change: Payload, ctx: Context) -> None:
    _upsert(change, ctx, consent_topic=False)


@topics.on("customers_marketing_consent/update")
def consent_changed(change: Payload, ctx: Context) -> None:
    _upsert(change, ctx, consent_topic=True)


@topics.on("customers/delete")
def customer_deleted(change: Payload, ctx: Context) -> None:
    people.delete_customer(ctx.session, ctx.shop.id, str(change["id"]), ctx.now)


def _upsert(change: Payload, ctx: Context, *, consent_topic: bool) -> None:
    customer = parse_customer(change, default_country=ctx.settings.default_country)
    people.upsert_customers(
        ctx.session, ctx.shop.id, [customer], "webhook", ctx.now, consent_topic=consent_topic
    )
