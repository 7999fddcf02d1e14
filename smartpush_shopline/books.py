"""Books in which rooms declare what a webhook topic, or the clock, means to them.

The inbox and the runner read the merged books and know no room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Payload = Mapping[str, Any]


@dataclass(slots=True)
class Context:
    """What a topic's handler works with. `shop` is the row of the store that sent it."""

    session: Session
    shop: Any
    now: datetime
    settings: Any
    rings: set[str] = field(default_factory=set)
    about_nobody: bool = False
    """A handler says so of a message about an erased person: not even their id is kept."""

    def ring(self, job: str) -> None:
        """After the commit, have this job look at the shop at once."""
        self.rings.add(job)


Handler = Callable[[Payload, Context], None]
Job = Callable[[Any, int | None], None]


class TopicBook:
    """Topic → the one function that handles it."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def on(self, *topics: str) -> Callable[[Handler], Handler]:
        def note(handler: Handler) -> Handler:
            for topic in topics:
                self._add(topic, handler)
            return handler

        return note

    def _add(self, topic: str, handler: Handler) -> None:
        if topic in self._handlers:
            raise ConfigurationError(f"Two handlers for the topic {topic}.")
        self._handlers[topic] = handler

    def find(self, topic: str) -> Handler | None:
        return self._handlers.get(topic)

    def __iter__(self) -> Iterator[str]:
        return iter(self._handlers)

    @classmethod
    def merged(cls, books: Iterable[TopicBook]) -> TopicBook:
        whole = cls()
        for book in books:
            for topic, handler in book._handlers.items():
                whole._add(topic, handler)
        return whole


class JobBook:
    """Name → a function of (state, shop id or None). A tick of the clock runs each, in order.

    A job must be harmless when it runs twice, or in eight processes at once.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def job(self, name: str) -> Callable[[Job], Job]:
        def note(function: Job) -> Job:
            if name in self._jobs:
                raise ConfigurationError(f"Two jobs are called {name}.")
            self._jobs[name] = function
            return function

        return note

    def __getitem__(self, name: str) -> Job:
        return self._jobs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._jobs)

    @classmethod
    def merged(cls, books: Iterable[JobBook]) -> JobBook:
        whole = cls()
        for book in books:
            for name, function in book._jobs.items():
                whole.job(name)(function)
        return whole
