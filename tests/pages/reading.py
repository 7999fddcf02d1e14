"""What a person, or htmx, sees on a page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

HTMX = {"HX-Request": "true"}


def text_of(answer: Any) -> str:
    """The words of a page, in one line."""
    html = re.sub(r"<(script|style|head|svg).*?</\1>", " ", answer.text, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def numbers_in(words: str) -> list[int]:
    return [int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", words)]


def adds_up(equation: str) -> bool:
    """"2,000 chosen = 1,204 + 410 not subscribed + ..." """
    whole, *parts = numbers_in(equation)
    return whole == sum(parts)


def equations_of(answer: Any) -> list[str]:
    found = re.findall(r'class="smartpush-equation">(.*?)</p>', answer.text, re.S)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in found]


def value_of(answer: Any, name: str) -> str:
    """The value of a form field."""
    for tag in re.findall(r"<input[^>]*>", answer.text):
        if f'name="{name}"' in tag:
            found = re.search(r'value="([^"]*)"', tag)
            return unescape(found[1]) if found else ""
    raise AssertionError(f"There is no field {name}.")


def mark_of(answer: Any) -> str:
    found = re.search(r"seen=([0-9a-f]+)", answer.text)
    assert found, "The page does not look again."
    return found[1]
