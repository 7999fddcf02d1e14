"""Lists as other systems really export them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from smartpush_shopline.contacts.suppression import csv_lists, dates
from smartpush_shopline.contacts.suppression.csv_lists import NotAList
from tests.support import NOW

MAILCHIMP = (
    '"Email Address","First Name","Phone Number",MEMBER_RATING,UNSUB_TIME,UNSUB_REASON,LEID\n'
    'Ada@Example.com,Ada,,2,"2024-03-01 12:34:56","Did not sign up\nfor this, sorry",123\n'
    "cyd@example.com,Cyd,,2,,,124\n"
)
KLAVIYO = (
    "Email,First Name,Phone Number,Email Marketing Consent,Suppression Timestamp\r\n"
    "ada@example.com,Ada,+886900000001,UNSUBSCRIBED,2024-03-01 12:34:56+00:00\r\n"
    "bea@example.com,Bea,,SUBSCRIBED,\r\n"
)
SHOPLINE = "客戶,電子郵件,手機號碼,訂閱狀態\nAda,ada@example.com,0900000001,未訂閱\n"


def lines(text, encoding="utf-8"):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return list(csv_lists.read(io.BufferedReader(io.BytesIO(data), csv_lists.HEAD))[1])


def emails(text, encoding="utf-8"):
    return [(line.number, line.email) for line in lines(text, encoding)]


def test_mailchimps_export_with_a_reason_over_two_lines():
    first, second = lines(MAILCHIMP)
    assert (first.number, first.email, first.date) == (2, "Ada@Example.com", "2024-03-01 12:34:56")
    assert first.reason == "Did not sign up\nfor this, sorry"
    assert (second.number, second.email) == (4, "cyd@example.com")


def test_klaviyos_export_says_who_is_subscribed():
    ada, bea = lines(KLAVIYO)
    assert (ada.phone, ada.date, ada.says_subscribed) == (
        "+886900000001",
        "2024-03-01 12:34:56+00:00",
        False,
    )
    assert bea.says_subscribed


def test_an_export_in_chinese():
    [ada] = lines(SHOPLINE)
    assert (ada.email, ada.phone, ada.says_subscribed) == ("ada@example.com", "0900000001", False)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_encoding_separator_and_end_of_line(encoding, mark, ending):
    rows = [f"name{mark}email{mark}phone", f"Ada{mark}ada@example.com{mark}1", "", "", f"B{mark}b"]
    text = ending.join(rows) + ending
    assert emails(text, encoding) == [(2, "ada@example.com"), (5, "b")]


def test_a_bare_list_without_a_header():
    assert emails("ada@example.com\nbea@example.com\n") == [
        (1, "ada@example.com"),
        (2, "bea@example.com"),
    ]
    [line] = lines("7,+886 900 000 001,ada@example.com")
    assert (line.phone, line.email) == ("+886 900 000 001", "ada@example.com")


def test_a_header_that_nobody_knows_is_told_by_what_is_below_it():
    assert emails("Kontakt;Name\nada@example.com;Ada\n") == [(2, "ada@example.com")]


def test_excels_note_about_the_separator_is_no_line():
    assert emails("sep=;\nemail;name\nada@example.com;Ada\n") == [(3, "ada@example.com")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"PK\x03\x04....", "excel"),
        (b"\xd0\xcf\x11\xe0....", "excel"),
        (b"<!doctype html><p>Sign in", "web_page"),
        (b'{"email": "ada@example.com"}', "not_a_list"),
        (b"%PDF-1.7", "not_a_list"),
        (b"a\0b\0\1\2\3,\0\0\0", "not_a_list"),
        (b"name,city\nAda,Taipei\n", "no_address_column"),
    ],
)
def test_a_file_that_is_no_list_says_what_it_is(data, reason):
    with pytest.raises(NotAList) as refused:
        lines(data)
    assert refused.value.reason == reason


def test_one_line_that_cannot_be_read_does_not_stop_the_others():
    text = f'email\nada@example.com\n"{"x" * 200_000}"\nbea@example.com\n'
    assert [(line.number, line.readable) for line in lines(text)] == [
        (2, True),
        (3, False),
        (4, True),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01T12:00:00+08:00", datetime(2024, 3, 1, 4, tzinfo=UTC)),
        ("2024-03-01 12:00:00", datetime(2024, 3, 1, 4, tzinfo=UTC)),
        ("2024-03-01 12:00:00 UTC", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("2024-03-01", datetime(2024, 3, 1, 15, 59, 59, tzinfo=UTC)),
        ("25.12.2023", datetime(2023, 12, 25, 15, 59, 59, tzinfo=UTC)),
        ("12/25/2023 4:00 PM", datetime(2023, 12, 25, 15, 59, 59, tzinfo=UTC)),
        ("1709265600", datetime(2024, 3, 1, 4, tzinfo=UTC)),
        ("1709265600000", datetime(2024, 3, 1, 4, tzinfo=UTC)),
        ("2026-11-24", NOW),  # today ends later, and nothing happens in the future
        ("03/04/2024", None),  # March or April
        ("2099-01-01", None),
        ("0001-01-01", None),
        ("31/02/2024", None),
        ("soon", None),
        ("99999999999", None),
    ],
)
def test_a_date_is_read_only_when_it_means_one_day(text, expected):
    assert dates.parse(text, "Asia/Taipei", NOW) == expected


def test_a_clock_that_is_a_little_ahead_is_believed():
    ahead = (NOW + timedelta(minutes=5)).isoformat()
    assert dates.parse(ahead, "UTC", NOW) == NOW
