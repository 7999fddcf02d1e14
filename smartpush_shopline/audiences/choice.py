"""A marketer's choice, as it travels in the form: signed, with the versions that were shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from ..errors import ConfigurationError
from .models import ALL, ANY, EVERYONE, INCLUDE, NEWEST, PINNED, SEGMENTS

_SALT = "smartpush.choice"


@dataclass(frozen=True, slots=True)
class Pick:
    """One segment in one version, to include or to exclude. No version yet: `version_id` None.

    `policy`: "pinned" keeps that version; "newest" also heeds the newest list at sending, which
    can take people away and never adds any.
    """

    mode: str
    segment_id: int
    version_id: int | None
    policy: str = PINNED


@dataclass(frozen=True, slots=True)
class Choice:
    """An empty choice is nobody, never everybody: everybody is `scope` "everyone".

    `combine`: whoever is in "any" of the included segments, or only who is in "all" of them.
    """

    shop_id: int
    channel: str
    scope: str = SEGMENTS
    picks: tuple[Pick, ...] = ()
    revision: int = 0
    audience_id: int | None = None
    combine: str = ANY

    def __bool__(self) -> bool:
        return self.scope == EVERYONE or bool(self.of(INCLUDE))

    def of(self, mode: str) -> tuple[Pick, ...]:
        return tuple(pick for pick in self.picks if pick.mode == mode)

    def find(self, segment_id: int) -> Pick | None:
        return next((pick for pick in self.picks if pick.segment_id == segment_id), None)

    def toggle(self, mode: str, segment_id: int, version_id: int | None) -> Choice:
        """Choose it, or take it back; a segment is never on both sides."""
        there = self.find(segment_id)
        rest = self.without(segment_id)
        if there and there.mode == mode:
            return rest
        scope = SEGMENTS if mode == INCLUDE else self.scope
        return replace(rest, scope=scope, picks=(*rest.picks, Pick(mode, segment_id, version_id)))

    def without(self, segment_id: int) -> Choice:
        return replace(self, picks=tuple(p for p in self.picks if p.segment_id != segment_id))

    def at_version(self, segment_id: int, version_id: int | None) -> Choice:
        """Another list of one chosen segment; all else stays."""
        pick = self.find(segment_id)
        return self.exchanged(segment_id, replace(pick, version_id=version_id)) if pick else self

    def exchanged(self, segment_id: int, new: Pick) -> Choice:
        """Another segment in the place of one."""
        picks = tuple(new if pick.segment_id == segment_id else pick for pick in self.picks)
        return replace(self, picks=picks)

    def without_pending_exclusions(self) -> Choice:
        """What can be counted: an exclusion takes people away once its first list is here."""
        known = (p for p in self.picks if p.mode == INCLUDE or p.version_id is not None)
        return replace(self, picks=tuple(known))

    def everyone(self, on: bool) -> Choice:
        """All subscribed contacts instead of segments; exclusions stay."""
        if not on:
            return replace(self, scope=SEGMENTS)
        return replace(
            self, scope=EVERYONE, picks=tuple(p for p in self.picks if p.mode != INCLUDE)
        )

    def combined(self, how: str) -> Choice:
        return replace(self, combine=how) if how in (ANY, ALL) else self

    def with_policy(self, segment_id: int, policy: str) -> Choice:
        """Keep one chosen segment's list as it is, or heed its newest one at sending."""
        if policy not in (PINNED, NEWEST):
            return self
        picks = tuple(
            replace(pick, policy=policy) if pick.segment_id == segment_id else pick
            for pick in self.picks
        )
        return replace(self, picks=picks)

    def same_people_as(self, other: Choice) -> bool:
        """Whether both name the same lists, whatever revision they were drawn from.

        A policy says what is heeded later; it is not a list.
        """
        return self._lists() == other._lists()

    def _lists(self) -> tuple[object, ...]:
        lists = {(pick.mode, pick.segment_id, pick.version_id) for pick in self.picks}
        return (self.shop_id, self.channel, self.scope, self.combine, lists)

    def dump(self) -> str:
        return str(_signer().dumps(asdict(self)))

    @classmethod
    def load(cls, text: str) -> Choice:
        """Raises ValueError for anything this dashboard did not sign itself."""
        try:
            fields = _signer().loads(text)
        except BadSignature:
            raise ValueError("The recipients were changed outside the form.") from None
        picks = tuple(Pick(**pick) for pick in fields.pop("picks"))
        return cls(picks=picks, **fields)


def _signer() -> URLSafeSerializer:
    if not current_app.secret_key:
        raise ConfigurationError("The dashboard has no SECRET_KEY, so nothing can be signed.")
    return URLSafeSerializer(current_app.secret_key, salt=_SALT)
