"""Telephone numbers as SHOPLINE stores them, read into E.164.

The platform writes the international prefix as `00` whatever the country (`006512345678`). See
"Customers" in the Admin REST pages of developer.shopline.com.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

from smartpush_shopline.shopline.values import parse_text

DIALLED = re.compile(r"\+?[\d\s().\-/]{5,30}", re.ASCII)


def parse_phone(
    value: object, default_country: str | None = None, path: str = "phone"
) -> str | None:
    """`+6512345678`, or None for junk and for a national number of an unknown country.

    Numbers of a possible length are kept even where the exact range is not assigned: number plans
    grow faster than libraries, and a wrong None would silently drop a person.
    """
    text = unicodedata.normalize("NFKC", parse_text(value, path) or "")
    if not DIALLED.fullmatch(text):
        return None
    dialled = re.sub(r"^\s*00", "+", text)
    try:
        number = phonenumbers.parse(dialled, known_country(default_country))
    except phonenumbers.NumberParseException:
        return None
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def known_country(*countries: str | None) -> str | None:
    """The first of some country codes that has a number plan."""
    return next((code for code in countries if code in phonenumbers.SUPPORTED_REGIONS), None)
