"""Every oddity of a single value, as a table."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline import values

TEN_OCLOCK = datetime(2026, 11, 2, 2, 53, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("2026-11-02T10:53:31+08:00", TEN_OCLOCK),
        ("2026-11-02T02:53:31+0000", TEN_OCLOCK),
        ("2026-11-02T02:53:31Z", TEN_OCLOCK),
        ("2026-11-02T02:53:31.000+00:00", TEN_OCLOCK),
        ("2026-11-02T08:23:31+05:30", TEN_OCLOCK),
        (1793588011000, TEN_OCLOCK),
        ("1793588011000", TEN_OCLOCK),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read_in_both_offset_forms_and_from_milliseconds(wire, read):
    assert values.parse_time(wire) == read


def test_a_time_is_always_utc():
    assert values.parse_time("2026-11-02T10:53:31+08:00").tzinfo is UTC


@pytest.mark.parametrize(
    "wire",
    ["2024-06-05 08:00:00", "2026-11-02", "soon", True, {}, "0001-01-01T00:00:00+08:00"],
)
def test_a_time_that_cannot_be_placed_is_refused_with_its_path_and_without_its_value(wire):
    with pytest.raises(UnexpectedPayload) as refusal:
        values.parse_time(wire, "customers[3].updated_at")
    assert "customers[3].updated_at" in str(refusal.value)
    assert str(wire) not in str(refusal.value)


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("Ann", "Ann"),
        ("  Ann ", "Ann"),
        (42, "42"),
        ("", None),
        (None, None),
        ("A\x00nn\ud800", "Ann"),
        ("陳小美", "陳小美"),
    ],
)
def test_a_text_is_trimmed_and_storable(wire, read):
    assert values.parse_text(wire) == read


@pytest.mark.parametrize("wire", [True, [], {}])
def test_a_text_is_no_structure(wire):
    with pytest.raises(UnexpectedPayload, match="is not a text"):
        values.parse_text(wire)


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("21050224312121887324667162", "21050224312121887324667162"),
        (1610418123456, "1610418123456"),
        ("gid://shopline/Segment/GROUP1", "GROUP1"),
        ("GROUP5483719394486658833", "GROUP5483719394486658833"),
    ],
)
def test_an_id_is_a_string(wire, read):
    assert values.parse_ref(wire) == read


@pytest.mark.parametrize("wire", [None, "", 1.5e20, True])
def test_an_id_is_required_and_never_rounded(wire):
    with pytest.raises(UnexpectedPayload):
        values.parse_ref(wire)


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("19900131", date(1990, 1, 31)),
        ("1990-01-31", date(1990, 1, 31)),
        (19900131, date(1990, 1, 31)),
        ("19900231", None),
        ("00000000", None),
        ("January", None),
        ("", None),
        (None, None),
    ],
)
def test_a_birthday_is_a_date_or_nothing(wire, read):
    assert values.parse_birthday(wire) == read


@pytest.mark.parametrize(
    ("wire", "read"), [(0, 0), ("0", 0), (3, 3), ("3", 3), (3.0, 3), ("", None), (None, None)]
)
def test_a_count_keeps_zero_apart_from_nothing(wire, read):
    assert values.parse_count(wire) == read


@pytest.mark.parametrize("wire", ["many", 1.5, True, [], "9" * 40])
def test_a_count_is_a_whole_number(wire):
    with pytest.raises(UnexpectedPayload):
        values.parse_count(wire)


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("185.40", Decimal("185.40")),
        ("100", Decimal(100)),
        (100, Decimal(100)),
        (0.1, Decimal("0.1")),
        ("0.00", Decimal("0.00")),
        ("", None),
        (None, None),
    ],
)
def test_money_is_a_decimal(wire, read):
    assert values.parse_money(wire) == read


@pytest.mark.parametrize("wire", ["1,234.00", "NaN", "Infinity", "free", True])
def test_money_that_is_no_amount_is_refused(wire):
    with pytest.raises(UnexpectedPayload, match="total_spent is not"):
        values.parse_money(wire, "total_spent")


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("vip,newsletter", ("vip", "newsletter")),
        (" vip , ,vip,新客 ", ("vip", "新客")),
        (["vip", None, "b"], ("vip", "b")),
        ("", ()),
        (None, ()),
    ],
)
def test_tags_come_as_text_or_list(wire, read):
    assert values.parse_tags(wire) == read


@pytest.mark.parametrize(
    ("wire", "read"),
    [(0, 0), ("0", 0), (3, 3), ("1", 1), ("ENABLED", 3), ("DISABLED", 0), ("NOT_INVITED", 1)],
)
def test_a_state_comes_as_number_digit_or_word(wire, read):
    assert values.parse_state(wire) == read


@pytest.mark.parametrize("wire", [None, "", 4, -1, "enabled?", True])
def test_an_unknown_state_is_never_guessed(wire):
    with pytest.raises(UnexpectedPayload):
        values.parse_state(wire)


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("0", None),
        ("1", "male"),
        (2, "female"),
        ("female", "female"),
        ("Male", "male"),
        ("others", "others"),
        ("secret", "secret"),
        ("", None),
        (None, None),
    ],
)
def test_gender_comes_as_digits_and_words(wire, read):
    assert values.parse_gender(wire) == read


def test_a_time_zone_must_exist():
    assert values.parse_timezone("Asia/Taipei") == "Asia/Taipei"
    for nowhere in ("Asia/Atlantis", "", "../etc", "GMT+25", None, "Asia"):
        with pytest.raises(UnexpectedPayload):
            values.parse_timezone(nowhere)


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        (1, True),
        ("1", True),
        (False, False),
        ("false", False),
        (0, False),
        ("0", False),
        ("", None),
        (None, None),
    ],
)
def test_a_switch_keeps_no_apart_from_nothing(wire, read):
    assert values.parse_switch(wire) is read


@pytest.mark.parametrize("wire", ["yes", 2, [], 1.0])
def test_a_switch_is_never_guessed(wire):
    with pytest.raises(UnexpectedPayload):
        values.parse_switch(wire)


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("2026-11-02T10:53:31+08:00", TEN_OCLOCK),
        ("2024-06-05 08:00:00", None),
        ("soon", None),
        (None, None),
    ],
)
def test_a_time_of_secondary_weight_may_be_unknown(wire, read):
    assert values.parse_placed_time(wire) == read


@pytest.mark.parametrize(("wire", "read"), [("PAID", "paid"), (" paid ", "paid"), ("", None)])
def test_a_word_has_one_case(wire, read):
    assert values.parse_word(wire) == read
