"""What every call of the store's API passes: store, moods, token, limit, scope.

Also the shape of its answers: JSON with ``traceId``, ``{"errors": "..."}`` when refused.
The exact texts of refusals are not public; the statuses are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from .installs import find_scopes
from .settings import Settings
from .state import Store, World

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


class Buckets:
    """15.2 of the public flow control page: 40 calls may wait, 4 a second leave.

    Per app and store. This one only refuses what would not fit; it does not make anyone wait.
    """

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._size, self._leak, self._monotonic = settings.bucket, settings.leak, monotonic
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}

    def pour(self, store: str, app: str) -> bool:
        """Room for one more call; callers hold the sandbox's lock."""
        if self._size <= 0:
            return True
        now = self._monotonic()
        level, then = self._levels.get((store, app), (0.0, now))
        level = max(0.0, level - (now - then) * self._leak)
        fits = level + 1 <= self._size
        self._levels[store, app] = (level + 1 if fits else level, now)
        return fits


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
    with world().lock:
        status = store().moods.next_failure(request.path)
    if status is not None:
        raise Refusal(status)


def check_token(scope: str | None = None) -> None:
    """Bearer, limit and scope, in this order."""
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    found = find_scopes(store(), bearer.strip()) if kind.lower() == "bearer" else None
    if found is None:
        raise Refusal(401)
    app_key, scopes = found
    with world().lock:
        fits = buckets().pour(store().handle, app_key)
    if not fits:
        raise Refusal(429)
    if scope and scope not in scopes:
        raise Refusal(403, f"This call needs the scope {scope}.")


def check_accept() -> None:
    if request.accept_mimetypes and not request.accept_mimetypes["application/json"]:
        raise Refusal(406)


def answer(body: Any = None, status: int = 200) -> Response:
    text = "" if body is None else json.dumps(body, ensure_ascii=False)
    return Response(text, status, content_type="application/json;charset=UTF-8")


def refuse(refusal: Refusal) -> Response:
    return answer({"errors": str(refusal)}, refusal.status)


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
