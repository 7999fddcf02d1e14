"""Smart sending of one campaign: a slider that shows at once what its window means."""

from __future__ import annotations

from typing import NoReturn

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import htmx
from ...errors import RecipientsFixed, StaleChoice
from ...i18n import gettext as _
from ...web import friendly, render, state
from .. import forecast, saving, smart
from ..deciding import answering
from .answers import way_back, why_fixed
from .views import get_own

blueprint = Blueprint("smart", __name__)


@blueprint.get("/audiences/<int:audience_id>/smart")
def look(audience_id: int) -> BaseResponse:
    """What the slider stands on; nothing is kept."""
    now, settings = state().now(), state().settings
    with state().database.read() as session:
        shop, audience = get_own(session, audience_id, "view")
        if not htmx.wants_partial():
            return redirect(way_back(audience_id), 303)
        seen = forecast.look(session, audience, settings, now, *smart.asked(request.args))
        part = "audience_smart" if "whole" in request.args else "audience_smart_result"
        facts = {"audience": audience, "shop": shop, "seen": seen}
        facts["may_take"] = state().may("choose", shop.card)
        facts["revision"] = request.args.get("revision", audience.revision, type=int)
        return Response(render(f"_partials/{part}.html", **facts))


@blueprint.post("/audiences/<int:audience_id>/smart")
def keep(audience_id: int) -> BaseResponse:
    """For this campaign, instead of what the setting says. Who comes second is told.

    `show`: nothing is kept, and the page says what it would mean, without JavaScript, too.
    """
    if "show" in request.form:
        mode, hours = smart.asked(request.form)
        page = url_for("smartpush.audiences.page", audience_id=audience_id, mode=mode, hours=hours)
        return redirect(page, 303)
    try:
        with state().database.begin() as session:
            get_own(session, audience_id, "choose")
            revision = request.form.get("revision", type=int)
            audience = answering.lock(session, audience_id, revision)
            saving.refuse_fixed(audience)
            smart.keep(audience, *smart.asked(request.form))
    except RecipientsFixed:
        _refuse(audience_id, _("These recipients are fixed"), why_fixed(audience_id))
    except StaleChoice:
        text = _("Somebody changed them meanwhile, so nothing was kept. Look at them again.")
        _refuse(audience_id, _("These recipients changed"), text)
    return redirect(way_back(audience_id), 303)


def _refuse(audience_id: int, title: str, text: str) -> NoReturn:
    look, there = _("Look at them"), way_back(audience_id)
    friendly(title, text, 409, action_label=look, action_url=there)

