"""What one would write without bitmaps: a row per member, a row per verdict, and good SQL.

The tables lie in the same database, with the indexes the statements below like best, analysed.
`email_group` is the same number for those who share an address, and NULL for all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import text
from sqlalchemy.orm import Session

from smartpush_shopline.audiences.models import EXCLUDE, INCLUDE
from smartpush_shopline.audiences.resolve import REASONS
from smartpush_shopline.contacts import reach
from smartpush_shopline.database import Database

from .lists import CHANNEL, Lists

SENDABLE = reach.VERDICTS.index(reach.SENDABLE)
UNSUBSCRIBED = reach.VERDICTS.index("unsubscribed")

_TABLES = """
CREATE TABLE baseline_member (segment_id integer NOT NULL, number integer NOT NULL,
    PRIMARY KEY (segment_id, number)){without_rowid};
CREATE TABLE baseline_verdict (number integer PRIMARY KEY, email integer NOT NULL,
    email_group integer);
CREATE TABLE baseline_recipient (audience_id integer NOT NULL, number integer NOT NULL,
    PRIMARY KEY (audience_id, number)){without_rowid}
"""
_INDEXES = (
    "CREATE INDEX baseline_member_number ON baseline_member (number, segment_id)",
    "CREATE INDEX baseline_verdict_group ON baseline_verdict (email, email_group, number) "
    "WHERE email_group IS NOT NULL",
)


def make_baseline(database: Database, shop_id: int, lists: Lists) -> None:
    without_rowid = " WITHOUT ROWID" if database.engine.dialect.name == "sqlite" else ""
    with database.begin() as session:
        for statement in _TABLES.format(without_rowid=without_rowid).split(";"):
            session.execute(text(statement))
        for segment_id, people in lists.members.items():
            add_members(session, segment_id, people)
        _add_verdicts(session, shop_id)
        for statement in _INDEXES:
            session.execute(text(statement))


def add_members(session: Session, segment_id: int, people: Iterable[int]) -> None:
    _insert_many(session, "baseline_member", ((segment_id, number) for number in people))


def _add_verdicts(session: Session, shop_id: int) -> None:
    found = reach.load(session, shop_id, CHANNEL)
    verdicts = {
        number: code
        for code, verdict in enumerate(reach.VERDICTS)
        for number in found.verdicts[verdict]
    }
    groups = {number: found.firsts.get(number, number) for number in found.shares_address}
    rows = ((number, verdicts[number], groups.get(number)) for number in sorted(verdicts))
    _insert_many(session, "baseline_verdict", rows)


def _insert_many(session: Session, table: str, rows: Iterable[tuple[int | None, ...]]) -> None:
    """By the fastest way the driver has."""
    cursor = session.connection().connection.cursor()
    if session.get_bind().dialect.name == "postgresql":
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    first, *rest = rows
    marks = ", ".join("?" * len(first))
    cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", [first, *rest])


def count_statements(lists: Lists) -> dict[str, str]:
    """Several ways to the same counts; the fastest on the day is the baseline."""
    words = _words(lists)
    return {name: form.format(**words) for name, form in _COUNTS.items()}


def save_statements(lists: Lists) -> dict[str, str]:
    words = _words(lists)
    return {name: _SAVE.format(rest=form.format(**words), **words) for name, form in _RESTS.items()}


def counts(row: Mapping[str, int | None]) -> dict[str, int]:
    """A row of a count statement in the words of `Resolution.counts`."""
    found = {verdict: row[f"v{code}"] or 0 for code, verdict in enumerate(reach.VERDICTS)}
    found |= {reason: row[reason] or 0 for reason in ("excluded", "same_address")}
    found[reach.SENDABLE] -= found["same_address"]
    # Nobody was written to yet, so smart sending leaves nobody out.
    return {reason: found.get(reason, 0) for reason in (*REASONS, reach.SENDABLE)}


def recipients(session: Session, audience_id: int) -> BitMap:
    rows = session.scalars(
        text("SELECT number FROM baseline_recipient WHERE audience_id = :id"), {"id": audience_id}
    )
    return BitMap(rows.all())


def change_consent(session: Session, number: int, shop_id: int, at: datetime) -> None:
    """What a webhook leads to, in four statements and no bitmap."""
    words = {"number": number, "shop_id": shop_id, "at": at, "code": UNSUBSCRIBED}
    contact_id = session.scalar(text(_FIND_CONTACT), words)
    for statement in (_CHANGE_CONTACT, _ADD_FACT, _CHANGE_VERDICT):
        session.execute(text(statement), words | {"contact_id": contact_id})


def replace_members(session: Session, segment_id: int, people: Iterable[int]) -> None:
    session.execute(text("DELETE FROM baseline_member WHERE segment_id = :id"), {"id": segment_id})
    add_members(session, segment_id, people)


def drop_second_index(session: Session) -> None:
    """It serves one of the counts; whoever replaces members is better off without it."""
    session.execute(text("DROP INDEX baseline_member_number"))


def _words(lists: Lists) -> dict[str, str]:
    included, excluded = lists.segments(INCLUDE), lists.segments(EXCLUDE)
    each = [f"SELECT number FROM baseline_member WHERE segment_id = {ident}" for ident in included]
    without = [
        f"SELECT number FROM baseline_member WHERE segment_id = {ident}" for ident in excluded
    ]
    by_code = range(len(reach.VERDICTS))
    return {
        "sendable": str(SENDABLE),
        "included": ", ".join(map(str, included)),
        "excluded": ", ".join(map(str, excluded)),
        "all": ", ".join(map(str, included + excluded)),
        "included_bits": str(sum(1 << ident for ident in included)),
        "excluded_bits": str(sum(1 << ident for ident in excluded)),
        # The limit keeps SQLite from dropping the order, and with it the merge of sorted lists.
        "sorted": "ORDER BY 1 LIMIT 1000000000",
        "union": " UNION ".join(each),
        "difference": " EXCEPT ".join([" UNION ".join(each), *without]),
        "in_any": _any(included),
        "out_any": _any(excluded),
        "sums": ", ".join(f"count(*) FILTER (WHERE email = {k}) AS v{k}" for k in by_code),
        "sums_left": ", ".join(
            f"count(*) FILTER (WHERE email = {k} AND is_out = 0) AS v{k}" for k in by_code
        ),
        "twice": _TWICE.format(in_any=_any(included), out_any=_any(excluded), sendable=SENDABLE),
    }


def _any(segments: list[int]) -> str:
    """Whether v is a member of any of these."""
    return " OR ".join(
        "EXISTS (SELECT 1 FROM baseline_member m "
        f"WHERE m.segment_id = {segment_id} AND m.number = v.number)"
        for segment_id in reversed(segments)
    )


# Those of the chosen who are sendable and share an address are few: from their own small index.
_TWICE = """(SELECT count(*) - count(DISTINCT email_group) FROM baseline_verdict v
    WHERE email_group IS NOT NULL AND email = {sendable} AND ({in_any}) AND NOT ({out_any}))"""

_BITS = """(SELECT number, CASE WHEN sum(1 << segment_id) & {excluded_bits} <> 0
        THEN 1 ELSE 0 END AS is_out
    FROM baseline_member WHERE segment_id IN ({all}) GROUP BY number
    HAVING sum(1 << segment_id) & {included_bits} <> 0)"""
_FLAGS = """(SELECT number, max(CASE WHEN segment_id IN ({excluded}) THEN 1 ELSE 0 END) AS is_out
    FROM baseline_member WHERE segment_id IN ({all}) GROUP BY number
    HAVING max(CASE WHEN segment_id IN ({included}) THEN 1 ELSE 0 END) = 1)"""
_OF_PEOPLE = """SELECT count(*) FILTER (WHERE is_out = 1) AS excluded, {{sums_left}},
    {{twice}} AS same_address
