"""Every mood there is: the page, the JSON, the documentation and the tests are drawn from here.

Two kinds. A *temper* is how a real store misbehaves at times. A *question* is something about the
platform that no public page tells: one value for each plausible answer, so that an app can be tried
under all of them. ``pairwise`` combines the questions.
"""

from __future__ import annotations

from typing import Any

from .questions import QUESTIONS
from .questions_data import Question
from .tempers import TEMPERS, Number, Temper

Value = str | float
Mood = Temper | Number | Question

MOODS: dict[str, Mood] = {mood.name: mood for mood in (*TEMPERS, *QUESTIONS)}


class NoMood(ValueError):
    """There is no such mood or it has no such value; the text is a sentence."""


def default(name: str) -> Value:
    mood = find(name)
    return mood.usual if isinstance(mood, Number) else next(iter(mood.values))


def find(name: str) -> Mood:
    mood = MOODS.get(name)
    if mood is None:
        raise NoMood(f"“{name}” is no mood; the moods are {', '.join(MOODS)}.")
    return mood


def check(name: str, value: Any) -> Value:
    """The value as it is kept, or a sentence about why it cannot be."""
    mood = find(name)
    if isinstance(mood, Number):
        return _number(mood, value)
    word = str(value).lower() if isinstance(value, bool | int) else value
    word = {"true": "yes", "false": "no"}.get(word, word) if isinstance(word, str) else word
    if word not in mood.values:
        raise NoMood(f"“{name}” is one of {', '.join(mood.values)}.")
    return str(word)


def _number(mood: Number, value: Any) -> float:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not mood.least <= number <= mood.most:
        raise NoMood(f"“{mood.name}” is a number from {mood.least:,} to {mood.most:,}.")
    return int(number) if number.is_integer() else number
