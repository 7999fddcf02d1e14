"""How an app gets into a store: the authorize page, the way back, and the token calls.

Source: developer.shopline.com, "App authorization".
"""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from . import door, installs, signing, wire
from .door import Refusal, answer, store, world
from .installs import OAuthError
from .model import Token

oauth = Blueprint("oauth", __name__, url_prefix="/<handle>/admin")

WINDOW = timedelta(minutes=10)


@oauth.before_request
def _gate() -> None:
    door.enter()
    door.check_origin()
    if "/oauth/token/" in request.path:
        door.check_moods()


@oauth.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return door.refuse(refusal)


@oauth.errorhandler(OAuthError)
def _denied(error: OAuthError) -> Response:
    """The status and number that go with the words are not public; the words are."""
    body = {"code": 500, "i18nCode": error.i18n_code, "message": str(error), "data": None}
    return answer(body, int(store().moods.oauth_status))


@oauth.get("/oauth-web/")
def authorize() -> str:
    """The query stands behind the fragment, so only the browser sees it; a script reads it."""
    return render_template("authorize.html", store=store())


@oauth.post("/oauth-web/allow")
def allow() -> AnyResponse | tuple[str, int]:
    settings, form = world().settings, request.form
    address = form.get("redirectUri", "")
    if form.get("appKey") != settings.app_key:
        return _problem("APP_NOT_EXIST", "No app with this key is known here.")
    if address not in settings.redirect_uris:
        text = f"“{address}” is none of the app's callback addresses."
        return _problem("REDIRECT_URI_NOT_WHITELISTED", text, settings.redirect_uris)
    scope = ",".join(part.strip() for part in form.get("scope", "").split(",") if part.strip())
    if not re.fullmatch(r"[a-z_]+(,[a-z_]+)*", scope):
        return _problem("SCOPE_INVALID", "The app asks for no permission that exists.")
    params = {
        "appkey": settings.app_key,
        "code": installs.issue_code(store(), scope),
        "handle": store().handle,
        "timestamp": timestamp(),
    }
    if form.get("customField"):
        params["customField"] = form["customField"]
    values = store().moods.query_sign
    return redirect(signing.signed_address(settings.app_secret, address, params, values))


@oauth.post("/oauth/token/create")
def create_token() -> Response:
    app_key = _signed()
    sent = door.json_body()
    code = sent.get("code") if isinstance(sent, dict) else None
    return _token(installs.redeem_code(store(), str(code), app_key))


@oauth.post("/oauth/token/refresh")
def refresh_token() -> Response:
    return _token(installs.refresh(store(), _signed()))


def timestamp() -> str:
    return str(int(world().now().timestamp() * 1000))


def _signed() -> str:
    """The app key of a rightly signed call: HMAC over the raw body and the timestamp."""
    settings, headers = world().settings, request.headers
    moment = headers.get("timestamp", "")
    expected = signing.sign_body(settings.app_secret, request.get_data(), moment)
    if headers.get("appkey") != settings.app_key:
        raise Refusal(401, "No app with this key is known here.")
    if not signing.same(headers.get("sign", ""), expected):
        raise Refusal(401, "The signature does not fit the body and the timestamp.")
    age = abs(int(timestamp()) - int(moment)) if re.fullmatch(r"\d{1,15}", moment) else None
    if age is None or age > WINDOW.total_seconds() * 1000:
        raise Refusal(401, "The timestamp is not within ten minutes of now.")
    return settings.app_key


def _token(token: Token) -> Response:
    body: wire.Json = {"code": 200, "i18nCode": "SUCCESS", "message": ""}
    return answer({**body, "data": installs.show_token(token, store().moods)})


def _problem(word: str, text: str, allowed: tuple[str, ...] = ()) -> tuple[str, int]:
    page = render_template(
        "problem.html", store=store(), nav="apps", word=word, text=text, allowed=allowed
    )
    return page, 400
