"""SHOPLINE's four spellings of consent, read into one model.

Precedence: the consent object, else the `*_subscribe_flag`, else the deprecated `accepts_*`. The
value 0 (unsubscribed) is meaningful everywhere. An unknown value is refused rather than guessed.
Sources on developer.shopline.com: REST "Customers" and "Customer grouping", GraphQL
`CustomerEmailMarketingConsentState`, webhook `customers_marketing_consent/update`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.models import (
    INVALID,
    NOT_SUBSCRIBED,
    PENDING,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Consent,
)
from smartpush_shopline.shopline.values import parse_text, parse_time

FLAGS = {"0": UNSUBSCRIBED, "1": SUBSCRIBED, "2": NOT_SUBSCRIBED}
CONSENT_OBJECT_STATES = FLAGS | {"3": PENDING}
MOBILE_FLAGS = FLAGS | {"3": PENDING, "4": INVALID, "5": UNSUBSCRIBED}  # 5: number deleted
ACCEPTS = {"true": SUBSCRIBED, "false": NOT_SUBSCRIBED}
ACTIONS = {
    "1": ("email", SUBSCRIBED),
    "2": ("sms", SUBSCRIBED),
    "3": ("email", UNSUBSCRIBED),
    "4": ("sms", UNSUBSCRIBED),
}

Reader = Callable[[object, str], str | None]


def parse_flag(value: object, path: str = "email_subscribe_flag") -> str | None:
    """0, 1, 2 as number or digit; None when missing."""
    return _looked_up(FLAGS, value, path)


def parse_mobile_flag(value: object, path: str = "mobile_subscribe_flag") -> str | None:
    """0-2 of a customer (int) and 0-5 of a segment member (string)."""
    return _looked_up(MOBILE_FLAGS, value, path)


def parse_consent_state(value: object, path: str = "state") -> str | None:
    """The `state` inside a consent object, 0-3."""
    return _looked_up(CONSENT_OBJECT_STATES, value, path)


def parse_subscribe_action(
    value: object, path: str = "subscribeActionType"
) -> tuple[str, str] | None:
    """1-4 of `customers_marketing_consent/update` as (`email` or `sms`, state)."""
    text = parse_text(value, path)
    if text is not None and text not in ACTIONS:
        raise UnexpectedPayload(f"{path} has an unknown value")
    return ACTIONS[text] if text else None


def parse_email_consent(fields: Fields) -> Consent | None:
    """What a customer or member says about e-mail; None when it says nothing."""
    return (
        _from_object(fields, "email_marketing_consent")
        or _from_flag(fields, "email_subscribe_flag", parse_flag)
        or _from_flag(fields, "accepts_marketing", _parse_accepts)
    )


def parse_sms_consent(fields: Fields) -> Consent | None:
    """What a customer or member says about text messages; None when it says nothing."""
    return (
        _from_object(fields, "sms_marketing_consent")
        or _from_flag(fields, "mobile_subscribe_flag", parse_mobile_flag)
        or _from_flag(fields, "accepts_mobile_marketing", _parse_accepts)
    )


def _from_object(fields: Fields, name: str) -> Consent | None:
    inner = fields.inner(name)
    state = inner.read(parse_consent_state, "state") if inner else None
    if inner is None or state is None:
        return None
    occurred_at = inner.read(parse_time, "consent_updated_at")
    return Consent(state, occurred_at, explicit=occurred_at is not None)


def _from_flag(fields: Fields, name: str, read: Reader) -> Consent | None:
    state = fields.read(read, name)
    return None if state is None else Consent(state)


def _parse_accepts(value: object, path: str) -> str | None:
    return _looked_up(ACCEPTS, str(value).lower() if isinstance(value, bool) else value, path)


def _looked_up(states: Mapping[str, str], value: object, path: str) -> str | None:
    text = parse_text(value, path)
    if text is not None and text not in states:
        raise UnexpectedPayload(f"{path} has an unknown value")
    return states[text] if text else None
