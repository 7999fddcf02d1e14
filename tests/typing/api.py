"""What an embedding engineer writes, for mypy alone: nothing here runs.

Each `type: ignore` is a mistake that the types must catch; mypy complains when one does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, assert_type

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import FlaskForm
from markupsafe import Markup

from smartpush_shopline import (
    AudienceRef,
    Batch,
    Choice,
    Explanation,
    Person,
    Progress,
    Recipient,
    RecipientsField,
    SegmentCard,
    SegmentProvider,
    Sender,
    ShopCard,
    SmartPush,
    SmartPushError,
    errors,
    signals,
)
from smartpush_shopline.migrations import include_name

smartpush = SmartPush(db=SQLAlchemy())


@smartpush.authorizer
def may(action: str, shop: ShopCard | None) -> bool:
    return action == "view" and (shop is None or shop.handle == "alder")


@smartpush.authorizer  # type: ignore[type-var]
def asks_too_little(action: str) -> bool:
    return True


@smartpush.current_shop
def in_front() -> str | None:
    return None


@smartpush.current_shop  # type: ignore[type-var]
def names_a_number() -> int:
    return 7


@smartpush.campaign_name
def name_of(ref: str) -> str | None:
    return None


@smartpush.campaign_name  # type: ignore[type-var]
def names_no_string(ref: str) -> int:
    return 7


@smartpush.campaign_url
def url_of(ref: str) -> str | None:
    return None


@smartpush.sender("email")
def send(batch: Batch) -> None:
    for person in batch:
        assert_type(person, Recipient)
        assert_type(person.headers, dict[str, str])
        assert_type(person.host_ref, str | None)
    assert_type((batch.key, len(batch)), tuple[str, int])


@smartpush.sender("sms")  # type: ignore[type-var]
def takes_no_batch(text: str) -> None: ...


registered: Sender = send


class OwnSegments:
    def list(self, shop: ShopCard) -> Iterable[SegmentCard]:
        return [SegmentCard("readers", "Blog readers", 2)]

    def members(self, shop: ShopCard, ref: str) -> Iterable[Person]:
        return [Person("guest-1", email="ada@example.com")]


class HalfOfIt:
    def list(self, shop: ShopCard) -> Iterable[SegmentCard]:
        return []


provider: SegmentProvider = OwnSegments()
half: SegmentProvider = HalfOfIt()  # type: ignore[assignment]


class CampaignForm(FlaskForm):
    recipients = RecipientsField("Who gets it", channel="email")


def create_app() -> Flask:
    app = Flask("dashboard")
    smartpush.init_app(app, native_segments=provider, csp_nonce=lambda: "nonce")
    smartpush.upgrade_database()
    assert_type(smartpush.shops(), list[ShopCard])
    assert_type(smartpush.is_public("smartpush.inbox.receive"), bool)
    return app


def save(form: CampaignForm, ref: str) -> None:
    saved = smartpush.audiences.save(form.recipients.data, campaign_ref=ref)
    assert_type(saved, AudienceRef | None)
    if saved:
        assert_type(saved.confirmation("/send", "/back"), Markup)
    saved.panel()  # type: ignore[union-attr]  # no store is connected: nothing was saved


def use(ref: str, at: datetime) -> None:
    audience = smartpush.audiences.get(ref)
    assert_type(audience.choice, Choice)
    assert_type(audience.counts, dict[str, int])
    assert_type(audience.progress, Progress)
    assert_type(smartpush.audiences.find(ref), AudienceRef | None)
    assert_type(smartpush.audiences.copy(ref, "campaign-8"), AudienceRef)
    assert_type(smartpush.audiences.schedule(ref, at, smart_sending="skip"), AudienceRef)
    assert_type(smartpush.audiences.cancel(ref), AudienceRef)
    assert_type(smartpush.audiences.explain(ref, "ada@example.com"), Explanation)
    assert_type(smartpush.audiences.receipt(ref), dict[str, Any])
    smartpush.audiences.discard(ref)
    for batch in audience.batches(size=500, claim=timedelta(minutes=5)):
        assert_type(batch, Batch)
        send(batch)
    smartpush.audiences.schedule(ref, "tomorrow")  # type: ignore[arg-type]
    assert_type(smartpush.contacts.unsubscribe(email="ada@example.com", at=at), int)


def listen(app: Flask) -> None:
    signals.batch_sent.connect(lambda app, **facts: None, app)
    try:
        use("campaign-7", datetime.now())
    except errors.CannotSend as error:
        assert_type(error.reason, str)
    except SmartPushError:
        pass


def of_an_alembic_env() -> bool:
    return include_name("smartpush_shop", "table", {})
