"""Many things by arithmetic, so that a store of a million people starts at once.

The first people of a store are invented one by one, and everybody after them is somebody like one
of those: number 2,007 lives as number 7 does, under another name. What a rule asks about (orders,
tags, consents, times) is therefore the same in every block, and a rule need be tried on one block
only. Orders follow their buyers in the same way, hence ``owners``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")
Place = tuple[int, int]
"""Which slot of the first block a thing is like, and in which block it lives."""
Key = Callable[[T], Any]
Test = Callable[[T], bool]


@dataclass(frozen=True)
class Ground(Generic[T]):
    """Blocks of the same slots, the last one perhaps cut short."""

    slots: Sequence[T]
    owners: Sequence[int]
    """For each slot the person it belongs to, ascending."""
    block: int
    """People in a block."""
    size: int
    """People in all."""
    make: Callable[[int, int], T]
    find: Callable[[str], Place | None]

    @property
    def blocks(self) -> tuple[int, int]:
        """Full blocks, and the people of the one cut short."""
        return divmod(self.size, self.block) if self.block else (0, 0)

    def holds(self, place: Place) -> bool:
        slot, block = place
        inside = 0 <= slot < len(self.slots) and block >= 0
        return inside and self.owners[slot] + block * self.block < self.size


class ById(Generic[T]):
    """The chosen slots block by block, which is the order of the ids."""

    def __init__(self, ground: Ground[T], chosen: list[int]) -> None:
        full, rest = ground.blocks
        self._chosen = chosen
        cut = bisect_left(chosen, bisect_left(ground.owners, rest))
        self.length = full * len(chosen) + cut

    def place(self, raw: int) -> Place:
        block, number = divmod(raw, len(self._chosen))
        return self._chosen[number], block

    def raw(self, place: Place) -> int | None:
        slot, block = place
        number = bisect_left(self._chosen, slot)
        if number == len(self._chosen) or self._chosen[number] != slot:
            return None
        return block * len(self._chosen) + number

    def rank(self, thing: T, place: Place | None) -> int:
        """How many of the others come before a changed thing; what was added comes last."""
        if place is None:
            return self.length
        return min(self.length, place[1] * len(self._chosen) + bisect_left(self._chosen, place[0]))


class ByKey(Generic[T]):
    """The chosen slots in the order of a key; those alike stand together."""

    def __init__(self, ground: Ground[T], chosen: list[int], key: Key[T]) -> None:
        full, rest = ground.blocks
        self._key = key
        self._chosen = sorted(chosen, key=lambda number: key(ground.slots[number]))
        self._keys = [key(ground.slots[number]) for number in self._chosen]
        self._where = {slot: number for number, slot in enumerate(self._chosen)}
        counts = (full + (ground.owners[slot] < rest) for slot in self._chosen)
        self._starts = [0, *accumulate(counts)]
        self.length = self._starts[-1]

    def place(self, raw: int) -> Place:
        number = bisect_right(self._starts, raw) - 1
        return self._chosen[number], raw - self._starts[number]

    def raw(self, place: Place) -> int | None:
        number = self._where.get(place[0])
        return None if number is None else self._starts[number] + place[1]

    def rank(self, thing: T, place: Place | None) -> int:
        return self._starts[bisect_right(self._keys, self._key(thing))]


class Selection(Sequence[T]):
    """Those for whom a test holds, in order; each one is made when it is looked at.

    It keeps what was true when it was made: later changes are not in it.
    """

    def __init__(
        self,
        ground: Ground[T],
        changed: Iterable[tuple[T, Place | None]],
        gone: Iterable[Place],
        test: Test[T] | None,
        key: Key[T] | None,
    ) -> None:
        slots = enumerate(ground.slots)
        chosen = [number for number, each in slots if test is None or test(each)]
        line = ByKey(ground, chosen, key) if key else ById(ground, chosen)
        raws = (line.raw(place) for place in gone)
        holes = sorted(raw for raw in raws if raw is not None and raw < line.length)
        kept = [(each, place) for each, place in changed if test is None or test(each)]
        ranked = []
        for number, (each, place) in enumerate(kept):
            rank = line.rank(each, place)
            spot = (0, place[1], place[0]) if place else (1, 0, number)
            within = (key(each) if key else 0, spot)
            ranked.append((rank - bisect_left(holes, rank), within, each))
        ranked.sort(key=lambda entry: entry[:2])
        self._ground, self._line = ground, line
        self._shifts = [hole - number for number, hole in enumerate(holes)]
        self._spots = [rank + number for number, (rank, _, _) in enumerate(ranked)]
        self._changed = [each for _, _, each in ranked]
        self._length = line.length - len(holes) + len(kept)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self._at(number) for number in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(index)
        return self._at(index % self._length)

    def _at(self, index: int) -> T:
        number = bisect_left(self._spots, index)
        if number < len(self._spots) and self._spots[number] == index:
            return self._changed[number]
        rank = index - number
        raw = rank + bisect_right(self._shifts, rank)
        return self._ground.make(*self._line.place(raw))
