"""The vectors of the official SDK's own tests, and those of the demo app."""

from __future__ import annotations

import pytest

from smartpush_shopline.sandbox import signing

OFFICIAL = "LDLLJJLflja2039203flaflaLLFLE"
DEMO = "test_app_secret_0123456789abcdef"


@pytest.mark.parametrize(
    ("body", "moment", "expected"),
    [
        (b"", "21c335b3a", "cf5edab6b92d740fe54b3ce9e2723788128384a1eb5c2a5d64c9210a31185b86"),
        (
            b'{"code":"code"}',
            "21c335b3a",
            "4c4cf0ac52439d1308b58897f857dcba8545efb6c0e8091fba64b148218d2074",
        ),
        (
            b'"my secret message"',
            "",
            "7d8b4cbec432e0c7e901881cc0f2490a910d56eaa73fc94bcc4276d14a61fe88",
        ),
    ],
)
def test_a_token_call_is_signed_over_its_body_and_timestamp(
    body: bytes, moment: str, expected: str
) -> None:
    assert signing.sign_body(OFFICIAL, body, moment) == expected


def test_an_address_is_signed_over_its_sorted_parameters() -> None:
    params = {"timestamp": "21c335b3a", "lang": "zh", "handle": "zwapptest", "appkey": OFFICIAL}
    expected = "654a42549daaad959b6488500f499fc0381c6cf24d8afceeb566729fc82fee6a"
    assert signing.sign_query(OFFICIAL, params) == expected


def test_an_address_is_signed_over_its_decoded_values() -> None:
    params = {
        "appkey": "demo_app_key",
        "code": "abc123code",
        "customField": "n=1&x=a b",
        "handle": "demo-store",
        "timestamp": "1793520000000",
    }
    expected = "f4f3477edcf15ec8fdb5cbd81687023c5cd75168aaef52e23faac8e6a49f73b7"
    assert signing.sign_query(DEMO, params) == expected


def test_the_token_calls_of_the_demo_app_have_these_signs() -> None:
    create = "86405c08e4ec67fb41d1526b87d9a09f2becd291c4e794262fb7316f4a8736ac"
    refresh = "84ec09341efd10d37526d1b3f6b0bc54906fdd26acc3d2c4db8830c736a2a779"
    assert signing.sign_body(DEMO, b'{"code":"abc123code"}', "1793520000000") == create
    assert signing.sign_body(DEMO, b"", "1793520000000") == refresh


def test_a_webhook_is_signed_in_hex_or_in_base64() -> None:
    body = (
        b'{"id":"GROUP1000000000000000001","name":"VIP","query":"ordersCount:>2",'
        b'"created_at":"2026-11-01T10:00:00+08:00","updated_at":"2026-11-02T10:00:00+08:00"}'
    )
    expected = "d8e14e50ff0b284a53a86b6b1bf6106b25f9ea7464dddbb49dc64448c850617e"
    assert signing.sign_webhook(DEMO, body) == expected
    encoded = "2OFOUP8LKEpTqGtrG/YQayX56nRk3du0ncZESMhQYX4="
    assert signing.sign_webhook(DEMO, body, "base64") == encoded
    assert signing.sign_webhook(DEMO, body, "wrong") != expected
