"""The pace of calls without the lease: what is reserved for them is one share for all processes.

They are few, a token or the look-up of a launch: so each of them asks a row of the store's for its
turn, and waits outside of the transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy.orm import Session

from ..database import Database
from ..shopline import RESERVED_BURST, RESERVED_PER_SECOND, Pace
from ..web import State
from .install import find_shop
from .lease import seconds_of
from .models import ShopReserve


class Reserve(Pace):
    """As `Pace.reserved()`, of one store, by the database's clock."""

    def __init__(
        self, database: Database, shop_id: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(RESERVED_PER_SECOND, RESERVED_BURST, sleep=sleep)
        self._database = database
        self._shop_id = shop_id

    def wait(self) -> float:
        seconds = self._database.retrying(self._promise)
        if seconds > 0:
            self._sleep(seconds)
        return seconds

    def _promise(self, session: Session) -> float:
        """Take one call, perhaps from the future, and say how far off it is."""
        row = session.get(ShopReserve, self._shop_id, with_for_update=True)
        if row is None:  # the store was wiped meanwhile, and so was its token
            return 0.0
        now = seconds_of(session)
        row.full_at = max(row.full_at, now) + 1 / RESERVED_PER_SECOND
        return max(0.0, row.full_at - now - RESERVED_BURST / RESERVED_PER_SECOND)


def pace_of(state: State, shop_id: int) -> Pace:
    """A store's pace for calls without its lease; nobody waits there for an import."""
    return state.paces.setdefault(("reserved", shop_id), Reserve(state.database, shop_id))


def pace_of_installing(state: State, app_key: str, handle: str) -> Pace:
    """A store of which there is no row yet is installed once: it keeps to this process's pace."""
    with state.database.read() as session:
        shop = find_shop(session, app_key, handle)
    if shop is not None:
        return pace_of(state, shop.id)
    return state.paces.setdefault(("installing", handle), Pace.reserved())
