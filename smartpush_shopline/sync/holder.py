"""The holder of a shop's lease takes its work page by page, the most urgent first.

A person waiting, then what a webhook made stale, then the night, then the first import: so a long
import never delays an edit in the Admin.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ..contacts import writing_back
from ..errors import Gone, LeaseLost, NotAuthorised, ShoplineBusy, ShoplineError, trace_of
from ..failure import UNKNOWN_APP, code_of, mistake
from ..segments.models import Segment
from ..settings import Settings
from ..shopline import OAuth, Pace, ShoplineClient, new_session
from ..shops import install, reserve, tokens
from ..shops.lease import Lease
from ..shops.models import ACTIVE, Shop
from ..web import State
from . import failing
from .models import RUNNING, SyncRun

log = logging.getLogger("smartpush")
Steps = Iterator[None]
Task = tuple[str, int]
KEPT_FOR_URGENT = 10
"""Of the burst of 20 calls; so an edit in the Admin is followed at once during a long import."""


class Holder:
    """The lease, a client with a living token, and transactions that end with the lease."""

    def __init__(self, state: State, lease: Lease) -> None:
        self.state = state
        self.lease = lease
        self.shop_id = lease.shop_id
        self._http = new_session()
        self.pace: Pace = state.paces.setdefault(self.shop_id, Pace())
        self._refreshed = False
        self.client = self._open()

    @property
    def settings(self) -> Settings:
        return self.state.settings

    def now(self) -> datetime:
        return self.state.now()

    def begin(self) -> AbstractContextManager[Session]:
        return self.lease.begin()

    def read(self) -> AbstractContextManager[Session]:
        """For what is only looked at: what follows from it is written under the lease."""
        return self.state.database.read()

    def shop(self, session: Session) -> Shop:
        return session.get_one(Shop, self.shop_id)

    def refresh(self) -> bool:
        """Once per hold, under the lease. False when it did not help before."""
        if self._refreshed:
            return False
        self._refreshed = True
        self.client = self._open(refresh=True)
        return True

    def _open(self, refresh: bool = False) -> ShoplineClient:
        with self.begin() as session:
            shop = self.shop(session)
            session.expunge(shop)
        if shop.is_private:
            self._refreshed = True  # there is nothing to refresh
        elif refresh or self._is_spent(shop):
            self._refreshed = True
            self._fetch_token(shop)
        return ShoplineClient(
            self.settings.store_url(shop.handle),
            tokens.reveal(shop, self.settings.encryption_keys),
            api_version=self.settings.api_version,
            http=self._http,
            pace=self.pace,
            default_country=self.settings.default_country,
        )

    def _is_spent(self, shop: Shop) -> bool:
        """Old, or under a key that is gone: the app's signature is enough for a new one."""
        keys = self.settings.encryption_keys
        return tokens.is_old(shop, self.now()) or not tokens.is_readable(shop, keys)

    def _fetch_token(self, shop: Shop) -> None:
        secret, pace = self._secret(shop), reserve.pace_of(self.state, shop.id)
        store = OAuth(self.settings.store_url(shop.handle), shop.app_key, secret, self._http, pace)
        token = store.refresh_token(self.now())
        before = shop.token
        tokens.keep(shop, token, self.settings.encryption_keys)
        with self.begin() as session:
            fresh = self.shop(session)
            if fresh.token == before:  # else a merchant authorised us anew meanwhile, for more
                tokens.keep(fresh, token, self.settings.encryption_keys)

    def _secret(self, shop: Shop) -> str:
        secrets = self.settings.apps.get(shop.app_key)
        if not secrets:
            raise NotAuthorised(
                f"The app {shop.app_key} is not in SMARTPUSH_APPS.", reason=UNKNOWN_APP
            )
        return secrets[0]


def work_shop(
    state: State, shop_id: int, start: Callable[[Holder, Task], Steps]
) -> float | None:
    """Take the lease and work until nothing is due.

    Looked at again after the lease was given back: a row committed just before that would
    otherwise wait for the next tick, since whoever wrote it found the lease taken.
    When another one holds the lease: the seconds after which it would be free, if that one died.
    """
    while _is_due(state, shop_id):
        if not _hold(state, shop_id, start):
            return Lease.seconds_left(state.database, shop_id)
    return None


def _hold(state: State, shop_id: int, start: Callable[[Holder, Task], Steps]) -> bool:
    """False when another one holds the lease, or we have slept past its end."""
    lease = Lease.take(state.database, shop_id, state.lease_seconds)
    if lease is None:
        return False
    pace = state.paces.setdefault(shop_id, Pace())
    pace.go_on(lease.calls_left, lease.idle)
    try:
        with lease.kept():
            _work(state, lease, start)
    except LeaseLost:
        log.warning("smartpush.lease_lost shop=%s", shop_id)
        return False
    finally:
        lease.release(pace.left)
    return True


