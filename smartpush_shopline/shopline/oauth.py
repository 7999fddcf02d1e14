"""From an install to a token. Source: developer.shopline.com, "App authorization".

There is no refresh token: the app's signature alone authorises a refresh. Refuses with `Gone` when
the app is not installed, `NotAuthorised` for a used or expired code, `ShoplineBusy` when asked too
often, else as `failures.error_for` says. The transport repeats no token call that was sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import quote

import requests

from smartpush_shopline.errors import ShoplineError, ShoplineRefused
from smartpush_shopline.shopline.failures import error_for, error_for_code, trace_id_of
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.models import Token
from smartpush_shopline.shopline.pace import Pace
from smartpush_shopline.shopline.parsing import parse_token
from smartpush_shopline.shopline.signing import sign_body
from smartpush_shopline.shopline.transport import Answer, checked, json_bytes, new_session, send
from smartpush_shopline.shopline.values import EPOCH, parse_text


class OAuth:
    """The authorization of one app at one store; `base_url` is the store's address."""

    def __init__(
        self,
        base_url: str,
        app_key: str,
        secret: str,
        http: requests.Session | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._app_key = app_key
        self._secret = secret
        self._http = http or new_session(retries=0)  # a browser is waiting
        self._pace = pace or Pace.reserved()

    def authorize_url(
        self, scopes: Iterable[str], redirect_uri: str, custom_field: str | None = None
    ) -> str:
        """Where the browser asks the merchant. `custom_field` comes back in the callback.

        Keep it to `[A-Za-z0-9_.-]`, so that every way of signing the callback agrees.
        """
        asked = {
            "appKey": self._app_key,
            "responseType": "code",
            "scope": ",".join(scopes),
            "redirectUri": redirect_uri,
            "customField": custom_field or "",
        }
        query = "&".join(
            f"{name}={quote(value, safe=',' if name == 'scope' else '')}"
            for name, value in asked.items()
            if value
        )
        return f"{self._base_url}/admin/oauth-web/#/oauth/authorize?{query}"

    def create_token(self, code: str, now: datetime) -> Token:
        """Exchange the callback's code, which lives ten minutes and works once."""
        return self._token("create", json_bytes({"code": code}), now)

    def refresh_token(self, now: datetime) -> Token:
        """A new token; the old one lives five more minutes."""
        return self._token("refresh", b"", now)

    def _token(self, verb: str, body: bytes, now: datetime) -> Token:
        timestamp = str((now - EPOCH) // timedelta(milliseconds=1))
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "appkey": self._app_key,
            "timestamp": timestamp,
            "sign": sign_body(body, timestamp, self._secret),
        }
        url = f"{self._base_url}/admin/oauth/token/{verb}"
        self._pace.wait()
        response = send(self._http, "POST", url, data=body, headers=headers)
        return self._read(response, now)

    def _read(self, response: requests.Response, now: datetime) -> Token:
        refusal = _refusal(response)
        if refusal is not None:
            raise refusal
        return checked(response).read(lambda fields: parse_token(fields.data, now))


def _refusal(response: requests.Response) -> ShoplineError | None:
    """The body's verdict: success is HTTP 2xx and `code` 200, and `i18nCode` names the rest."""
    try:
        body = Answer(response).fields()
    except ShoplineError:
        return None
    code, status = _word(body, "code"), response.status_code
    if status < 300 and code == "200":
        return None
    name = _word(body, "i18nCode")
    known = error_for_code(response, name, _word(body, "message"))
    return known or _unnamed(response, code, name)


def _unnamed(response: requests.Response, code: str, name: str) -> ShoplineError:
    if response.status_code >= 300:
        return error_for(response)
    if code.isdecimal() and 400 <= int(code) < 600:
        return error_for(response, int(code))
    message = f"SHOPLINE refused the token call: {name or code or 'no code'}"
    return ShoplineRefused(
        message,
        status=response.status_code,
        trace_id=trace_id_of(response),
        reason=name.lower() or None,
    )


def _word(body: Fields, name: str) -> str:
    try:
        return body.read(parse_text, name) or ""
    except ShoplineError:
        return ""
