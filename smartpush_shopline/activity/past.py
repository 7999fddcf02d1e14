"""The synchronisations of the last days, and the requests to erase."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from ..segments.marking import mark_of
from ..shops import redact
from ..shops.models import Redaction, Shop
from ..sync.models import CHANGES, RUNNING, SyncRun
from ..sync.planning import URGENCY

DAYS = timedelta(days=14)
MOST_RUNS, MOST_REQUESTS = 100, 200


@dataclass(frozen=True, slots=True)
class Run:
    """`seconds` until it ended, or until now. The rest is what it found.

    `unannounced` are changes of which no message had told, `drifted` lists that were not what
    they should have been, `uncounted` how many more are here than the store counts (and whether all
    were read for it), `reasons` why how many segments were read, the most urgent first, `later`
    those that its calls did not suffice for.
    """

    run: SyncRun
    seconds: float
    is_running: bool
    refused_topics: Sequence[str]
    unannounced: int
    drifted: Sequence[Mapping[str, Any]]
    uncounted: Mapping[str, Any]
    reasons: Sequence[tuple[str, int]]
    later: int
    mark: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request to erase. `days_left` until SHOPLINE's deadline, negative when that is over."""

    request: Redaction
    days_left: int
    is_open: bool
    needs_you: bool
    may_decide: bool


def runs(session: Session, shop_id: int, now: datetime) -> list[Run]:
    asked = (
        select(SyncRun)
        .where(SyncRun.shop_id == shop_id, SyncRun.kind != CHANGES)
        .where(SyncRun.started_at >= now - DAYS)
        .order_by(SyncRun.id.desc())
        .limit(MOST_RUNS)
    )
    return [_run(run, now) for run in session.scalars(asked)]


def _run(run: SyncRun, now: datetime) -> Run:
    found = run.findings or {}
    seconds = max(((run.finished_at or now) - run.started_at).total_seconds(), 0)
    return Run(
        run=run,
        seconds=seconds,
        is_running=run.state == RUNNING,
        refused_topics=found.get("refused_topics", ()),
        unannounced=sum(found.get("unannounced", {}).values()),
        drifted=found.get("drifted", ()),
        uncounted=found.get("uncounted", {}),
        reasons=_reasons(found.get("plan", {}).get("read", {})),
        later=found.get("plan", {}).get("later", 0),
        mark=mark_of(run.id, run.state, run.error, run.contacts_done, found),
    )


def _reasons(planned: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(each, planned[each]) for each in URGENCY if planned.get(each)]


def requests(
    session: Session, shop: Shop | None, now: datetime, *, may_decide: bool, others: bool
) -> list[Request]:
    """Those of this store; with `others`, also those of stores that are no longer here."""
    asked = (
        select(Redaction)
        .where(or_(false(), *_mine(shop, others)))
        .order_by(Redaction.id.desc())
        .limit(MOST_REQUESTS)
    )
    return [_request(each, now, may_decide) for each in session.scalars(asked)]


def _mine(shop: Shop | None, others: bool) -> Iterator[ColumnElement[bool]]:
    if shop is not None:
        yield Redaction.shop_id == shop.id
        yield Redaction.handle == shop.handle
    if others:
        yield Redaction.shop_id.is_(None)
        yield Redaction.kind == redact.STORE


def _request(request: Redaction, now: datetime, may_decide: bool) -> Request:
    refused = request.state == redact.REFUSED
    return Request(
        request=request,
        days_left=math.ceil((request.due_at - now) / timedelta(days=1)),
        is_open=request.state == redact.WAITING or refused,
        needs_you=refused,
        may_decide=may_decide and refused,
    )
