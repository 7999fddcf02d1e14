"""What holds a campaign, for the command line."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ...i18n import gettext as _
from ...settings import Settings
from ...shops.models import Shop
from ..deciding import between
from ..models import HELD, Audience
from . import holding, holding_words


def facts(session: Session, audience: Audience, settings: Settings) -> dict[str, Any] | None:
    """What JSON can hold, and `said`: the same in a sentence. None when nothing holds it."""
    if audience.state != HELD:
        return None
    asked = between.held_by(session, audience, settings.drift_threshold)
    then = holding.otherwise_of(audience, settings)
    zone = session.get_one(Shop, audience.shop_id).timezone
    why = _("Held: %(why)s", why=holding_words.why(audience, asked))
    return {
        "said": f"{why} {holding_words.deadline(audience, then, zone)}".strip(),
        "because": audience.held_because,
        "since": audience.held_at and audience.held_at.isoformat(),
        "decide_by": audience.decide_by and audience.decide_by.isoformat(),
        "otherwise": then if audience.decide_by else None,
    }
