"""A store that misbehaves at an exact moment, and what a test looks at afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyroaring import BitMap

from smartpush_shopline.sandbox.moods import Moods
from smartpush_shopline.sandbox.state import Store
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import Segment
from tests.hosting import Host, Sandbox


class At(Moods):
    """At the n-th call whose path contains `part`, do something, or fail with a status."""

    def __init__(
        self,
        store: Store,
        part: str,
        what: int | Callable[[], Any],
        nth: int = 1,
        times: int = 1,
    ) -> None:
        super().__init__()
        self.__dict__.update(lock=store.lock, part=part, what=what, left=nth, times=times)

    def next_failure(self, path: str) -> int | None:
        if self.part not in path:
            return None
        self.__dict__["left"] -= 1
        if self.left > 0 or self.left <= -self.times:
            return None
        if isinstance(self.what, int):
            return self.what
        self.lock.release()  # what happens meanwhile may need the store, too
        try:
            self.what()
        finally:
            self.lock.acquire()
        return None


@pytest.fixture
def at(sandbox: Sandbox) -> Callable[..., None]:
    """`at("v2/customers", 503, nth=2)`: the second page fails once."""

    def arrange(*args: Any, **more: Any) -> None:
        store = sandbox.store("birch")
        store.moods = At(store, *args, **more)

    return arrange


@pytest.fixture
def members(live: Host) -> Callable[[str], set[str | None] | None]:
    """Customer ids in the current version of a segment; None before the first version."""

    def of(name: str) -> set[str | None] | None:
        with live.database.read() as session:
            segment = session.get_one(Segment, live.segments()[name].id)
            version = publishing.current_version(session, segment)
            numbers: BitMap | None = version and version.members
        return None if numbers is None else live.people().refs(numbers)

    return of
