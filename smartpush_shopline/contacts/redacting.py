"""`customers/redact`: SHOPLINE asks on behalf of a person, and we have 30 days. By hand as well."""

from __future__ import annotations

import logging
from dataclasses import asdict

from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from ..books import Context, JobBook, Payload, TopicBook
from ..errors import DeliveryRefused, trace_of
from ..settings import Settings
from ..shopline import parse_phone
from ..shopline.values import parse_optional_ref, parse_text
from ..shops import redact
from ..shops.models import Redaction, Shop, ShopCounter
from ..web import State
from . import erase, tombstones
from .changing import email_key
from .erase import Who

jobs = JobBook()
topics = TopicBook()
log = logging.getLogger("smartpush")


@topics.on("customers/redact")
def person_asked_to_be_erased(change: Payload, ctx: Context) -> None:
    redact.check_names(ctx.shop, change)
    customer = change.get("customer")
    who = _who(customer if isinstance(customer, dict) else {}, ctx.settings)
    if not who.is_anybody:
        raise DeliveryRefused("The message does not say whom to erase.", reason="nobody_named")
    request = _record(ctx.session, ctx.shop, who, ctx.settings)
    redact.enter(ctx.session, request, ctx.now)
    ctx.ring("redact_people")


def _who(customer: Payload, settings: Settings) -> Who:
    return Who(
        parse_optional_ref(customer.get("id"), "customer.id"),
        parse_text(customer.get("email"), "customer.email"),
        parse_phone(customer.get("phone"), settings.default_country, "customer.phone"),
    )


def _record(session: Session, shop: Shop, who: Who, settings: Settings) -> Redaction:
    salt = session.get_one(ShopCounter, shop.id).salt
    named = {"customer_ref": who.customer_ref, "email": email_key(who.email), "phone": who.phone}
    kind, ref = next((kind, ref) for kind, ref in named.items() if ref)
    return Redaction(
        shop_id=shop.id,
        handle=shop.handle,
        kind=redact.PERSON,
        subject=tombstones.digest(salt, kind, ref),
        sealed=redact.seal(asdict(who), settings.encryption_keys),
    )


def erase_by_hand(state: State, shop_id: int, who: Who) -> Redaction:
    """At once, with a receipt like any other. If it fails now, the clock goes on with it."""
    with state.database.begin() as session:
        request = _record(session, session.get_one(Shop, shop_id), who, state.settings)
        request.source = redact.BY_HAND
        request_id = redact.enter(session, request, state.now()).id
    _redact(state, [request_id])
    with state.database.read() as session:
        return session.get_one(Redaction, request_id)


@jobs.job("redact_people")
def redact_people(state: State, shop_id: int | None = None) -> None:
    _redact(state, redact.due(state, redact.PERSON))


def _redact(state: State, request_ids: list[int]) -> None:
    """One after the other; what they leave in the database's file is scrubbed once for all."""
    mine = [request_id for request_id in request_ids if redact.claim(state, request_id)]
    failed = {request_id: _fault(state, request_id) for request_id in mine}
    clean = redact.scrub(state) if None in failed.values() else None
    for request_id, why in failed.items():
        redact.close(state, request_id, why or clean)


def _fault(state: State, request_id: int) -> str | None:
    """Erase; why it did not work."""
    try:
        state.database.retrying(lambda session: _erase(state, session, request_id))
    except InvalidToken:
        return redact.UNREADABLE
    except Exception as error:
        log.error("smartpush.redaction_failed request=%s\n%s", request_id, trace_of(error))
        return redact.FAILED
    return None


def _erase(state: State, session: Session, request_id: int) -> None:
    """What is sealed goes with the person: a second try only has the log to empty."""
    request = session.get_one(Redaction, request_id, with_for_update=True)
    if request.state != redact.WAITING or request.sealed is None or request.shop_id is None:
        return
    who = Who(**redact.unseal(request.sealed, state.settings.encryption_keys))
    request.erased = erase.erase(session, request.shop_id, who, state.now())
    request.sealed = None
