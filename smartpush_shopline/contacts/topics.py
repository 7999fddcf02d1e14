"""What SHOPLINE says about customers."""

from __future__ import annotations

from ..books import Context, Payload, TopicBook
from ..shopline import (
    Customer,
    parse_consent_update,
    parse_customer,
    parse_deleted_customer,
)
from . import people
from .ledger import Act
from .noting import note_changed

topics = TopicBook()


@topics.on("customers/create", "customers/update", "customers/enable", "customers/disable")
def customer_changed(change: Payload, ctx: Context) -> None:
    _upsert(parse_customer(change, default_country=ctx.settings.default_country), ctx)


@topics.on("customers_marketing_consent/update")
def consent_changed(change: Payload, ctx: Context) -> None:
    """The payload has both channels, but the person acted on one: only that one is an act."""
    said = parse_consent_update(change, ctx.settings.default_country)
    act = (said.channel, said.state) if said.channel and said.state else None
    _upsert(said.customer, ctx, act=act)


@topics.on("customers/delete")
def customer_deleted(change: Payload, ctx: Context) -> None:
    said = parse_deleted_customer(change)
    ctx.about_nobody = not people.delete_customer(
        ctx.session, ctx.shop.id, said.ref, said.deleted_at or ctx.now
    )
    note_changed(ctx, said.ref)


def _upsert(customer: Customer, ctx: Context, *, act: Act | None = None) -> None:
    ctx.about_nobody = not people.upsert_customers(
        ctx.session, ctx.shop.id, [customer], "webhook", ctx.now, act=act
    )
    note_changed(ctx, customer.ref)
