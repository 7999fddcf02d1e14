"""Choices over named segments of one shop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from smartpush_shopline.audiences import saving
from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.audiences.models import Audience
from tests.support import People


@pytest.fixture
def choose(cast: People) -> Callable[..., Choice]:
    """`choose(vip, exclude=[old])`: as the picker would offer them now."""

    def make(*include: Any, exclude: Any = (), channel: str = "email", **more: Any) -> Choice:
        picks = [
            Pick(mode, segment.id, segment.current_version_id)
            for mode, segments in (("include", include), ("exclude", exclude))
            for segment in segments
        ]
        return Choice(cast.shop_id, channel, picks=tuple(picks), **more)

    return make


@pytest.fixture
def save(cast: People) -> Callable[..., int]:
    """Save and commit; the audience's id."""

    def saved(choice: Choice, campaign_ref: str = "campaign-1") -> int:
        with cast.begin() as session:
            return saving.save(session, choice, campaign_ref, cast.clock()).id

    return saved


@pytest.fixture
def look(cast: People) -> Callable[..., Any]:
    """Ask something about an audience: `look(audience_id, saving.recipients_now)`."""

    def asked(audience_id: int, question: Callable[[Session, Audience], Any]) -> Any:
        with cast.database.read() as session:
            return question(session, session.get_one(Audience, audience_id))

    return asked
