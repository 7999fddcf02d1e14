"""Going through the files of opt-outs that wait: what the clock means for them.

A worker claims a file for two minutes at a time; a lost one's claim ends, and the next goes on at
the line where it stopped.
"""

from __future__ import annotations

import io
import logging
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from ...books import JobBook
from ...errors import SmartPushError, trace_of
from ...shops.models import Shop
from ...shops.tokens import cipher
from ...web import State
from . import lists
from .csv_lists import NotAList
from .files import CHECKED, CHECKING, DONE, IMPORTING, PART, REFUSED, count, drop
from .lists import Batch, Rules, Seen, Tally
from .models import SuppressionFile, SuppressionFilePart, SuppressionProblem

log = logging.getLogger("smartpush")
jobs = JobBook()
KEEP_UNANSWERED = timedelta(hours=24)
_CLAIM = timedelta(minutes=2)
_TURN_SECONDS = 20.0


class _Lost(SmartPushError):
    """Another worker goes on with this file."""


@jobs.job("suppression_files")
def work_files(state: State, shop_id: int | None = None) -> None:
    """Go on with every file that waits for us, until it is time to ring."""
    until = time.monotonic() + _TURN_SECONDS
    _drop_unanswered(state)
    for file_id in _due(state):
        owner = uuid.uuid4().hex
        if _claim(state, file_id, owner):
            _work(state, file_id, owner, until)
        if time.monotonic() > until:
            state.ring("suppression_files")
            return


def _drop_unanswered(state: State) -> None:
    old = select(SuppressionFile.id).where(
        SuppressionFile.state.in_((CHECKED, REFUSED)),
        SuppressionFile.created_at < state.now() - KEEP_UNANSWERED,
    )
    with state.database.read() as session:
        ids = list(session.scalars(old))
    if ids:
        with state.database.begin() as session:
            drop(session, list(session.scalars(old.with_for_update())))


def _due(state: State) -> list[int]:
    with state.database.read() as session:
        free = select(SuppressionFile.id).where(*_free(state.now()))
        return list(session.scalars(free.order_by(SuppressionFile.id)))


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    unclaimed = or_(SuppressionFile.claimed_until.is_(None), SuppressionFile.claimed_until < now)
    return SuppressionFile.state.in_((CHECKING, IMPORTING)), unclaimed


def _claim(state: State, file_id: int, owner: str) -> bool:
    now = state.now()
    mine = update(SuppressionFile).where(SuppressionFile.id == file_id, *_free(now))
    with state.database.begin() as session:
        won = session.execute(mine.values(owner=owner, claimed_until=now + _CLAIM))
        return bool(won.rowcount)  # type: ignore[attr-defined]


def _work(state: State, file_id: int, owner: str, until: float) -> None:
    try:
        if _is_check(state, file_id):
            _check(state, file_id, owner)
        else:
            _import(state, file_id, owner, until)
    except _Lost:
        return
    except (NotAList, InvalidToken) as refused:
        reason = refused.reason if isinstance(refused, NotAList) else "unreadable"
        state.database.retrying(lambda session: _refuse(session, file_id, owner, reason))
    except Exception as error:
        log.error("smartpush.suppression_file_failed file=%s\n%s", file_id, trace_of(error))
        # The claim ends by itself, and the next tick tries again.


def _is_check(state: State, file_id: int) -> bool:
    with state.database.read() as session:
        return session.get_one(SuppressionFile, file_id).state == CHECKING


def _check(state: State, file_id: int, owner: str) -> None:
    """From its beginning, whatever somebody did before: addresses are counted once per file."""
    state.database.retrying(lambda session: _begin_afresh(session, file_id, owner))
    seen = Seen()

    def look(batch: Batch) -> Tally:
        with state.database.read() as session:
            shop_id = session.get_one(SuppressionFile, file_id).shop_id
            return lists.work(
                session, shop_id, batch, state.now(), dry=True, seen=seen
            )

    for batch in _batches(state, file_id):
        tally = look(batch)
        state.database.retrying(lambda s, t=tally: _note(s, state, file_id, owner, t))  # type: ignore[misc]
    state.database.retrying(lambda session: _finish(session, state, file_id, owner, CHECKED))


