"""`smartpush.audiences`: what the dashboard says about its campaigns' recipients.

Works in the dashboard's own session: it flushes, the dashboard commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from .. import web
from ..contracts import Recipient, ShopCard
from ..errors import NotFound
from ..shops.models import Shop
from . import answering, explaining, panel, saving
from .choice import Choice
from .explaining import Explanation
from .models import Audience


@dataclass(frozen=True, slots=True)
class AudienceRef:
    """The recipients of one campaign. Numbers and people are as of now, never estimates."""

    id: int
    campaign_ref: str
    channel: str
    revision: int

    @property
    def choice(self) -> Choice:
        """For a form: `CampaignForm(data={"recipients": audience.choice})`."""
        return saving.choice_of(self._row())

    @property
    def counts(self) -> dict[str, int]:
        """People by reason, and "sendable"; their sum is everybody the choice names."""
        return saving.resolution_now(_session(), self._row()).counts()

    @property
    def recipients_count(self) -> int:
        return len(saving.recipients_now(_session(), self._row()))

    @property
    def url(self) -> str:
        return url_for("smartpush.audiences.page", audience_id=self.id)

    def recipients(self) -> Iterator[Recipient]:
        """Each person this campaign goes to, read in batches of 1,000."""
        return saving.iter_recipients(_session(), self._row())

    def panel(self) -> Markup:
        """Numbers, chosen versions and newer ones, for the dashboard's campaign page."""
        return panel.panel(_session(), self._row())

    def _row(self) -> Audience:
        return _session().get_one(Audience, self.id)


class Audiences:
    """The verbs. A campaign is known by the dashboard's own reference, any string."""

    def save(
        self, choice: Choice | None, *, campaign_ref: str, field: str = "recipients"
    ) -> AudienceRef | None:
        """Pin the chosen versions and people to a campaign. Raises StaleChoice, or 403.

        None, while no store is connected, keeps what there is: usually nothing.
        """
        session = _session()
        if choice is None:
            return self.find(campaign_ref, field)
        web.allow("choose", _card(session, choice.shop_id))
        before = saving.find(session, campaign_ref, field)
        if before is not None:
            web.allow("choose", _card(session, before.shop_id))
        audience = saving.save(session, choice, campaign_ref, web.state().now(), field)
        return _ref(audience)

    def find(self, campaign_ref: str, field: str = "recipients") -> AudienceRef | None:
        audience = saving.find(_session(), campaign_ref, field)
        return _ref(audience) if audience else None

    def get(self, campaign_ref: str, field: str = "recipients") -> AudienceRef:
        """Raises NotFound for a campaign that has no recipients saved."""
        found = self.find(campaign_ref, field)
        if found is None:
            raise NotFound(f"No recipients are saved for {campaign_ref}.")
        return found


    def copy(
        self, campaign_ref: str, new_ref: str, *, field: str = "recipients"
    ) -> AudienceRef:
        """The same segments in the same versions for another campaign.

        Who receives it is worked out anew, as of now. Raises NotFound, StaleChoice when the other
        campaign has recipients already, or 403.
        """
        session = _session()
        old = self._row(campaign_ref, field, "choose")
        choice = replace(saving.choice_of(old), revision=0, audience_id=None)
        return _ref(saving.save(session, choice, new_ref, web.state().now(), field))

    def discard(self, campaign_ref: str, *, field: str = "recipients") -> None:
        """Nobody receives this campaign, until somebody saves recipients for it again.

        Raises NotFound, or 403.
        """
        answering.discard(_session(), self._row(campaign_ref, field, "choose"))

    def explain(
        self, campaign_ref: str, address: str, *, field: str = "recipients"
    ) -> Explanation:
        """Why the person with this e-mail address or telephone number gets it, or does not.

        Raises NotFound, or 403.
        """
        audience = self._row(campaign_ref, field, "view")
        country = web.state().settings.default_country
        return explaining.explain_address(_session(), audience, address, country)

    def _row(self, campaign_ref: str, field: str, action: str) -> Audience:
        session = _session()
        audience = session.get_one(Audience, self.get(campaign_ref, field).id)
        web.allow(action, _card(session, audience.shop_id))
        return audience


def _session() -> Session:
    return web.state().host_session()


def _card(session: Session, shop_id: int) -> ShopCard:
    return session.get_one(Shop, shop_id).card


def _ref(audience: Audience) -> AudienceRef:
    return AudienceRef(
        audience.id, audience.campaign_ref or "", audience.channel, audience.revision
    )