FROM {people} p JOIN baseline_verdict v ON v.number = p.number"""

_COUNTS = {
    "EXISTS per contact": """SELECT count(*) FILTER (WHERE is_out = 1) AS excluded, {sums_left},
    {twice} AS same_address
FROM (SELECT email, CASE WHEN {out_any} THEN 1 ELSE 0 END AS is_out
    FROM baseline_verdict v WHERE {in_any}) p""",
    "flags grouped by number": _OF_PEOPLE.format(people=_FLAGS),
    "bits grouped by number": _OF_PEOPLE.format(people=_BITS),
    "UNION and EXCEPT": """SELECT
    (SELECT count(*) FROM ({union} {sorted}) u) - count(*) AS excluded,
    {sums}, {twice} AS same_address
FROM ({difference} {sorted}) p JOIN baseline_verdict v ON v.number = p.number""",
}

# The people of the choice who are left, with `v.email` and `v.email_group`.
_RESTS = {
    "EXISTS per contact": "baseline_verdict v WHERE ({in_any}) AND NOT ({out_any})",
    "bits grouped by number": _BITS
    + " p JOIN baseline_verdict v ON v.number = p.number WHERE is_out = 0",
    "UNION and EXCEPT": "({difference} {sorted}) p "
    "JOIN baseline_verdict v ON v.number = p.number WHERE 1 = 1",
}
_SAVE = """INSERT INTO baseline_recipient
SELECT :audience_id, v.number FROM {rest} AND v.email = {sendable} AND v.email_group IS NULL
UNION ALL
SELECT :audience_id, min(v.number) FROM baseline_verdict v
WHERE v.email_group IS NOT NULL AND v.email = {sendable} AND ({in_any}) AND NOT ({out_any})
GROUP BY v.email_group"""

_FIND_CONTACT = "SELECT id FROM smartpush_contact WHERE shop_id = :shop_id AND number = :number"
_CHANGE_CONTACT = """UPDATE smartpush_contact
SET email_stated = 'unsubscribed', email_standing = 'unsubscribed', remote_updated_at = :at
WHERE id = :contact_id"""
_ADD_FACT = """INSERT INTO smartpush_consent_event
    (contact_id, channel, state, source, evidence, explicit, dated, occurred_at, recorded_at)
VALUES (:contact_id, 'email', 'unsubscribed', 'webhook', '', true, true, :at, :at)"""
_CHANGE_VERDICT = "UPDATE baseline_verdict SET email = :code WHERE number = :number"