def _is_due(state: State, shop_id: int) -> bool:
    with state.database.read() as session:
        return _most_urgent(session, shop_id, state.now(), state.settings) is not None


def _work(state: State, lease: Lease, start: Callable[[Holder, Task], Steps]) -> None:
    try:
        holder = Holder(state, lease)
    except ShoplineError as error:
        _stop_shop(state, lease, error)
        return
    under_way: dict[Task, Steps] = {}
    while True:
        with lease.begin() as session:
            due = _most_urgent(session, lease.shop_id, state.now(), state.settings)
        if due is None:
            return
        rank, task = due
        holder.pace.kept_back = 0 if failing.is_urgent(rank) else KEPT_FOR_URGENT
        steps = under_way.setdefault(task, start(holder, task))
        try:
            if next(steps, "finished") == "finished":
                del under_way[task]
        except LeaseLost:
            raise
        except Exception as error:
            del under_way[task]
            if not _go_on(holder, task, _as_known(error, task)):
                return


_ROW = Segment.__table__.c
_STALE = select(_ROW.stale_reason, _ROW.turn, _ROW.stale_since, _ROW.id).where(
    _ROW.shop_id == bindparam("shop_id"),
    _ROW.stale_reason.is_not(None),
    _ROW.next_try_at <= bindparam("now"),
)
"""Made once, and no rows of the ORM: it is asked before every page, perhaps of 500 segments."""
_RUNS = select(SyncRun).where(
    SyncRun.shop_id == bindparam("shop_id"),
    SyncRun.state == RUNNING,
    SyncRun.next_try_at <= bindparam("now"),
)


def _most_urgent(
    session: Session, shop_id: int, now: datetime, settings: Settings
) -> tuple[int, Task] | None:
    """(rank, task) of what comes first."""
    shop = session.get_one(Shop, shop_id)
    if shop.status != ACTIVE:
        return None
    asked = {"shop_id": shop_id, "now": now}
    due = [
        (failing.rank("segment", reason), turn, since, "segment", segment_id)
        for reason, turn, since, segment_id in session.execute(_STALE, asked)
    ]
    if shop.confirm_at is not None and shop.confirm_at <= now:
        due.append((failing.rank("shop", failing.CONFIRM), 0, shop.confirm_at, "shop", shop_id))
    if settings.write_back and (untold := writing_back.first_due(session, shop, now)):
        due.append((failing.rank("opt_outs", failing.TELL), 0, untold, "opt_outs", shop_id))
    due += [
        (failing.rank("run", run.kind), 0, run.started_at, "run", run.id)
        for run in session.scalars(_RUNS, asked)
        if failing.has_work(session, run)
    ]
    if not due:
        return None
    rank, _turn, _since, kind, row_id = min(due)
    return rank, (kind, row_id)


def _go_on(holder: Holder, task: Task, error: ShoplineError) -> bool:
    """Note the failure of a task. False when the whole shop has to wait."""
    if isinstance(error, NotAuthorised):
        try:
            if holder.refresh():
                return True
        except ShoplineError as refused:
            error = refused
        _stop_shop(holder.state, holder.lease, error)
        return False
    if error.status in (402, 423):
        _stop_shop(holder.state, holder.lease, error)
        return False
    if isinstance(error, ShoplineBusy) and error.retry_after:
        with holder.begin() as session:  # the whole store is asked too much, not only by this task
            until = holder.now() + timedelta(seconds=error.retry_after)
            failing.put_off(session, holder.shop_id, error, until)
        return False
    with holder.begin() as session:
        failing.note(session, task, error, holder.now())
    return True


def _as_known(error: Exception, task: Task) -> ShoplineError:
    """A mistake of ours with one task must not keep the others from being done."""
    if isinstance(error, ShoplineError):
        return error
    log.error("smartpush.task_failed kind=%s id=%s\n%s", *task, trace_of(error))
    return mistake(error)


def _stop_shop(state: State, lease: Lease, error: ShoplineError) -> None:
    """A store that is gone, locked or no longer lets us in: nothing is tried until that changes."""
    with lease.begin() as session:
        shop = session.get_one(Shop, lease.shop_id)
        if isinstance(error, Gone) and error.reason == "store_not_install_app":
            install.uninstall(shop)
        elif isinstance(error, NotAuthorised):
            install.shut_out(shop, error.reason or "not_authorised", code_of(error), state.now())
        elif error.permanent:
            install.pause(shop, error.reason or "refused", code_of(error), state.now())
        else:
            asked = error.retry_after if isinstance(error, ShoplineBusy) else None
            until = state.now() + timedelta(seconds=max(30, asked or 0))
            failing.put_off(session, lease.shop_id, error, until)
