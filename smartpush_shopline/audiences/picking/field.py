"""`RecipientsField`: the picker inside the dashboard's own WTForms form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.validators import StopValidation

from ... import web
from ...contracts import CHANNELS
from ...errors import ConfigurationError, NotFound
from ...i18n import gettext as _
from ...shops.finding import find_in_front
from ...shops.models import Shop
from ..choice import Choice
from ..models import Audience
from ..recall import choice_of
from ..saving import is_missing_lists
from . import picker, pressing
from .offers import PAGE


class RecipientsWidget:
    """Draws the whole picker, with its style sheet and script."""

    def __call__(self, field: RecipientsField, **_attributes: Any) -> Markup:
        error = field.errors[0] if field.errors and not field.was_clicked else None
        return picker.draw(
            field.data,
            field.name,
            error=error,
            open_side=field.open_side,
            query=field.query,
            rows=field.rows,
        )


class RecipientsField(Field):
    """Whom a campaign goes to. `data` is a Choice, false while nobody is chosen, and None while
    no store is connected.

    `DataRequired()` refuses an empty choice; without it one may be saved, and reaches nobody.
    A picker button pressed while JavaScript is off arrives as a post of the dashboard's form: the
    field takes the change and does not validate, so the dashboard draws its form again.
    """

    widget: RecipientsWidget = RecipientsWidget()

    def __init__(
        self,
        label: str | None = None,
        validators: Sequence[Any] | None = None,
        *,
        channel: str = "email",
        **kwargs: Any,
    ) -> None:
        if channel not in CHANNELS:
            raise ConfigurationError(f"A campaign goes by {' or '.join(CHANNELS)}, not {channel}.")
        super().__init__(label, validators, **kwargs)
        self.channel = channel
        self.open_side: str | None = None
        self.query: str = ""
        self.rows: int = PAGE
        self.was_clicked: bool = False
        self.data: Choice | None = None

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        self._posted: MultiDict[str, str] = formdata if formdata is not None else MultiDict()
        super().process(formdata, *args, **kwargs)

    def process_data(self, value: Choice | None) -> None:
        self.data = value if value is not None else self._fresh()

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        choice = Choice.load(valuelist[0])
        if choice.channel != self.channel:
            raise ValueError(_("These recipients were chosen for another kind of campaign."))
        self.data = choice
        if _may_choose(choice):  # a click may write, so it is asked first; `pre_validate` refuses
            self._obey(choice)

    def _obey(self, choice: Choice) -> None:
        try:
            self.data, shown = pressing.apply(choice, self._posted, self.name)
        except NotFound as error:
            raise ValueError(
                _("One of the segments is not here any more. Remove it and look again.")
            ) from error
        self.was_clicked = shown.clicked
        self.open_side, self.query, self.rows = shown.open_side, shown.query, shown.rows

    def pre_validate(self, form: Any) -> None:
        if self.was_clicked:
            raise StopValidation(_("The recipients changed. Look at the numbers, then save."))
        if self.data is None:
            return  # no store is connected yet: a draft may be saved, reaching nobody
        if not _may_choose(self.data):
            raise StopValidation(_("You may not choose recipients of this store."))
        with web.state().database.read() as session:
            if is_missing_lists(session, self.data):
                raise StopValidation(
                    _("A chosen list is not kept any more. Remove its segment and choose it again.")
                )

    def _fresh(self) -> Choice | None:
        """What Create Campaign opened, else nobody."""
        with web.state().database.read() as session:
            draft = request.args.get("draft", "") if request else ""
            opened = _find_draft(session, draft, self.channel) if draft else None
            if opened is not None:
                return pressing.with_first_lists(choice_of(opened))
            shop = find_in_front(session)
            return Choice(shop.id, self.channel) if shop else None


def _may_choose(choice: Choice) -> bool:
    with web.state().database.read() as session:
        shop = session.get(Shop, choice.shop_id)
        return shop is not None and web.state().may("choose", shop.card)


def _find_draft(session: Any, key: str, channel: str) -> Audience | None:
    draft: Audience | None = (
        session.query(Audience).filter_by(launch_key=key, channel=channel).one_or_none()
    )
    if draft is None:
        return None
    shop = session.get_one(Shop, draft.shop_id)
    return draft if web.state().may("choose", shop.card) else None
