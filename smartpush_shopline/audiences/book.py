"""`smartpush.audiences`: what the dashboard says about its campaigns' recipients.

Works in the dashboard's own session: it flushes, the dashboard commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import has_request_context, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from .. import signals, web
from ..contracts import Recipient, ShopCard
from ..errors import CannotSend, NotFound
from ..shops.models import Shop
from . import delivery, forecast, recall, saving
from .choice import Choice
from .deciding import answering
from .delivery import CLAIM, Progress
from .models import Audience
from .pages import confirming, panel
from .receipt import making
from .resolve import Resolution
from .sending import loop, scheduling
from .sending.batching import Batch
from .why import explaining
from .why.explanation import Explanation


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
        return recall.choice_of(self._row())

    @property
    def counts(self) -> dict[str, int]:
        """People by reason, and "sendable"; their sum is everybody the choice names."""
        return _expected(self._row()).counts()

    @property
    def recipients_count(self) -> int:
        return len(_expected(self._row()).recipients)

    @property
    def is_empty(self) -> bool:
        """Nobody would get it, so `schedule` refuses; not while a segment waits for a list."""
        threshold = web.state().settings.drift_threshold
        return scheduling.is_empty(_session(), self._row(), threshold)

    @property
    def url(self) -> str:
        """Our page of it: why (not) this person, smart sending, how the segments overlap."""
        return url_for("smartpush.audiences.page", audience_id=self.id)

    def recipients(self) -> Iterator[Recipient]:
        """Each person this campaign goes to, read in batches of 1,000."""
        row = self._row()
        return recall.iter_people(_session(), row, _expected(row).recipients)

    def panel(self) -> Markup:
        """Numbers, chosen versions and newer ones, for the dashboard's campaign page."""
        return panel.panel(_session(), self._row())

    def confirmation(self, action: str, back: str) -> Markup:
        """A form that asks before sending: to how many, on which channel, when. Counted now.

        It posts to `action`, an address of the dashboard that schedules; give the `revision` it
        carries to `schedule`. `back` leads away without sending. On the panel's page, a link with
        the attribute `data-smartpush-confirm` to the page with this form opens it as a dialog.
        """
        return confirming.draw(_session(), self._row(), action, back)

    def batches(self, size: int = loop.SIZE, claim: timedelta = CLAIM) -> Iterator[Batch]:
        """Hand this campaign out, batch by batch, and note what became of each.

        The first call fixes the recipients: as saved, minus who may not be written to any more.
        A batch is confirmed when the loop comes back for the next one. Left before that, or not
        confirmed within `claim`, it is uncertain: shown, and never sent again by itself. Any
        number of workers may loop at once. Works in transactions of its own, so commit first.
        Raises CannotSend.
        """
        return loop.batches(web.state(), self.id, size, claim)

    @property
    def state(self) -> str:
        """saved, scheduled, held, sending, sent or cancelled."""
        return self._row().state

    @property
    def scheduled_at(self) -> datetime | None:
        return self._row().scheduled_at

    @property
    def held_because(self) -> str | None:
        """Why it is held, in one word: held (a list moved too much), deleted, waiting, ..."""
        return self._row().held_because

    @property
    def decide_by(self) -> datetime | None:
        """Until when a person may decide about what is held."""
        return self._row().decide_by

    @property
    def progress(self) -> Progress:
        """People pending, handed out, sent, uncertain, parked, cancelled and left out since."""
        return delivery.progress(_session(), self.id, web.state().now())

    def pause(self) -> None:
        """No further batch is handed out until `resume`. Flushes; the dashboard commits."""
        delivery.pause(_session(), self._row(), web.state().now())

    def resume(self) -> None:
        session = _session()
        delivery.resume(session, self._row())
        _ring_after(session)

    def send_again(self, number: int | None = None) -> int:
        """A person has uncertain and failed batches sent again, all or one. How many."""
        session = _session()
        delivery.notice_dead(session, self.id, web.state().now())
        done = delivery.send_again(session, self._row(), number)
        _ring_after(session)
        return done

    def mark_sent(self, number: int | None = None) -> int:
        """A person knows that uncertain and failed batches, all or one, went out. How many."""
        session, now = _session(), web.state().now()
        delivery.notice_dead(session, self.id, now)
        return delivery.mark_sent(session, self._row(), now, number)

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
        before = recall.find(session, campaign_ref, field)
        if before is not None:
            web.allow("choose", _card(session, before.shop_id))
        audience = saving.save(session, choice, campaign_ref, web.state().now(), field)
        _tell_pinned(session, audience)
        return _ref(audience)

    def find(self, campaign_ref: str, field: str = "recipients") -> AudienceRef | None:
        audience = recall.find(_session(), campaign_ref, field)
        return _ref(audience) if audience else None

    def states(self, campaign_refs: Iterable[str], field: str = "recipients") -> dict[str, str]:
        """`AudienceRef.state` by reference, in one query, for a page that lists campaigns.

        Those that have no recipients saved are missing.
        """
        return recall.states(_session(), list(campaign_refs), field)

    def get(self, campaign_ref: str, field: str = "recipients") -> AudienceRef:
        """Raises NotFound for a campaign that has no recipients saved."""
        found = self.find(campaign_ref, field)
        if found is None:
            raise NotFound(f"No recipients are saved for {campaign_ref}.")
        return found

    def schedule(
        self,
        campaign_ref: str,
        at: datetime,
        field: str = "recipients",
        *,
        smart_sending: str | None = None,
        otherwise: str | None = None,
        revision: int | None = None,
    ) -> AudienceRef:
        """Send at this time by the registered sender; at once when the time is past.

        `smart_sending` (off, skip or hold) is for this campaign instead of what the setting
        says. `otherwise` (send or cancel) is what happens when it is held and nobody decides in
        time: what was saved is sent, or nothing. `revision`: of the recipients a person saw; raises
        StaleChoice when they are others now. Raises CannotSend. Flushes; the dashboard commits.
        """
        session, audience = self._mine(campaign_ref, field, "send")
        if audience.channel not in web.state().senders:
            raise CannotSend(
                f'No sender is registered: use @smartpush.sender("{audience.channel}").',
                reason="no_sender",
            )
        threshold = web.state().settings.drift_threshold
        scheduling.schedule(session, audience, at, threshold, smart_sending, otherwise, revision)
        if at <= web.state().now():
            _ring_after(session)
        return _ref(audience)

    def cancel(self, campaign_ref: str, field: str = "recipients") -> AudienceRef:
        """Nobody more is written to. What is in a sender's hands cannot be called back."""
        session, audience = self._mine(campaign_ref, field, "send")
        scheduling.cancel(session, audience, web.state().now())
        return _ref(audience)

    def receipt(self, campaign_ref: str, field: str = "recipients") -> dict[str, Any]:
        """Who got it and why the others did not, as it was when the sending began, as JSON.

        Raises NotFound before that.
        """
        session, audience = self._mine(campaign_ref, field, None)
        return making.receipt(session, audience, web.state().now())

    def _mine(
        self, campaign_ref: str, field: str, action: str | None
    ) -> tuple[Session, Audience]:
        """What a background task does needs no person's permission."""
        session = _session()
        audience = session.get_one(Audience, self.get(campaign_ref, field).id)
        if action and has_request_context():
            web.allow(action, _card(session, audience.shop_id))
        return session, audience

    def copy(
        self, campaign_ref: str, new_ref: str, *, field: str = "recipients"
    ) -> AudienceRef:
        """The same segments in the same versions for another campaign.

        Who receives it is worked out anew, as of now. Raises NotFound, StaleChoice when the other
        campaign has recipients already, or 403.
        """
        session = _session()
        old = self._row(campaign_ref, field, "choose")
        choice = replace(recall.choice_of(old), revision=0, audience_id=None)
        audience = saving.save(session, choice, new_ref, web.state().now(), field)
        _tell_pinned(session, audience)
        return _ref(audience)

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
        now = _expected(audience)
        return explaining.explain_address(_session(), audience, address, now, country)

    def _row(self, campaign_ref: str, field: str, action: str) -> Audience:
        session = _session()
        audience = session.get_one(Audience, self.get(campaign_ref, field).id)
        web.allow(action, _card(session, audience.shop_id))
        return audience


def _tell_pinned(session: Session, audience: Audience) -> None:
    facts = saving.news_of(session, audience)
    scheduling.after_commit(session, lambda: web.announce(signals.audience_pinned, **facts))


def _ring_after(session: Session) -> None:
    ring = web.state().ring
    scheduling.after_commit(session, lambda: ring("send"))


def _expected(audience: Audience) -> Resolution:
    return forecast.expected(_session(), audience, web.state().settings, web.state().now())


def _session() -> Session:
    return web.state().host_session()


def _card(session: Session, shop_id: int) -> ShopCard:
    return session.get_one(Shop, shop_id).card


def _ref(audience: Audience) -> AudienceRef:
    return AudienceRef(
        audience.id, audience.campaign_ref or "", audience.channel, audience.revision
    )


