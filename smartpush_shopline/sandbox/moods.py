"""The moods of one store: what they are now, what they do to the next call, and their dice.

In Python ``store.moods.webhooks = "duplicated"``; over HTTP ``POST /_sandbox/moods``. The names
and values are those of the registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

from . import registry
from .registry import NoMood, Value

CHAOS = (429, 500, 503, 504)
ALWAYS = -1


@dataclass(frozen=True)
class Answer:
    """The next ``times`` calls whose path contains ``path`` are answered with ``status``."""

    status: int = 503
    times: int = 1
    path: str = ""


class Moods:
    """One attribute for each mood of the registry; a wrong name or value is a ``NoMood``."""

    _usual: dict[str, Value]
    _values: dict[str, Value]
    answers: list[Answer]
    dice: Random

    def __init__(self, usual: Mapping[str, Any] | None = None) -> None:
        checked = {name: registry.check(name, value) for name, value in (usual or {}).items()}
        own: dict[str, Any] = {"_usual": checked, "_values": {}, "answers": [], "dice": Random(0)}
        self.__dict__.update(own)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._values:
            return self._values[name]
        return self.usual(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.set(translated({name: value}))

    def usual(self, name: str) -> Value:
        """How it is when nobody says anything."""
        return self._usual[name] if name in self._usual else registry.default(name)

    def set(self, wanted: Mapping[str, Any]) -> None:
        """All of them or, when one is wrong, none; what is not named stays as it is."""
        given = dict(wanted)
        answers = _answers(given.pop("answers")) if "answers" in given else self.answers
        checked = {name: registry.check(name, value) for name, value in given.items()}
        self.__dict__["answers"] = answers
        for name, value in checked.items():
            self._values[name] = value
            if value == self.usual(name):
                del self._values[name]
        if "seed" in checked:
            self.__dict__["dice"] = Random(int(checked["seed"]))

    def calm(self) -> None:
        """Everything as usual again."""
        self._values.clear()
        self.__dict__.update(answers=[], dice=Random(0))

    @property
    def changed(self) -> dict[str, Value]:
        return dict(self._values)

    def as_json(self) -> dict[str, Any]:
        now = {name: getattr(self, name) for name in registry.MOODS}
        return {**now, "answers": [asdict(each) for each in self.answers]}

    def answer(self, status: int, times: int = 1, path: str = "") -> None:
        """Plan how the next calls are answered; those planned first are used up first."""
        planned = {"status": status, "times": times, "path": path}
        self.__dict__["answers"] = [*self.answers, *_answers([planned])]

    def next_failure(self, path: str) -> int | None:
        """The status this call must be answered with, if it must; callers hold the lock."""
        if self.store_status != "open":
            return 402 if self.store_status == "frozen" else 423
        for number, planned in enumerate(self.answers):
            if planned.path in path:
                left = replace(planned, times=planned.times - (planned.times != ALWAYS))
                self.answers[number : number + 1] = [left] if left.times else []
                return planned.status
        if self.chaos and self.dice.random() * 100 < self.chaos:
            return self.dice.choice(CHAOS)
        return None


def _answers(given: Any) -> list[Answer]:
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        raise NoMood("“answers” is a list of objects like {“status”: 503, “times”: 2}.")
    return [_answer(dict(each)) for each in given]


def _answer(given: dict[str, Any]) -> Answer:
    if unknown := given.keys() - {"status", "times", "path"}:
        raise NoMood(f"“{min(unknown)}” is no part of an answer: status, times, path.")
    planned = Answer(**given)
    if type(planned.status) is not int or not 200 <= planned.status <= 599:
        raise NoMood("“status” is an HTTP status from 200 to 599.")
    if type(planned.times) is not int or not (planned.times == ALWAYS or planned.times > 0):
        raise NoMood("“times” is a number of calls; -1 means all of them.")
    if not isinstance(planned.path, str):
        raise NoMood("“path” is a part of the paths that are meant.")
    return planned


def translated(given: Any) -> dict[str, Any]:
    """Moods from JSON, also in the words of the sandbox's first days."""
    if not isinstance(given, Mapping):
        raise NoMood("Moods are a JSON object.")
    told = dict(given)
    if "fail_next" in told:
        times, status = told.pop("fail_next"), told.pop("status", 503)
        planned = {"status": status, "times": times, "path": told.pop("path_contains", "")}
        told["answers"] = [planned] if times else []
    if "deliver" in told:
        words = {"twice": "duplicated", "never": "dropped"}
        told["webhooks"] = words.get(told.pop("deliver"), "once")
    if "hmac" in told:
        word = told.pop("hmac")
        told["webhook_signature"] = "wrong" if word == "wrong" else "right"
        if word in ("hex", "base64"):
            told["webhook_hmac"] = word
    return told
