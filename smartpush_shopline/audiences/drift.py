"""The guard against a list that moved a lot between choosing and sending. Pure."""

from __future__ import annotations

from pyroaring import BitMap

from .models import INCLUDE


def share(mode: str, kept: BitMap, newest: BitMap, recipients: BitMap) -> float:
    """How far a list moved that is included, or, of an exclusion, what it would take away."""
    return moved(kept, newest) if mode == INCLUDE else taken(recipients, kept, newest)


def moved(kept: BitMap, newest: BitMap) -> float:
    """The share of the kept list that came or went; an empty list that filled moved by 1."""
    return len(kept ^ newest) / len(kept) if kept else float(bool(newest))


def taken(recipients: BitMap, kept: BitMap, newest: BitMap) -> float:
    """The share of the recipients that the newest list of an exclusion takes away.

    A list of who bought last week is another one every day; what matters is whom it costs.
    """
    if not recipients:
        return 0.0
    return (newest - kept).intersection_cardinality(recipients) / len(recipients)


def held(moved: float, threshold: float) -> bool:
    """Whether a person must decide before a campaign that heeds this list goes out."""
    return moved > threshold
