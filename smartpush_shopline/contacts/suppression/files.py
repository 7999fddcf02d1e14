"""A file of opt-outs on its way in: checked first, done when a person says so.

It lies encrypted in our tables until then, so that any worker can go on with it after a restart
(`working`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import IO

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from ...shops.tokens import cipher
from . import lists
from .csv_lists import NotAList
from .lists import Tally
from .models import SuppressionFile, SuppressionFilePart, SuppressionProblem

CHECKING, CHECKED, IMPORTING, DONE, REFUSED = (
    "checking", "checked", "importing", "done", "refused",
)
MOST_BYTES = 64 * 1024 * 1024
PART = 256 * 1024


def store(
    session: Session,
    shop_id: int,
    file: IO[bytes],
    name: str,
    channels: str,
    keys: Sequence[str],
    now: datetime,
) -> SuppressionFile:
    """Keep the file, encrypted, to be checked. Raises NotAList for one that is too large."""
    row = SuppressionFile(
        shop_id=shop_id,
        name=lists.clean_name(name),
        channels=channels,
        state=CHECKING,
        created_at=now,
    )
    session.add(row)
    session.flush()
    seal = cipher(keys).encrypt
    for number, piece in enumerate(iter(lambda: file.read(PART), b"")):
        if (number + 1) * PART > MOST_BYTES:
            raise NotAList("too_large")
        part = SuppressionFilePart(file_id=row.id, number=number, sealed=seal(piece))
        session.add(part)
        session.flush()
        session.expunge(part)
    return row


def confirm(session: Session, row: SuppressionFile) -> bool:
    """A person saw what it would do, and wants it. False when somebody else was faster."""
    mine = update(SuppressionFile).where(
        SuppressionFile.id == row.id, SuppressionFile.state == CHECKED
    )
    won = session.execute(mine.values(state=IMPORTING, lines=0, problems=0, counts={}))
    if won.rowcount:  # type: ignore[attr-defined]
        session.execute(delete(SuppressionProblem).where(SuppressionProblem.file_id == row.id))
    return bool(won.rowcount)  # type: ignore[attr-defined]


def discard(session: Session, row: SuppressionFile) -> None:
    """Nothing was done, and nothing of it stays. One that is under way or done is left."""
    if row.state in (CHECKING, CHECKED, REFUSED):
        drop(session, [row.id])


def drop(session: Session, ids: list[int]) -> None:
    for table in (SuppressionFilePart, SuppressionProblem):
        session.execute(delete(table).where(table.file_id.in_(ids)))
    session.execute(delete(SuppressionFile).where(SuppressionFile.id.in_(ids)))


def record_done(
    session: Session, shop_id: int, name: str, channels: str, tally: Tally, now: datetime
) -> int:
    """A file that was worked elsewhere, such as by the command: what it came to."""
    row = SuppressionFile(
        shop_id=shop_id, name=name, channels=channels, state=DONE, created_at=now, finished_at=now
    )
    session.add(row)
    session.flush()
    count(session, row, tally)
    return row.id


def count(session: Session, row: SuppressionFile, tally: Tally) -> None:
    """Add what some more lines of it came to."""
    row.lines += tally.lines
    row.problems += len(tally.problems)
    row.counts = dict(Counter(row.counts or {}) + tally.counts)
    rows = [
        {"file_id": row.id, "line": each.line, "reason": each.reason} for each in tally.problems
    ]
    if rows:
        session.execute(insert(SuppressionProblem), rows)
