"""The JSON shapes. The same person looks different on every endpoint, and that is on purpose.

Empty fields are left out, as in the samples of developer.shopline.com. The oddities (digits
here, words there, a number as text) are those of the public pages and the official SDK.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from .model import SUBSCRIBED, Consent, Customer, Segment, StoreInfo
from .rules import parse

Json = dict[str, Any]
GENDER_WORDS = ("others", "male", "female", "secret")


@lru_cache(maxsize=16_384)
def local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """A time with the store's own offset."""
    return moment.astimezone(zone).isoformat() if moment else None


class Empty:
    """Stands where a field is empty, until it is decided what becomes of those (``twists``)."""


EMPTY = Empty()


def compact(fields: Json) -> Json:
    """What is empty is marked; 0 and False say something and stay."""
    return {
        key: EMPTY if value is None or value == "" or value == [] else value
        for key, value in fields.items()
    }


def money(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def member(customer: Customer, store: StoreInfo) -> Json:
    """A person in ``customer_saved_searches/{id}/customers.json``.

    Fewer fields than a customer, but with the time of the last order; the flag of the phone
    is text here and knows more states.
    """
    zone = store.zone
    return compact(
        {
            **_person(customer, store),
            "state": customer.state,
            "last_order_time": local(customer.last_order_at, zone),
            "accepts_marketing": customer.email_consent.state == SUBSCRIBED,
            "accepts_marketing_updated_at": local(customer.email_consent.updated_at, zone),
            "email_subscribe_flag": customer.email_consent.flag,
            "mobile_subscribe_flag": str(customer.sms_consent.state),
            "addresses": _addresses(customer, store),
        }
    )


def customer_rest(customer: Customer, store: StoreInfo) -> Json:
    """A customer as read: gender in digits."""
    gender = str(customer.gender) if customer.gender < 3 else "0"
    return {**_profile(customer, store), "gender": gender, "state": customer.state}


def customer_created(customer: Customer, store: StoreInfo) -> Json:
    """A customer as answered to a write: gender in words."""
    words = {"gender": GENDER_WORDS[customer.gender], "state": customer.state}
    return {**_profile(customer, store), **words}


def customer_webhook(customer: Customer, store: StoreInfo, topic: str) -> Json:
    """A customer as posted: gender in words, ``state`` a number only in customers/update."""
    state = customer.state if topic == "customers/update" else str(customer.state)
    return {**customer_created(customer, store), "state": state}


def customer_deleted(customer: Customer, store: StoreInfo, now: datetime) -> Json:
    return {
        "id": customer.id,
        "email": customer.email,
        "phone": customer.phone,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "nick_name": customer.nick_name,
        "updated_at": local(now, store.zone),
    }


def _person(customer: Customer, store: StoreInfo) -> Json:
    return {
        "id": customer.id,
        "email": customer.email,
        "phone": customer.phone,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "nick_name": customer.nick_name,
        "tags": ",".join(customer.tags),
        "note": customer.note,
        "currency": store.currency,
        "orders_count": customer.orders_count,
        "total_spent": money(customer.spent),
        "last_order_id": customer.last_order_id,
        "last_order_name": customer.last_order_name,
        "verified_email": customer.verified_email,
        "created_at": local(customer.created_at, store.zone),
        "updated_at": local(customer.updated_at, store.zone),
    }


def _profile(customer: Customer, store: StoreInfo) -> Json:
    zone, email, sms = store.zone, customer.email_consent, customer.sms_consent
    addresses = _addresses(customer, store)
    return compact(
        {
            **_person(customer, store),
            "birthday": customer.birthday,
            "language": customer.language,
            "email_subscribe_flag": email.flag,
            "mobile_subscribe_flag": sms.flag,
            "email_marketing_consent": _consent(email, zone) if customer.email else None,
            "sms_marketing_consent": _consent(sms, zone) if customer.phone else None,
            "accepts_marketing": email.state == SUBSCRIBED,
            "accepts_marketing_updated_at": local(email.updated_at, zone),
            "accepts_mobile_marketing": sms.state == SUBSCRIBED,
            "accepts_mobile_marketing_updated_at": local(sms.updated_at, zone),
            "addresses": addresses,
            "default_address": addresses[0] if addresses else None,
        }
    )


def _consent(consent: Consent, zone: ZoneInfo) -> Json:
    return compact(
        {
            "state": consent.state,
            "opt_in_level": consent.opt_in_level,
            "consent_updated_at": local(consent.updated_at, zone),
            "consent_collected_from": consent.collected_from,
        }
    )


def _addresses(customer: Customer, store: StoreInfo) -> list[Json]:
    if not customer.city:
        return []
    address = {
        "id": f"SL201UA{customer.id}",
        "customer_id": customer.id,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "city": customer.city,
        "country": {"TW": "Taiwan", "US": "United States"}.get(store.country_code, ""),
        "country_code": store.country_code,
        "default": True,
    }
    return [compact(address)]


def segment_rest(segment: Segment, query: str) -> Json:
    """A segment as read; the samples show its times in UTC."""
    return {
        "id": segment.id,
        "name": segment.name,
        "query": query,
        "created_at": segment.created_at.astimezone(UTC).isoformat(),
        "updated_at": segment.updated_at.astimezone(UTC).isoformat(),
    }


def segment_webhook(segment: Segment, store: StoreInfo) -> Json:
    return {
        "id": segment.id,
        "name": segment.name,
        "query": parse(segment.rule).camel_case,
        "created_at": local(segment.created_at, store.zone),
        "updated_at": local(segment.updated_at, store.zone),
    }


def segment_deleted(
    segment: Segment, store: StoreInfo, now: datetime, offset: str = "plain"
) -> Json:
    """The one shape whose offset comes without a colon."""
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    told = at if offset == "plain" else local(now, store.zone)
    return {"id": segment.id, "store_id": store.store_id, "deleted_at": told}
