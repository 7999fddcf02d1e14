"""The signed doors from the SHOPLINE Admin. None of them logs anyone in."""

from __future__ import annotations

from typing import NoReturn

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ..audiences.models import Audience
from ..errors import ConfigurationError, DeepLinkRefused, NotFound, ShoplineError
from ..i18n import gettext as _
from ..shopline import OAuth
from ..shops import install
from ..shops.finding import own_shop
from ..shops.models import PENDING, UNINSTALLED, Shop
from ..web import State, friendly, state
from . import connecting, doors, opening

blueprint = Blueprint("launch", __name__)


@blueprint.get("/shopline")
def app_url() -> BaseResponse:
    """What the Admin opens, at install and at every later visit."""
    mine = state()
    params = _checked(mine)
    app_key, handle = params["appkey"], params["handle"]
    with mine.database.read() as session:
        shop = install.find_shop(session, app_key, handle)
    if shop is not None and _is_installed(mine, shop):
        return redirect(url_for("smartpush.overview.index"))
    store = OAuth(mine.settings.store_url(handle), app_key, mine.settings.apps[app_key][0])
    back = mine.settings.address("/shopline/callback")
    return redirect(
        store.authorize_url(mine.settings.scopes, back, doors.new_install_state(handle))
    )


def _is_installed(mine: State, shop: Shop) -> bool:
    granted = set(shop.scopes.split(","))
    alive = shop.token is not None and shop.status not in (UNINSTALLED, "needs_authorisation")
    return alive and granted >= set(mine.settings.scopes)


@blueprint.get("/shopline/callback")
@blueprint.get("/shopline/api/auth/callback")
@blueprint.get("/api/auth/callback")
def callback() -> BaseResponse:
    """Keep the token and answer at once; everything else happens in the background."""
    mine = state()
    params = _checked(mine)
    ours = doors.began_here(params["handle"], params.get("customField"))
    try:
        connecting.receive_install(
            mine, params["appkey"], params["handle"], params.get("code", ""), ours=ours
        )
    except ShoplineError as error:
        friendly(
            _("The store could not be connected"),
            _("SHOPLINE did not confirm the installation: %(error)s", error=error),
            502,
        )
    target = url_for("smartpush.overview.index")
    if "proxyDomain" in params:  # the Admin's proxy wants JSON instead of a redirect
        return jsonify(redirect=mine.settings.public_url.rstrip("/") + target)
    return redirect(target)


@blueprint.post("/connect/<int:shop_id>")
def connect(shop_id: int) -> BaseResponse:
    """A person takes a store that installed the app into the dashboard."""
    mine = state()
    with mine.database.begin() as session:
        shop = own_shop(session, shop_id, "connect")
        was_pending = shop.status == PENDING
        if was_pending:
            connecting.connect(session, shop, mine.now())
    if was_pending:
        connecting.announce(mine, shop.card)
    return redirect(url_for("smartpush.overview.index"), 303)


@blueprint.get("/launch/segment")
def segment() -> BaseResponse:
    """Create Campaign on a customer segment."""
    mine = state()
    params = _checked(mine, ignore_expiry=True)
    shop = _own_store(mine, params)
    with mine.database.read() as session:
        draft = opening.find_draft(session, opening.launch_key(params))
    if draft is None:
        _checked(mine)  # an old link opens what it once made, but makes nothing any more
        draft = _open(mine, shop, params)
    return redirect(_form_address(mine, draft))


def _own_store(mine: State, params: dict[str, str]) -> Shop:
    with mine.database.read() as session:
        shop = install.find_shop(session, params["appkey"], params["handle"])
    if shop is None or shop.status in (PENDING, UNINSTALLED):
        _sign_in_first(mine) if not mine.may("view", None) else friendly(
            _("This store is not connected"),
            _("Open the app in the SHOPLINE Admin, under Apps, to connect the store first."),
            404,
        )
    elif mine.may("choose", shop.card):
        return shop
    _sign_in_first(mine)


def _sign_in_first(mine: State) -> NoReturn:
    """The link stays good while the person signs in; `next` is this very path, never another."""
    login = mine.settings.login_endpoint
    friendly(
        _("Sign in to go on"),
        _("Your campaign opens after you sign in with an account that may use this store."),
        403,
        action_label=_("Sign in") if login else None,
        action_url=url_for(login, next=request.full_path) if login else None,
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
    except ShoplineError as error:
        friendly(
            _("The segment could not be looked up"),
            _("SHOPLINE did not answer properly: %(error)s Try again in a minute.", error=error),
            502,
        )


def _form_address(mine: State, draft: Audience) -> str:
    endpoint = mine.settings.campaign_form_endpoint
    if not endpoint:
        raise ConfigurationError("SMARTPUSH_CAMPAIGN_FORM_ENDPOINT names the campaign form.")
    if draft.campaign_ref is not None:
        return url_for(endpoint, channel=draft.channel, campaign_ref=draft.campaign_ref)
    return url_for(endpoint, channel=draft.channel, draft=draft.launch_key)


def _checked(mine: State, *, ignore_expiry: bool = False) -> dict[str, str]:
    try:
        return doors.checked_query(
            mine, request.query_string, request.args.get("appkey"), ignore_expiry=ignore_expiry
        )
    except DeepLinkRefused as refusal:
        mine.app.logger.warning("smartpush.link_refused reason=%s", refusal.reason)
        _refuse(refusal.reason)


def _refuse(reason: str) -> NoReturn:
    if reason == "expired":
        friendly(
            _("This link has expired"),
            _("Links from the Admin are good for ten minutes. Go back and click again."),
            403,
        )
    friendly(
        _("This link cannot be trusted"),
        _("It was changed on the way or does not come from the SHOPLINE Admin. "
          "Go back to the Admin and click again."),
        401,
    )


