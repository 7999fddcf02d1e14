"""The last look at a body before it leaves: what becomes of empty fields, numbers and spellings."""

from __future__ import annotations

import re
from typing import Any

from .moods import Moods
from .wire import EMPTY

LOOKED_AT = ("nulls", "numbers", "deprecated", "webhook_consents", "offsets", "operate")
DEPRECATED = (
    "accepts_marketing",
    "accepts_marketing_updated_at",
    "accepts_mobile_marketing",
    "accepts_mobile_marketing_updated_at",
)
CONSENTS = ("email_marketing_consent", "sms_marketing_consent")
FLAGS = ("email_subscribe_flag", "mobile_subscribe_flag", "state", "gender", "amount", "price")
OFFSET = re.compile(r"(\d\d:\d\d:\d\d[+-]\d\d):(\d\d)")
NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")


def twist(body: Any, moods: Moods, webhook: bool = False) -> Any:
    """The body as the moods want it; usually only the empty fields are left out."""
    if moods.order_spelling != "documented":
        body = _spelled(body, moods.order_spelling)
    if not any(name in moods.changed for name in LOOKED_AT):
        return _without_empty(body)
    return _Twist(moods, webhook).value("", body)


def _without_empty(value: Any) -> Any:
    """Pages are long, so only what can hold something is looked into."""
    if type(value) is list:
        return [_without_empty(each) for each in value]
    if type(value) is not dict:
        return value
    return {
        key: _without_empty(each) if type(each) is dict or type(each) is list else each
        for key, each in value.items()
        if each is not EMPTY
    }


def _spelled(value: Any, word: str) -> Any:
    if isinstance(value, dict):
        cancelled = value.get("status") in ("canceled", "cancelled")
        told = {key: _spelled(each, word) for key, each in value.items()}
        return {**told, "status": word} if cancelled else told
    return [_spelled(each, word) for each in value] if isinstance(value, list) else value


class _Twist:
    def __init__(self, moods: Moods, webhook: bool) -> None:
        self._numbers, self._null = moods.numbers, moods.nulls == "null"
        self._plain_offsets = webhook and moods.offsets == "plain"
        self._lower = moods.operate == "lower"
        left_out: tuple[str, ...] = DEPRECATED if moods.deprecated == "gone" else ()
        if webhook and moods.webhook_consents == "flags":
            left_out += CONSENTS
        self._left_out = frozenset(left_out)

    def value(self, key: str, value: Any) -> Any:
        if isinstance(value, dict):
            kept = {
                name: each
                for name, each in value.items()
                if name not in self._left_out and (self._null or each is not EMPTY)
            }
            return {name: self.value(name, each) for name, each in kept.items()}
        if isinstance(value, list):
            return [self.value(key, each) for each in value]
        if value is EMPTY:
            return None
        if isinstance(value, str):
            return self._text(key, value)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return str(value) if number and self._numbers == "text" else value

    def _text(self, key: str, text: str) -> Any:
        counts = key in FLAGS or key.startswith("total_") or key.endswith("_price")
        if counts and self._numbers == "number" and NUMBER.fullmatch(text):
            return float(text) if "." in text else int(text)
        if key == "operate" and self._lower:
            return text.lower()
        return OFFSET.sub(r"\1\2", text) if self._plain_offsets else text
