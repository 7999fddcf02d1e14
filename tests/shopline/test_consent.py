"""Four spellings of consent, one model."""

import pytest

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline import CONSENT_STATES, Consent, consent, parse_time
from smartpush_shopline.shopline.fields import Fields

OCTOBER = "2026-10-01T12:00:00+08:00"


@pytest.mark.parametrize(
    ("parse", "wire", "read"),
    [
        (consent.parse_flag, 0, "unsubscribed"),
        (consent.parse_flag, "0", "unsubscribed"),
        (consent.parse_flag, 1, "subscribed"),
        (consent.parse_flag, 2, "not_subscribed"),
        (consent.parse_flag, None, None),
        (consent.parse_mobile_flag, 0, "unsubscribed"),
        (consent.parse_mobile_flag, "3", "pending"),
        (consent.parse_mobile_flag, "4", "invalid"),
        (consent.parse_mobile_flag, "5", "unsubscribed"),
        (consent.parse_consent_state, 0, "unsubscribed"),
        (consent.parse_consent_state, 3, "pending"),
        (consent.parse_subscribe_action, 1, ("email", "subscribed")),
        (consent.parse_subscribe_action, "2", ("sms", "subscribed")),
        (consent.parse_subscribe_action, 3, ("email", "unsubscribed")),
        (consent.parse_subscribe_action, 4, ("sms", "unsubscribed")),
        (consent.parse_subscribe_action, None, None),
    ],
)
def test_every_spelling_has_one_meaning(parse, wire, read):
    assert parse(wire) == read


@pytest.mark.parametrize(
    ("parse", "wire"),
    [
        (consent.parse_flag, 3),
        (consent.parse_flag, True),
        (consent.parse_mobile_flag, "6"),
        (consent.parse_consent_state, 4),
        (consent.parse_subscribe_action, 5),
        (consent.parse_subscribe_action, 0),
    ],
)
def test_an_unknown_value_is_never_guessed(parse, wire):
    with pytest.raises(UnexpectedPayload):
        parse(wire)


@pytest.mark.parametrize(
    ("payload", "read"),
    [
        ({"email_marketing_consent": {"state": 0}, "email_subscribe_flag": 1}, "unsubscribed"),
        ({"email_marketing_consent": {"state": 3}, "email_subscribe_flag": 2}, "pending"),
        ({"email_marketing_consent": None, "email_subscribe_flag": 0}, "unsubscribed"),
        ({"email_marketing_consent": {}, "email_subscribe_flag": 0}, "unsubscribed"),
        ({"email_subscribe_flag": 0, "accepts_marketing": True}, "unsubscribed"),
        ({"accepts_marketing": True}, "subscribed"),
        ({"accepts_marketing": False}, "not_subscribed"),
    ],
)
def test_the_object_wins_over_the_flag_and_the_flag_over_accepts(payload, read):
    found = consent.parse_email_consent(Fields(payload))
    assert found == Consent(read)
    assert found.state in CONSENT_STATES


def test_a_dated_consent_is_explicit():
    payload = {"sms_marketing_consent": {"state": 1, "consent_updated_at": OCTOBER}}
    found = consent.parse_sms_consent(Fields(payload))
    assert found == Consent("subscribed", parse_time(OCTOBER), explicit=True)


def test_a_flag_lends_itself_no_date():
    payload = {"mobile_subscribe_flag": "1", "accepts_mobile_marketing_updated_at": OCTOBER}
    assert consent.parse_sms_consent(Fields(payload)) == Consent("subscribed", None, False)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {
            "email_subscribe_flag": None,
            "email_marketing_consent": None,
            "mobile_subscribe_flag": "",
        },
    ],
)
def test_no_information_is_none_and_never_cleared(payload):
    assert consent.parse_email_consent(Fields(payload)) is None
    assert consent.parse_sms_consent(Fields(payload)) is None
