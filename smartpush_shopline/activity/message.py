"""One delivery as its page shows it. Its body is personal data: only for who may export."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from ..inbox.models import DONE, IGNORED, Delivery
from ..inbox.replaying import obstacle
from ..segments.marking import mark_of
from .listing import Row, row
from .subjects import Subject


@dataclass(frozen=True, slots=True)
class Message:
    """`obstacle`: why it cannot be replayed, or None. `is_live`: it changes by itself."""

    row: Row
    body: str | None
    is_hidden: bool
    may_replay: bool
    obstacle: str | None
    is_live: bool
    mark: str


def look(
    delivery: Delivery,
    subject: Subject | None,
    now: datetime,
    *,
    may_read: bool,
    may_replay: bool,
) -> Message:
    shown = row(delivery, now, subject)
    held = delivery.body is not None
    return Message(
        row=shown,
        body=pretty(delivery.body) if delivery.body is not None and may_read else None,
        is_hidden=held and not may_read,
        may_replay=may_replay,
        obstacle=obstacle(delivery, now),
        is_live=delivery.state not in (DONE, IGNORED),
        mark=mark_of(shown.mark, held, delivery.next_try_at, int(now.timestamp()) // 60),
    )


def pretty(body: bytes) -> str:
    """Indented when it is JSON, else as it came."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")[:100_000]
