"""Single values of SHOPLINE's JSON, one small parser for each oddity of the wire.

Every parser takes `(value, path)`; missing, null and empty are the same (the platform omits empty
fields). What cannot be read raises `UnexpectedPayload` naming the path and never the value, which
may be personal. Sources on developer.shopline.com: the REST customer pages, "Time format
instructions" of the webhooks.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from smartpush_shopline.errors import UnexpectedPayload

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNREADABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and lone surrogates: no database takes them
GID = re.compile(r"^gid://shopline/[^/]+/")
MILLISECONDS = re.compile(r"\d{9,15}", re.ASCII)
WHOLE = re.compile(r"-?\d{1,15}(\.0+)?", re.ASCII)
STATE_WORDS = {"DISABLED": 0, "NOT_INVITED": 1, "INVITED": 2, "ENABLED": 3}
SWITCHES = {"true": True, "1": True, "false": False, "0": False}
GENDERS = {
    "1": "male",
    "2": "female",
    "male": "male",
    "female": "female",
    "others": "others",
    "secret": "secret",
}


def parse_text(value: object, path: str = "text") -> str | None:
    """A trimmed text; numbers become their digits, empty becomes None."""
    if value is None:
        return None
    if isinstance(value, bool | dict | list):
        raise UnexpectedPayload(f"{path} is not a text")
    text = str(value)
    if not text.isprintable():  # as nearly all are; a page has thousands
        text = UNREADABLE.sub("", text)
    return text.strip() or None


def parse_required_text(value: object, path: str = "text") -> str:
    """A text that must be there."""
    text = parse_text(value, path)
    if text is None:
        raise UnexpectedPayload(f"{path} is missing")
    return text


def parse_ref(value: object, path: str = "id") -> str:
    """A required id as a string: integers are cast, `gid://shopline/Customer/1` becomes `1`."""
    if isinstance(value, float | Decimal):
        raise UnexpectedPayload(f"{path} is not an id")
    return GID.sub("", parse_required_text(value, path))


def parse_optional_ref(value: object, path: str = "id") -> str | None:
    """An id that may be missing."""
    return None if value in (None, "") else parse_ref(value, path)


def parse_time(value: object, path: str = "time") -> datetime | None:
    """An aware UTC time from `+08:00`, `+0000`, `Z` or milliseconds since the epoch.

    A time without offset is refused: guessing its zone could shift an opt-out by half a day.
    """
    text = parse_text(value, path)
    if text is None:
        return None
    try:
        if MILLISECONDS.fullmatch(text):
            return EPOCH + timedelta(milliseconds=int(text))
        read = datetime.fromisoformat(text)
        if read.utcoffset() is not None:
            return read.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UnexpectedPayload(f"{path} is not a time with an offset")


def parse_placed_time(value: object, path: str = "time") -> datetime | None:
    """A time of secondary weight: without an offset (`2024-06-05 08:00:00`) it is not known."""
    try:
        return parse_time(value, path)
    except UnexpectedPayload:
        return None


def parse_birthday(value: object, path: str = "birthday") -> date | None:
    """`19900131` or `1990-01-31`; anything else is no birthday, as merchants type these."""
    text = str(value or "").replace("-", "")
    if not re.fullmatch(r"\d{8}", text, re.ASCII):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def parse_count(value: object, path: str = "count") -> int | None:
    """A whole number, also when it comes as a string. 0 is a number, not a gap."""
    text = parse_text(value, path)
    if text is None:
        return None
    if not WHOLE.fullmatch(text):
        raise UnexpectedPayload(f"{path} is not a whole number")
    return int(text.partition(".")[0])


def parse_required_count(value: object, path: str = "count") -> int:
    """A whole number that must be there."""
    count = parse_count(value, path)
    if count is None:
        raise UnexpectedPayload(f"{path} is missing")
    return count


def parse_money(value: object, path: str = "amount") -> Decimal | None:
    """An amount in store currency (`"185.40"`, `"100"`, `100`), never a float on its way."""
    text = parse_text(value, path)
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise UnexpectedPayload(f"{path} is not an amount")
    return amount


def parse_tags(value: object, path: str = "tags") -> tuple[str, ...]:
    """Comma separated (REST) or a list (GraphQL); trimmed, without doubles, order kept."""
    parts = value if isinstance(value, list) else (parse_text(value, path) or "").split(",")
    tags = (parse_text(part, path) for part in parts)
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def parse_word(value: object, path: str = "status") -> str | None:
    """One of SHOPLINE's words, whatever its case; the vocabulary may grow."""
    text = parse_text(value, path)
    return text.lower() if text else None


def parse_switch(value: object, path: str = "switch") -> bool | None:
    """`true`, `"true"`, `1`, `"1"` and their opposites. False is an answer, not a gap."""
    text = str(value).lower() if isinstance(value, bool) else parse_word(value, path)
    if text is None:
        return None
    if text not in SWITCHES:
        raise UnexpectedPayload(f"{path} is neither true nor false")
    return SWITCHES[text]


def parse_required_switch(value: object, path: str = "switch") -> bool:
    """A yes or no that must be there."""
    switch = parse_switch(value, path)
    if switch is None:
        raise UnexpectedPayload(f"{path} is missing")
    return switch


def parse_state(value: object, path: str = "state") -> int:
    """0 blacklisted or disabled, 1 not invited, 2 invited, 3 registered; digits or a word.

    Required, and an unknown state is refused: it decides whether a person may be written to.
    """
    text = parse_required_text(value, path)
    state = STATE_WORDS.get(text, -1) if not text.isdecimal() else int(text)
    if state not in range(4):
        raise UnexpectedPayload(f"{path} is not a customer state")
    return state


def parse_gender(value: object, path: str = "gender") -> str | None:
    """`male`, `female`, `others`, `secret`; digits 1 and 2 of the v2 read; else None."""
    return GENDERS.get(str(value).lower())


def parse_country_code(value: object, path: str = "country_code") -> str | None:
    """Two capital letters or None."""
    text = (parse_text(value, path) or "").upper()
    return text if re.fullmatch("[A-Z]{2}", text) else None


def parse_timezone(value: object, path: str = "iana_timezone") -> str:
    """A required IANA name that this machine knows, for it decides when a store's night is."""
    name = parse_required_text(value, path)
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise UnexpectedPayload(f"{path} is not a known time zone: {name[:40]}") from None
    return name
