"""Telephone numbers become E.164 or nothing."""

import pytest

from smartpush_shopline.shopline import parse_phone


@pytest.mark.parametrize(
    ("wire", "country", "read"),
    [
        ("006512345678", None, "+6512345678"),
        ("00886912345678", "US", "+886912345678"),
        ("+886 912-345-678", None, "+886912345678"),
        ("0912345678", "TW", "+886912345678"),
        ("00886912345678", "AU", "+886912345678"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("０９１２３４５６７８", "TW", "+886912345678"),
        (886912345678, "TW", "+886912345678"),
        ("0912345678", None, None),
        ("0912345678", "XX", None),
        ("call 0065 12345678", "SG", None),
        ("0000000", "TW", None),
        ("123", "TW", None),
        ("+999123456789", None, None),
        ("00" + "6" * 20, None, None),
        ("", "TW", None),
        (None, "TW", None),
    ],
)
def test_a_phone_is_e164_or_nothing(wire, country, read):
    assert parse_phone(wire, country) == read
