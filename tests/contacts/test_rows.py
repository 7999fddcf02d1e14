"""A page of customers is read and written at once, and only what changed is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import event

from tests.contacts.naive import check
from tests.support import ADA, NOW, People, make_shop, says


def crowd(first, last, **fields):
    return [
        replace(ADA, ref=str(n), email=f"{n}@example.com", phone=f"+8869{n:08}", **fields)
        for n in range(first, last)
    ]


@contextmanager
def statements(people) -> Iterator[list[str]]:
    """What is executed meanwhile, once however many rows it is executed for."""
    engine, found = people.database.engine, []

    def note(_connection, _cursor, text, *_more):
        found.append(" ".join(text.split()))

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def test_a_large_page_takes_as_many_statements_as_a_small_one(people):
    people.take(*crowd(1, 3))
    with statements(people) as small:
        people.take(*crowd(10, 12))
    with statements(people) as large:
        people.take(*crowd(100, 350))
    assert len(small) == len(large) < 30
    with statements(people) as small:
        people.take(*crowd(10, 12, updated_at=NOW, email_consent=says("unsubscribed", NOW)))
    with statements(people) as large:
        people.take(*crowd(100, 350, updated_at=NOW, email_consent=says("unsubscribed", NOW)))
    assert len(small) == len(large) < 30
    check(people)


def test_who_did_not_change_is_not_written(people):
    people.take(*crowd(1, 20))
    with statements(people) as found:
        people.take(*crowd(1, 20))
    assert not [each for each in found if each.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_only_what_changed_is_written(people):
    people.take(*crowd(1, 20))
    later = NOW + timedelta(hours=1)
    with statements(people) as found:
        people.take(*crowd(1, 10, updated_at=later), *crowd(10, 20, tags=("vip",)))
    written = [each for each in found if each.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert sorted(each.partition(" WHERE ")[0].partition("=")[0] for each in written) == [
        "UPDATE smartpush_contact SET remote_updated_at",
        "UPDATE smartpush_contact SET tags",
    ]
    assert not [each for each in written if "," in each]
    assert people.find("15").tags == "vip"
    assert people.find("5").remote_updated_at == later


def test_more_people_than_fit_into_one_statement_are_taken_at_once(both, clock):
    people = People(both, make_shop(both), clock)
    everybody = crowd(1, 1300)
    people.take(*everybody)
    people.take(*[replace(each, updated_at=NOW, state=0) for each in everybody])
    assert len(people.reach().verdicts["blacklisted"]) == 1299
    assert [c.number for c in people.all()] == list(range(1, 1300))
