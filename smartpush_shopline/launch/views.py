"""The signed doors from the SHOPLINE Admin. None of them logs anyone in."""

from __future__ import annotations

import logging
from typing import NoReturn

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ..audiences.models import Audience
from ..errors import DeepLinkRefused, NotAuthorised, NotFound, ShoplineError
from ..i18n import gettext as _
from ..shopline import OAuth
from ..shops import install
from ..shops.finding import own_shop
from ..shops.models import PENDING, UNAUTHORISED, UNINSTALLED, Shop
from ..web import State, friendly, state
from . import connecting, doors, framing, opening
from . import params as wire
from .sealing import OPEN, SEGMENT, Target, path_of, target_of

blueprint = Blueprint("launch", __name__)
log = logging.getLogger("smartpush")
_STATUS = {"expired": 403, "oversize": 414, "bad_seal": 403}
"""Of a refused link, by its reason; 401 for all others."""


@blueprint.get("/shopline")
def app_url() -> BaseResponse:
    """What the Admin opens, at install and at every later visit."""
    return _enter(Target(OPEN, request.query_string, state().now()))


@blueprint.get("/launch/segment")
@blueprint.get("/launch/segment/<path:ref>")
def segment(ref: str = "") -> BaseResponse:
    """Create Campaign on a customer segment."""
    return _enter(Target(SEGMENT, request.query_string, state().now(), ref))


@blueprint.get("/launch/continue/<sealed>")
def go_on(sealed: str) -> BaseResponse:
    """After the login, or out of the Admin's frame: the same link, as good as it was then."""
    try:
        target = target_of(sealed, state().now())
    except DeepLinkRefused as refusal:
        _refuse(refusal)
    return _enter(target, on_top=True)


def _enter(target: Target, *, on_top: bool = False) -> BaseResponse:
    mine = state()
    old_is_fine = target.door == SEGMENT  # an old link opens what it once made, but makes nothing
    params = _checked(mine, target, ignore_expiry=old_is_fine)
    if "lang" in params and not on_top:  # inside the Admin's frame, where no login of ours works
        return framing.break_out(path_of(target))
    if target.door == SEGMENT:
        return _campaign(mine, target, params)
    return _app(mine, target, params)


def _app(mine: State, target: Target, params: dict[str, str]) -> BaseResponse:
    app_key, handle = params["appkey"], params["handle"]
    with mine.database.read() as session:
        shop = install.find_shop(session, app_key, handle)
    if shop is not None and _is_installed(mine, shop):
        if wire.segment_refs(params, mine.settings.launch_params):
            return _campaign(mine, target, params)
        return redirect(url_for("smartpush.overview.index"))
    store = OAuth(mine.settings.store_url(handle), app_key, mine.settings.apps[app_key][0])
    back = mine.settings.address("/shopline/callback")
    begun = doors.new_install_state(app_key, handle, mine.now())
    return redirect(store.authorize_url(mine.settings.scopes, back, begun))


def _is_installed(mine: State, shop: Shop) -> bool:
    """Else the merchant is asked (again): when more is wanted than was granted, too."""
    if shop.token is None or shop.status in (UNINSTALLED, UNAUTHORISED):
        return False
    if shop.status == PENDING and shop.token_expires_at and shop.token_expires_at < mine.now():
        return False  # nobody renews the token of a store that waits
    granted = set(shop.scopes.split(","))
    return shop.is_private or granted >= set(mine.settings.scopes)


@blueprint.get("/shopline/callback")
@blueprint.get("/shopline/api/auth/callback")
@blueprint.get("/api/auth/callback")
def callback() -> BaseResponse:
    """Keep the token and answer at once; everything else happens in the background."""
    mine = state()
    params = _checked(mine, Target(OPEN, request.query_string, mine.now()))
    app_key, handle, code = params["appkey"], params["handle"], params.get("code", "")
    if not code:
        _refuse(DeepLinkRefused("The link carries no code.", reason="malformed"))
    ours = doors.began_here(app_key, handle, params.get("customField"), mine.now())
    try:
        arrival = connecting.receive_install(mine, app_key, handle, code, ours=ours)
    except ShoplineError as error:
        _not_confirmed(error)
    if arrival.rejected:
        _rejected(mine, arrival)
    if "proxyDomain" in params:  # the Admin's proxy wants JSON instead of a redirect
        return jsonify(redirect=mine.settings.address("/"))
    return redirect(url_for("smartpush.overview.index"))


def _not_confirmed(error: ShoplineError) -> NoReturn:
    if isinstance(error, NotAuthorised):
        friendly(
            _("This permission was used already"),
            _("Each one works once, for ten minutes. Open SmartPush again in the Admin, "
              "under Apps: either the store is here already, or you are asked anew."),
            403,
        )
    friendly(
        _("The store could not be connected"),
        _("SHOPLINE did not confirm the installation: %(error)s", error=error),
        502,
    )


