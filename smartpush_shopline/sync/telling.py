"""Telling the store of opt-outs that it does not know, when SMARTPUSH_WRITE_BACK is on."""

from __future__ import annotations

from collections.abc import Iterator

from ..contacts import writing_back
from ..errors import NotAuthorised, ShoplineBusy, ShoplineError
from ..failure import code_of
from .holder import Holder

_SHUT = (402, 423)
"""The store itself is frozen or locked: not a matter of one customer."""


def tell_steps(holder: Holder) -> Iterator[None]:
    """One customer and channel a call; between two something more urgent may go first."""
    while True:
        with holder.begin() as session:
            due = writing_back.take(session, holder.shop_id, holder.now())
        if due is None:
            return
        try:
            holder.client.withdraw_consent(due.customer_ref, due.channel, due.occurred_at)
        except ShoplineError as error:
            if isinstance(error, (NotAuthorised, ShoplineBusy)) or error.status in _SHUT:
                raise
            _note(holder, due, error)
        else:
            with holder.begin() as session:
                writing_back.close(session, due, holder.now())
        yield


def _note(holder: Holder, due: writing_back.Due, error: ShoplineError) -> None:
    """Refused for this one for good; or the store has trouble, or does not let us write at all."""
    forbidden = error.status == 403
    with holder.begin() as session:
        if error.permanent and not forbidden:
            writing_back.close(session, due, holder.now(), code_of(error))
        else:
            seconds = writing_back.FORBIDDEN_SECONDS if forbidden else 0.0
            writing_back.put_off(session, holder.shop_id, code_of(error), holder.now(), seconds)
