"""What every call of the store's API passes: store, moods, token, limit, scope.

Also the shape of its answers: JSON with ``traceId``, ``{"errors": "..."}`` when refused.
The exact texts of refusals are not public; the statuses are.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from .bucket import Buckets
from .installs import find_scopes
from .moods import Moods
from .state import Store, World
from .twists import twist

TEXTS = {
    400: "Bad request",
    401: "The access token is missing, wrong or expired.",
    402: "Store has been frozen or closed",
    403: "The app has no permission for this call.",
    404: "Not Found",
    405: "Method not allowed",
    406: "Not acceptable: this API answers application/json.",
    423: "The store is locked.",
    429: "Too many request",
    500: "system error",
    503: "Service unavailable",
    504: "Gateway time-out",
}


class Refusal(Exception):
    """The call is answered with this status and ``{"errors": text}``."""

    def __init__(self, status: int, text: str | None = None) -> None:
        super().__init__(text or TEXTS.get(status, "Error"))
        self.status = status


def world() -> World:
    found: World = current_app.extensions["sandbox"]
    return found


def buckets() -> Buckets:
    found: Buckets = current_app.extensions["sandbox_buckets"]
    return found


def store() -> Store:
    """The store of this request; set by ``enter``."""
    found: Store = g.store
    return found


def enter() -> None:
    """Find the store named in the path."""
    handle = request.view_args.pop("handle") if request.view_args else ""
    found = world().find_store(handle)
    if found is None:
        raise Refusal(404, "There is no store at this address.")
    g.store = found


def check_origin() -> None:
    """No page of another site may send forms here; scripts name no origin at all."""
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
        raise Refusal(403, "This form was sent from another site.")


def check_moods() -> None:
    moods = store().moods
    with world().lock:
        status = moods.next_failure(request.path)
    if moods.slow:
        world().sleep(float(moods.slow))
    if status is not None:
        raise Refusal(status)


def check_token(scope: str | None = None) -> None:
    """Bearer, limit and scope, in this order."""
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    found = find_scopes(store(), bearer.strip()) if kind.lower() == "bearer" else None
    if found is None:
        raise Refusal(401)
    app_key, g.scopes = found
    _wait_for_turn(app_key)
    if scope:
        check_scope(scope)


def check_scope(scope: str) -> None:
    if scope not in g.scopes:
        raise Refusal(403, f"This call needs the scope {scope}.")


def _wait_for_turn(app_key: str) -> None:
    how = store().moods.bucket
    if how == "off":
        return
    with world().lock:
        wait = buckets().pour(store().handle, app_key)
        g.level = f"{buckets().level(store().handle, app_key)}/{buckets().size}"
    if wait is None:
        raise Refusal(429)
    if wait and how == "queues":
        world().sleep(wait)


def check_accept() -> None:
    if request.accept_mimetypes and not request.accept_mimetypes["application/json"]:
        raise Refusal(406)


def answer(body: Any = None, status: int = 200, plain: bool = False) -> Response:
    """JSON; unless it is ``plain``, in the spelling that the store's moods want."""
    moods = moods_here()
    told = body if plain or moods is None else twist(body, moods)
    text = "" if body is None else json.dumps(told, ensure_ascii=False)
    response = Response(text, status, content_type="application/json;charset=UTF-8")
    if moods and moods.quota_headers != "absent":
        _tell_limit(response, moods)
    return response


def _tell_limit(response: Response, moods: Moods) -> None:
    """What headers there are is not public; these are the usual ones of such platforms."""
    if response.status_code == 429:
        response.headers["Retry-After"] = "1"
    if moods.quota_headers == "counted" and "level" in g:
        response.headers["X-Shopline-Shop-Api-Call-Limit"] = g.level


def moods_here() -> Moods | None:
    """The moods of this request's store, if it has one."""
    found: Store | None = g.get("store")
    return found.moods if found else None


def refuse(refusal: Refusal) -> Response:
    """``{"errors": "..."}``; for 401 and 403 as the moods have it."""
    moods, status, text = moods_here(), refusal.status, str(refusal)
    form = moods.refusal_body if moods and status in (401, 403) else "errors"
    bodies: dict[str, Any] = {
        "list": {"errors": [text]},
        "code": {"code": str(status), "message": text},
        "empty": None,
    }
    return answer(bodies.get(form, {"errors": text}), status)


def refuse_http(error: HTTPException) -> Response:
    status = error.code or 500
    return answer({"errors": TEXTS.get(status, error.name)}, status)


def sent(envelope: str) -> dict[str, Any]:
    """The object in the body: ``{"customer": {...}}``."""
    body = json_body()
    inner = body.get(envelope) if isinstance(body, dict) else None
    if not isinstance(inner, dict):
        raise Refusal(400, f"The body must be a JSON object with “{envelope}”.")
    return inner


def json_body() -> Any:
    if request.mimetype != "application/json":
        raise Refusal(400, "The content type must be application/json.")
    try:
        return json.loads(request.get_data())
    except ValueError:
        raise Refusal(400, "The body is not JSON.") from None
