"""The page behind an unsubscribe link. It needs no login: the link itself is the key.

GET asks and changes nothing, so a scanner that follows every link of a message does no harm.
POST acts: from the button of the page, or from a mailbox's own button (RFC 8058).
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue

from ... import i18n
from ...contacts import consent
from ...contacts.models import Contact
from ...errors import DeepLinkRefused
from ...shops.models import Shop
from ...web import render, state
from ..models import Audience
from . import links

blueprint = Blueprint("unsubscribe", __name__)


@blueprint.get("/unsubscribe/<token>")
def ask(token: str) -> ResponseReturnValue:
    with i18n.visitor_language(request.accept_languages):
        try:
            reader = links.read(state().app, token)
            with state().database.read() as session:
                audience, shop, contact = links.find(session, reader)
        except DeepLinkRefused:
            return _page("refused", 404)
        done = contact is None or _is_out(contact, audience)
        return _page("already" if done else "ask", shop=shop, channel=audience.channel)


@blueprint.post("/unsubscribe/<token>")
def act(token: str) -> ResponseReturnValue:
    mine = state()
    with i18n.visitor_language(request.accept_languages):
        try:
            reader = links.read(mine.app, token)
            mine.database.retrying(
                lambda session: links.act(session, reader, mine.now())
            )
            with mine.database.read() as session:
                audience, shop, _contact = links.find(session, reader)
        except DeepLinkRefused:
            return _page("refused", 404)
        return _page("done", shop=shop, channel=audience.channel)


def _is_out(contact: Contact, audience: Audience) -> bool:
    standing = getattr(contact, f"{audience.channel}_standing")
    return contact.deleted_at is not None or standing == consent.UNSUBSCRIBED


def _page(
    outcome: str, status: int = 200, shop: Shop | None = None, channel: str | None = None
) -> Response:
    """Kept by nobody, and the address, which is a key, is told to nobody."""
    texts = i18n.for_page(i18n.visitors)
    html = render("unsubscribe.html", outcome=outcome, shop=shop, channel=channel, **texts)
    answer = make_response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
