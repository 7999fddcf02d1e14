"""A JSON object that knows where it stands, so that every error can name its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from smartpush_shopline.errors import UnexpectedPayload

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fields:
    """`data` at `path`; unknown fields pass unread."""

    data: Mapping[str, object]
    path: str = ""

    @classmethod
    def of(cls, payload: object, path: str = "") -> Fields:
        """Refuse whatever is not a JSON object."""
        if not isinstance(payload, Mapping):
            raise UnexpectedPayload(f"{path or 'the answer'} is not an object")
        return cls(payload, path)

    def at(self, name: str) -> str:
        """`customers[3].id`"""
        return f"{self.path}.{name}" if self.path else name

    def read(self, parse: Callable[[object, str], T], name: str) -> T:
        """Read one field with a parser of `(value, path)`."""
        path = f"{self.path}.{name}" if self.path else name
        return parse(self.data.get(name), path)

    def inner(self, name: str) -> Fields | None:
        """An object inside; missing and null are None."""
        value = self.data.get(name)
        return None if value is None else Fields.of(value, self.at(name))

    def required(self, name: str) -> Fields:
        """An object inside that must be there."""
        inner = self.inner(name)
        if inner is None:
            raise UnexpectedPayload(f"{self.at(name)} is missing")
        return inner

    def rows(self, name: str, *, required: bool = False) -> list[tuple[object, str]]:
        """The items of a list with their paths, e.g. `({...}, "customers[3]")`."""
        value = self.data.get(name)
        if value is None and required:
            raise UnexpectedPayload(f"{self.at(name)} is missing")
        if value is not None and not isinstance(value, list):
            raise UnexpectedPayload(f"{self.at(name)} is not a list")
        return [(row, f"{self.at(name)}[{index}]") for index, row in enumerate(value or [])]
