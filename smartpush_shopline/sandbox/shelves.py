"""Where a store keeps its things: shelves for few of a kind, ground and shelf for many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .ground import Ground, Key, Place, Selection, Test

if TYPE_CHECKING:
    from .state import Store

T = TypeVar("T")
REMEMBERED = 64
"""Selections that are kept until something changes."""


@dataclass(frozen=True)
class Counter:
    value: int


class Shelf(Generic[T]):
    """Things of one kind by their key, kept on the disk as well."""

    def __init__(self, store: Store, kind: str, kind_of: type[T]) -> None:
        self._store, self._kind = store, kind
        self._things = dict(store.disk.load(store.handle, kind, kind_of))

    def get(self, key: str) -> T | None:
        return self._things.get(key)

    def all(self) -> list[T]:
        with self._store.lock:
            return list(self._things.values())

    def items(self) -> list[tuple[str, T]]:
        with self._store.lock:
            return list(self._things.items())

    def put(self, key: str, thing: T) -> None:
        with self._store.lock:
            self._things[key] = thing
            self._store.disk.put(self._store.handle, self._kind, key, thing)

    def drop(self, key: str) -> None:
        with self._store.lock:
            if self._things.pop(key, None) is not None:
                self._store.disk.drop(self._store.handle, self._kind, key)

    def clear(self) -> None:
        for key in list(self._things):
            self.drop(key)

    def __contains__(self, key: str) -> bool:
        return key in self._things

    def __len__(self) -> int:
        return len(self._things)


class Crowd(Generic[T]):
    """Very many things of one kind: the ground makes them, the shelf keeps what was changed."""

    def __init__(
        self, store: Store, kind: str, kind_of: type[T], before: Callable[[], None] | None = None
    ) -> None:
        self._store, self._before = store, before or _nowhere
        self._changed = Shelf(store, kind, kind_of)
        self._gone = Shelf(store, f"{kind} gone", Counter)
        self._survey: Callable[[], Ground[T]] | None = None
        self._surveyed: Ground[T] = Ground((), (), 0, 0, _nothing, _nowhere)
        self._remembered: dict[Any, Selection[T]] = {}

    def settle(self, survey: Callable[[], Ground[T]]) -> None:
        """Stand on this ground, which is made when it is first walked on."""
        self._survey = survey
        self._remembered.clear()

    @property
    def _ground(self) -> Ground[T]:
        with self._store.lock:
            if self._survey:
                self._surveyed, self._survey = self._survey(), None
            return self._surveyed

    def get(self, key: str) -> T | None:
        with self._store.lock:
            thing = self._changed.get(key)
            if thing is not None or key in self._gone:
                return thing
        place = self._place(key)
        return self._ground.make(*place) if place else None

    def put(self, key: str, thing: T) -> None:
        with self._store.lock:
            self._before()
            self._changed.put(key, thing)
            self._gone.drop(key)
            self._remembered.clear()

    def drop(self, key: str) -> None:
        with self._store.lock:
            self._before()
            self._changed.drop(key)
            if self._place(key):
                self._gone.put(key, Counter(0))
            self._remembered.clear()

    def clear(self) -> None:
        self._changed.clear()
        self._gone.clear()
        self._remembered.clear()

    def select(
        self, test: Test[T] | None = None, key: Key[T] | None = None, name: Any = None
    ) -> Selection[T]:
        """Those for whom the test holds, by id or by a key.

        What the test reads must be the same for everybody of a slot. Under a ``name`` the answer
        is remembered until something changes.
        """
        with self._store.lock:
            found = self._remembered.get(name) if name is not None else None
            if found is None:
                changed = [(each, self._place(ref)) for ref, each in self._changed.items()]
                refs = [ref for ref, _ in self._changed.items() + self._gone.items()]
                gone = [place for ref in refs if (place := self._place(ref))]
                found = Selection(self._ground, changed, gone, test, key)
                if name is not None:
                    if len(self._remembered) >= REMEMBERED:
                        self._remembered.clear()
                    self._remembered[name] = found
            return found

    def first_day(self, key: str) -> Place | None:
        """Where on the ground it stands, if it was there on the first day."""
        return self._place(key)

    def changed(self) -> list[T]:
        """Those that were added or changed since the first day."""
        return self._changed.all()

    def everyone(self) -> Selection[T]:
        return self.select(name="everyone")

    def all(self) -> list[T]:
        """Every one of them, made now; with a million people this takes its time."""
        return list(self.everyone())

    def __len__(self) -> int:
        return len(self.everyone())

    def _place(self, key: str) -> Place | None:
        place = self._ground.find(key)
        return place if place and self._ground.holds(place) else None


def _nowhere(key: str = "") -> None:
    """Where nothing is, nothing is found."""


def _nothing(slot: int, block: int) -> Any:
    raise LookupError("There is nothing on this ground.")
