"""Sets of contact numbers as compressed bitmaps (Roaring, portable serialisation).

A million people take about 130 KB, and union, difference and counting take microseconds.
Source: https://github.com/RoaringBitmap/RoaringFormatSpec
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from pyroaring import BitMap
from sqlalchemy import LargeBinary
from sqlalchemy.types import TypeDecorator

CHUNK = 65_536
"""Numbers per chunk: one container of a Roaring bitmap."""


class Members(TypeDecorator[BitMap]):
    """A column that holds one bitmap. Loaded bitmaps are read-only by agreement: copy to change."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: BitMap | None, dialect: Any) -> bytes | None:
        return None if value is None else pack(value)

    def result_processor(
        self, dialect: Any, coltype: Any
    ) -> Callable[[bytes | None], BitMap | None]:
        """Straight from bytes, without the steps of a TypeDecorator: a count reads hundreds."""
        return _unpack


def _unpack(value: bytes | None) -> BitMap | None:
    return None if value is None else BitMap.deserialize(value)


def pack(members: BitMap) -> bytes:
    smallest = members.copy()
    smallest.run_optimize()
    return bytes(smallest.serialize())


def digest(members: BitMap) -> str:
    """The same people give the same 64 hex digits, whoever computes them."""
    return hashlib.sha256(pack(members)).hexdigest()


def union(sets: Iterable[BitMap]) -> BitMap:
    every = list(sets)
    return BitMap.union(*every) if every else BitMap()


def chunks_of(numbers: Iterable[int]) -> list[int]:
    """In ascending order. A million numbers are passed chunk by chunk, not one by one."""
    members = numbers if isinstance(numbers, BitMap) else BitMap(numbers)
    found, at = [], 0
    while at < len(members):
        found.append(members[at] // CHUNK)
        at = members.rank((found[-1] + 1) * CHUNK - 1)
    return found
