"""From the Admin's count of a segment to who of it may be written to. It adds up to the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from ..contacts import reach
from .models import DELETED, SHOPLINE, Segment


@dataclass(frozen=True, slots=True)
class Reason:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """start == sendable + all reasons + missing - extra.

    What is `missing` here, or `extra`, is not explained: the Admin counts other people than the
    list has.
    """

    channel: str
    start: int
    from_admin: bool
    reasons: Sequence[Reason]
    sendable: int
    missing: int
    extra: int


def bridge(channel: str, segment: Segment, members: BitMap, here: reach.Reach) -> Bridge:
    """From the Admin's count, while it has one that is known, else from the list."""
    verdicts = here.split(members)
    sendable = len(verdicts.pop(reach.SENDABLE))
    has_one = segment.source == SHOPLINE and segment.state != DELETED
    known = has_one and segment.admin_count is not None
    start = segment.admin_count if known and segment.admin_count is not None else len(members)
    return Bridge(
        channel=channel,
        start=start,
        from_admin=known,
        reasons=[Reason(name, len(people)) for name, people in verdicts.items() if people],
        sendable=sendable,
        missing=max(0, start - len(members)),
        extra=max(0, len(members) - start),
    )
