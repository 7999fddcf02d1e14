"""How a segment stands against the Admin, in one word that every page uses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from .models import DELETED, READY, SHOPLINE, Segment, SegmentVersion

MATCHES, CHECKING, READING, RETRYING, DIFFERS, TROUBLE, GONE, OWN = (
    "matches",
    "checking",
    "reading",
    "retrying",
    "differs",
    "trouble",
    "deleted",
    "own",
)
NEEDS_A_PERSON = (TROUBLE, DIFFERS)
PATIENCE = 3
"""Readings that may fail in a row before a person is told that they are needed."""


def standing(
    segment: Segment, count: int | None, doubted_since: datetime | None = None
) -> str:
    """`count` is that of the current version, None before the first.

    `doubted_since`: people changed then, and in which segments they are now is not known yet. A
    list that was read later knows.
    """
    if segment.source != SHOPLINE:
        return OWN
    if segment.state == DELETED:
        return GONE
    if segment.error:
        given_up = segment.stale_reason is None or segment.attempts >= PATIENCE
        return TROUBLE if given_up else RETRYING
    if segment.stale_reason or segment.state != READY or count is None:
        return READING
    if segment.admin_count != count:
        return DIFFERS
    is_older = doubted_since and not (segment.read_at and segment.read_at > doubted_since)
    return CHECKING if is_older else MATCHES


def needs_a_person() -> ColumnElement[bool]:
    """The same as `standing(...) in NEEDS_A_PERSON`, for a query joined to the current version."""
    given_up = or_(Segment.stale_reason.is_(None), Segment.attempts >= PATIENCE)
    differs = and_(
        Segment.error.is_(None),
        Segment.stale_reason.is_(None),
        Segment.state == READY,
        SegmentVersion.count.is_not(None),
        Segment.admin_count.is_distinct_from(SegmentVersion.count),
    )
    return and_(
        Segment.source == SHOPLINE,
        Segment.state != DELETED,
        or_(and_(Segment.error.is_not(None), given_up), differs),
    )
