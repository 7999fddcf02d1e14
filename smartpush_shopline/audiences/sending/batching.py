"""One batch in somebody's hands: claimed, read, and settled once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from ... import signals
from ...contracts import Recipient, ShopCard
from ...shops.models import Shop
from ...web import State, announce
from .. import delivery
from ..models import Audience
from ..unsubscribing import links
from . import handing


@dataclass(slots=True)
class Batch:
    """Some recipients of one campaign, in the hands of whoever iterates.

    `key` is the same whenever this batch is handed out: give it to your provider as the
    idempotency key. The batch is confirmed when the loop comes back for the next one.
    """

    key: str
    number: int
    campaign_ref: str
    channel: str
    shop: ShopCard
    recipients: Sequence[Recipient]
    _state: State = field(repr=False)
    _id: int = field(repr=False)
    _owner: str = field(repr=False)
    _settled: bool = field(default=False, repr=False)

    def __iter__(self) -> Iterator[Recipient]:
        return iter(self.recipients)

    def __len__(self) -> int:
        return len(self.recipients)

    def confirm(self) -> bool:
        """It was sent. False when a person has decided about this batch meanwhile."""
        done = self._settle(self._confirm)
        if done:
            self._tell()
        return done

    def _confirm(self, session: Session) -> bool:
        return delivery.confirm(session, self._id, self._owner, self._state.now())

    def _tell(self) -> None:
        announce(
            signals.batch_sent,
            shop=self.shop,
            campaign_ref=self.campaign_ref,
            number=self.number,
            recipients=len(self),
            key=self.key,
        )

    def park(self, error: BaseException | str) -> bool:
        """It failed. A person decides whether it is sent again."""
        told = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        return self._settle(lambda s: delivery.park(s, self._id, self._owner, told))

    def give_up(self) -> bool:
        """Nobody can say whether it was sent."""
        return self._settle(lambda s: delivery.give_up(s, self._id, self._owner))

    def _settle(self, step: Callable[[Session], bool]) -> bool:
        if self._settled:
            return False
        self._settled = True
        return self._state.database.retrying(step)


Sender = Callable[[Batch], object]
"""The dashboard's own way of sending. It returns when all of the batch was sent, or raises."""


def take(
    state: State, audience_id: int, owner: str, claim: timedelta, sent: Batch | None = None
) -> Batch | None:
    """Claim the next batch that still has people, and read them.

    The one before, if it was `sent` and not settled yet, is confirmed in the same transaction.
    """
    link = links.linker(state, audience_id)
    while True:
        batch = _next(state, audience_id, owner, claim, link, sent)
        if batch is None or batch.recipients:
            return batch
        sent = batch  # everybody in it has withdrawn


def _next(
    state: State,
    audience_id: int,
    owner: str,
    claim: timedelta,
    link: Callable[[int], str],
    sent: Batch | None,
) -> Batch | None:
    def work(session: Session) -> tuple[bool, Batch | None]:
        confirmed = sent is not None and not sent._settled and sent._confirm(session)
        return confirmed, _take(session, state, audience_id, owner, claim, link)

    confirmed, batch = state.database.retrying(work)
    if sent is not None and confirmed:
        sent._settled = True
        sent._tell()
    return batch


def _take(
    session: Session,
    state: State,
    audience_id: int,
    owner: str,
    claim: timedelta,
    link: Callable[[int], str],
) -> Batch | None:
    now = state.now()
    claimed = delivery.claim(session, audience_id, owner, now, claim)
    if claimed is None:
        return None
    audience = session.get_one(Audience, audience_id)
    people = handing.hand_out(session, audience, claimed, now, link)
    return Batch(
        key=claimed.key,
        number=claimed.number,
        campaign_ref=audience.campaign_ref or "",
        channel=audience.channel,
        shop=session.get_one(Shop, audience.shop_id).card,
        recipients=people,
        _state=state,
        _id=claimed.id,
        _owner=owner,
    )