def _import(state: State, file_id: int, owner: str, until: float) -> None:
    with state.database.read() as session:
        done = session.get_one(SuppressionFile, file_id).lines

    def do(session: Session, batch: Batch) -> None:
        row = _mine(session, file_id, owner)
        tally = lists.work(session, row.shop_id, batch, state.now())
        _note(session, state, file_id, owner, tally)

    for batch in _batches(state, file_id, done):
        state.database.retrying(lambda session, b=batch: do(session, b))  # type: ignore[misc]
        if time.monotonic() > until:
            state.database.retrying(lambda session: _release(session, file_id, owner))
            return
    state.database.retrying(lambda session: _finish(session, state, file_id, owner, DONE))
    state.ring("sync")  # whoever is to be told by the store's own lists


def _batches(state: State, file_id: int, skip: int = 0) -> Iterator[Batch]:
    with state.database.read() as session:
        row = session.get_one(SuppressionFile, file_id)
        zone = session.get_one(Shop, row.shop_id).timezone
    rules = Rules(row.name, row.channels, zone, state.settings.default_country, state.now())
    parts: Any = _Parts(state, file_id)
    yield from lists.batches(io.BufferedReader(parts, PART), rules, skip)


def _mine(session: Session, file_id: int, owner: str) -> SuppressionFile:
    row = session.get(SuppressionFile, file_id, with_for_update=True, populate_existing=True)
    if row is None or row.owner != owner:
        raise _Lost
    return row


def _begin_afresh(session: Session, file_id: int, owner: str) -> None:
    row = _mine(session, file_id, owner)
    row.lines, row.problems, row.counts = 0, 0, {}
    session.execute(delete(SuppressionProblem).where(SuppressionProblem.file_id == file_id))


def _note(session: Session, state: State, file_id: int, owner: str, tally: Tally) -> None:
    row = _mine(session, file_id, owner)
    row.claimed_until = state.now() + _CLAIM
    count(session, row, tally)


def _finish(session: Session, state: State, file_id: int, owner: str, end: str) -> None:
    row = _mine(session, file_id, owner)
    row.state, row.owner, row.claimed_until = end, None, None
    if end == DONE:
        row.finished_at = state.now()
        session.execute(delete(SuppressionFilePart).where(SuppressionFilePart.file_id == file_id))


def _release(session: Session, file_id: int, owner: str) -> None:
    row = _mine(session, file_id, owner)
    row.owner, row.claimed_until = None, None


def _refuse(session: Session, file_id: int, owner: str, reason: str) -> None:
    row = _mine(session, file_id, owner)
    row.state, row.error, row.owner, row.claimed_until = REFUSED, reason, None, None
    session.execute(delete(SuppressionFilePart).where(SuppressionFilePart.file_id == file_id))


class _Parts(io.RawIOBase):
    """The stored file as a stream, one piece in memory at a time."""

    def __init__(self, state: State, file_id: int) -> None:
        self._pieces = self._read(state, file_id)
        self._left = b""

    def _read(self, state: State, file_id: int) -> Iterator[bytes]:
        unseal, number = cipher(state.settings.encryption_keys).decrypt, 0
        while True:
            with state.database.read() as session:
                sealed = session.scalar(
                    select(SuppressionFilePart.sealed).where(
                        SuppressionFilePart.file_id == file_id,
                        SuppressionFilePart.number == number,
                    )
                )
            if sealed is None:
                return
            yield unseal(sealed)
            number += 1

    def readable(self) -> bool:
        return True

    def readinto(self, into: bytearray) -> int:  # type: ignore[override]
        self._left = self._left or next(self._pieces, b"")
        piece, self._left = self._left[: len(into)], self._left[len(into) :]
        into[: len(piece)] = piece
        return len(piece)
