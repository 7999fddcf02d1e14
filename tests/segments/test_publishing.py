"""Versions are immutable, and a half-read list is never one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyroaring import BitMap

from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import DELETED, READY, SHOPLINE, SYNCING, Segment
from tests.support import NOW, make_shop, versions


@pytest.fixture
def vip(both):
    shop_id = make_shop(both)
    with both.begin() as session:
        segment = publishing.add_segment(session, shop_id, SHOPLINE, "GROUP1", "VIP", NOW)
        segment.definition = "tags:vip;"
        return segment.id


@pytest.fixture
def publish(both, vip):
    def publish(*members, at=NOW, **changes):
        with both.begin() as session:
            segment = session.get_one(Segment, vip)
            for name, value in changes.items():
                setattr(segment, name, value)
            return publishing.publish(
                session, segment, BitMap(members), len(members), "webhook", at
            )

    return publish


def row(database, segment_id):
    with database.read() as session:
        return session.get_one(Segment, segment_id)


def test_the_first_list_is_version_1(both, vip, publish):
    assert row(both, vip).state == SYNCING
    found = publish(1, 2, 3)
    assert (found.version, found.joined, found.left) == (1, 3, 0)
    [one] = versions(both, vip)
    assert (one.count, one.joined, one.left, one.source_count) == (3, 3, 0, 3)
    assert (row(both, vip).current_version_id, row(both, vip).state) == (one.id, READY)


def test_an_empty_list_is_a_version_too(both, vip, publish):
    assert publish().version == 1
    assert publish().version is None


def test_who_joined_and_left_is_exact(both, vip, publish):
    publish(1, 2, 3, 4)
    found = publish(3, 4, 5)
    assert (found.version, found.joined, found.left) == (2, 1, 2)
    assert [(v.version, v.count) for v in versions(both, vip)] == [(1, 4), (2, 3)]


def test_the_same_people_write_the_times_only(both, vip, publish):
    publish(1, 2)
    before = row(both, vip)
    later = NOW + timedelta(hours=1)
    assert publish(1, 2, at=later).version is None
    after = row(both, vip)
    assert (after.read_at, after.count_checked_at) == (later, later)
    assert after.current_version_id == before.current_version_id
    [only] = versions(both, vip)
    assert only.published_at == NOW


def test_a_changed_definition_publishes_although_the_people_are_the_same(both, vip, publish):
    publish(1, 2)
    found = publish(1, 2, definition="orders_count:>1;")
    assert (found.version, found.joined, found.left) == (2, 0, 0)
    assert [v.definition for v in versions(both, vip)] == ["tags:vip;", "orders_count:>1;"]


def test_a_rename_changes_the_row_only(both, vip, publish):
    publish(1, 2)
    assert publish(1, 2, name="Very important").version is None
    [only] = versions(both, vip)
    assert (row(both, vip).name, only.name) == ("Very important", "VIP")


def test_publishing_settles_what_was_asked(both, vip, publish):
    busy = {"code": "busy"}
    publish(1, stale_reason="person", stale_since=NOW, next_try_at=NOW, attempts=4, error=busy)
    settled = row(both, vip)
    assert (settled.stale_reason, settled.stale_since, settled.next_try_at) == (None, None, None)
    assert (settled.attempts, settled.error) == (0, None)


def test_a_failed_publication_leaves_the_old_list(both, vip, publish):
    publish(1, 2)

    def fail(session):
        publishing.publish(
            session, session.get_one(Segment, vip), BitMap([9]), 1, "webhook", NOW
        )
        raise RuntimeError

    with pytest.raises(RuntimeError), both.begin() as session:
        fail(session)
    with both.read() as session:
        current = publishing.current_version(session, session.get_one(Segment, vip))
        assert set(current.members) == {1, 2}


def test_a_deleted_segment_keeps_its_versions(both, vip, publish):
    publish(1, 2)
    with both.begin() as session:
        publishing.mark_deleted(session.get_one(Segment, vip), NOW)
    assert row(both, vip).state == DELETED
    assert len(versions(both, vip)) == 1


def test_a_reader_sees_the_old_version_until_the_new_one_is_whole(both, vip, publish):
    publish(1, 2)
    with both.begin() as session:
        publishing.publish(
            session, session.get_one(Segment, vip), BitMap([1]), 1, "webhook", NOW
        )
        with both.read() as other:
            seen = publishing.current_version(other, other.get_one(Segment, vip))
            assert set(seen.members) == {1, 2}
    assert len(versions(both, vip)) == 2