def _rejected(mine: State, arrival: connecting.Arrival) -> None:
    """The store waits. Who is not signed in yet is sent to the login by the overview."""
    if mine.may("view", None):
        friendly(
            _("The store waits for somebody who may connect it"),
            _("%(store)s installed SmartPush, but your login may not connect stores. "
              "Ask a colleague to press Connect on the overview.", store=arrival.shop.name),
            403,
        )


@blueprint.post("/connect/<int:shop_id>")
def connect(shop_id: int) -> BaseResponse:
    """A person takes a store that installed the app into the dashboard."""
    mine = state()
    with mine.database.read() as session:
        own_shop(session, shop_id, "connect")
    connecting.claim(mine, shop_id)
    return redirect(url_for("smartpush.overview.index"), 303)


def _campaign(mine: State, target: Target, params: dict[str, str]) -> BaseResponse:
    shop = _own_store(mine, target, params)
    if mine.settings.campaign_form_endpoint not in mine.app.view_functions:
        _no_form(mine)
    with mine.database.read() as session:
        draft = opening.find_draft(session, opening.launch_key(params))
    if draft is None:
        _checked(mine, target)
        draft = _open(mine, shop, params)
    return redirect(_form_address(mine, draft))


def _no_form(mine: State) -> NoReturn:
    log.error("smartpush.no_campaign_form endpoint=%r", mine.settings.campaign_form_endpoint)
    friendly(
        _("Create Campaign is not set up here"),
        _("Whoever runs this dashboard can name its campaign form in "
          "SMARTPUSH_CAMPAIGN_FORM_ENDPOINT. Until then, make the campaign in the dashboard and "
          "choose the segment there."),
        501,
    )


def _own_store(mine: State, target: Target, params: dict[str, str]) -> Shop:
    with mine.database.read() as session:
        shop = install.find_shop(session, params["appkey"], params["handle"])
    here = shop is not None and shop.status not in (PENDING, UNINSTALLED)
    if shop is not None and here and mine.may("choose", shop.card):
        return shop
    if not mine.may("view", None):
        _sign_in_first(mine, target)
    if here:
        friendly(
            _("You may not use this store"),
            _("Your login may not choose recipients of the store that the link came from. "
              "Ask a colleague who may, or sign in with another account."),
            403,
        )
    friendly(
        _("This store is not connected"),
        _("Open the app in the SHOPLINE Admin, under Apps, to connect the store first."),
        404,
    )


def _sign_in_first(mine: State, target: Target) -> NoReturn:
    """The link stays as good as it is now while the person signs in."""
    login = mine.settings.login_endpoint
    friendly(
        _("Sign in to go on"),
        _("Your campaign opens after you sign in with an account that may use this store."),
        403,
        action_label=_("Sign in") if login else None,
        action_url=url_for(login, next=path_of(target)) if login else None,
    )


def _open(mine: State, shop: Shop, params: dict[str, str]) -> Audience:
    try:
        return opening.open_draft(mine, shop, params)
    except NotFound:
        friendly(
            _("This segment is not in the store"),
            _("It may have been deleted in the Admin since the page was opened. "
              "Go back to Customer Segments and choose another one."),
            404,
        )
    except NotAuthorised:
        opening.doubt(mine, shop)
        friendly(
            _("The segment could not be looked up"),
            _("SHOPLINE does not let us into the store at the moment; this is being looked into. "
              "Try again in a minute."),
            502,
        )
    except ShoplineError as error:
        friendly(
            _("The segment could not be looked up"),
            _("SHOPLINE did not answer properly: %(error)s Try again in a minute.", error=error),
            502,
        )


def _form_address(mine: State, draft: Audience) -> str:
    endpoint = mine.settings.campaign_form_endpoint
    if draft.campaign_ref is not None:
        return url_for(endpoint, channel=draft.channel, campaign_ref=draft.campaign_ref)
    return url_for(endpoint, channel=draft.channel, draft=draft.launch_key)


def _checked(mine: State, target: Target, *, ignore_expiry: bool = False) -> dict[str, str]:
    appended_is_fine = target.door == SEGMENT and mine.settings.launch_base_signature
    try:
        params = doors.checked_query(
            mine,
            target.query,
            at=target.at,
            ignore_expiry=ignore_expiry,
            base_is_enough=appended_is_fine,
        )
        if target.ref and not appended_is_fine:
            raise DeepLinkRefused("The path is not covered by the signature.", reason="unsigned")
    except DeepLinkRefused as refusal:
        _refuse(refusal)
    return wire.with_path(params, target.ref)


def _refuse(refusal: DeepLinkRefused) -> NoReturn:
    reason = refusal.reason
    log.warning("smartpush.link_refused reason=%s", reason)
    if reason == "expired":
        title = _("This link has expired")
        text = _("Links from the Admin are good for ten minutes. Go back and click again.")
    else:
        title = _("This link cannot be trusted")
        text = _("It was changed on the way or does not come from the SHOPLINE Admin. "
                 "Go back to the Admin and click again.")
    friendly(title, text, _STATUS.get(reason, 401))
