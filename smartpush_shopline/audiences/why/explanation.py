"""What is answered to "why (not) this person?": a rule, its fact, and the lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ..models import NEWEST

RECIPIENT, UNKNOWN, NOT_CHOSEN = "recipient", "unknown", "not_chosen"


@dataclass(frozen=True, slots=True)
class DecidingFact:
    """The fact in the ledger of consent that decided."""

    state: str
    source: str
    occurred_at: datetime
    recorded_at: datetime
    dated: bool


@dataclass(frozen=True, slots=True)
class InSegment:
    """One chosen segment: whether the version this campaign keeps has the person, and the newest.

    `newer` and `newer_has` are None while the kept version is the newest. `undecided`: the newest
    would be heeded, but moved too much, so the kept one counts until somebody decides. `fixed`: the
    sending began, and `newer` is the one that was heeded then.
    """

    segment_id: int
    name: str
    mode: str
    policy: str
    version: int | None
    has: bool
    newer: int | None
    newer_has: bool | None
    undecided: bool = False
    fixed: bool = False

    @property
    def is_heeded(self) -> bool:
        """The newer version counts, besides the kept one."""
        return self.policy == NEWEST and self.newer is not None and not self.undecided


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one person gets a campaign, or does not.

    `rule` is "recipient", "unknown", "not_chosen", or the reason under which the waterfall counts
    the person. `segment` names the segment that decided, `through` another contact with the same
    address, who gets it or, as `through_gets` says, does not any more. `today` is the verdict of
    now: it differs from the rule for who subscribed later, and for who opted out after it was sent.
    `place`, once the sending began: where the person's batch is, such as "sent" at `sent_at`,
    and "left_out" for who is in none.
    """

    rule: str
    number: int | None = None
    name: str = ""
    address: str | None = None
    since: datetime | None = None
    fact: DecidingFact | None = None
    segment: str | None = None
    through: str | None = None
    through_gets: bool = True
    place: str = ""
    sent_at: datetime | None = None
    today: str | None = None
    segments: Sequence[InSegment] = ()

    @property
    def is_recipient(self) -> bool:
        return self.rule == RECIPIENT

    @property
    def is_undecided(self) -> bool:
        """The list about which somebody still has to decide says something else of this person."""
        moved = any(each.undecided and each.has != each.newer_has for each in self.segments)
        return moved and self.rule in (RECIPIENT, NOT_CHOSEN, "not_in_all", "excluded")

    def as_json(self) -> dict[str, Any]:
        """For scripts: times in ISO 8601."""
        said = {"is_recipient": self.is_recipient, "is_undecided": self.is_undecided}
        return said | {
            key: _plain(value) for key, value in asdict(self).items()
        }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
