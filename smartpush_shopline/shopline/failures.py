"""Which of our errors an answer of SHOPLINE is.

Sources on developer.shopline.com: "HTTP status codes", "Paging mechanism", "API rate limit", "Admin
GraphQL overview" (errors that come with HTTP 200), "App authorization" (`i18nCode`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from requests import Response
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from smartpush_shopline.errors import (
    Gone,
    NotAuthorised,
    ShoplineBusy,
    ShoplineError,
    ShoplineFailing,
    ShoplineRefused,
    UnexpectedPayload,
)

#: Blocked by SHOPLINE's security (attack, rate, CC, policy); hammering on makes it worse.
BLOCKED = frozenset({433, 434, 435, 436})
BLOCKED_SECONDS = 300.0
REFRESH_PAUSE_SECONDS = 60.0
REASONS = {
    401: "not_authorised",
    402: "frozen",
    403: "forbidden",
    404: "gone",
    423: "locked",
    501: "not_available",
}
CODES: Mapping[str, type[ShoplineError]] = {
    # App authorization
    "STORE_NOT_INSTALL_APP": Gone,
    "OAUTH_CODE_INVALID": NotAuthorised,
    "REQUEST_FREQUENTLY": ShoplineBusy,
    "TOKEN_CREATE_EXCEPTION": ShoplineFailing,
    "STORE_INFORMATION_ERROR": ShoplineRefused,
    "APP_AUDIT_NOT_PASS": ShoplineRefused,
    "REQUEST_NOT_IN_APP_IP_WHITELIST": ShoplineRefused,
    # Admin GraphQL
    "ACCESS_TOKEN_INVALID": NotAuthorised,
    "ACCESS_TOKEN_IS_EXPIRED": NotAuthorised,
    "REQUEST_LIMIT_EXCEEDED": ShoplineBusy,
    "TOO_MANY_REQUESTS": ShoplineBusy,
    "DATA_NOT_EXIST": Gone,
    "GROUP_CODE_NOT_EXIST": Gone,
    "REMOTE_ERROR": ShoplineFailing,
    "SYSTEM_ERROR": ShoplineFailing,
    "INNER_FAIL": ShoplineFailing,
    "INTERNAL_ERROR": ShoplineFailing,
    "PARAM_ILLEGAL": ShoplineRefused,
    "GROUP_COUNT_EXCEEDS_LIMIT": ShoplineRefused,
    "GROUP_STATUS_INVALID": ShoplineRefused,
    "GROUP_NAME_EXIST": ShoplineRefused,
}


def error_for(response: Response, status: int | None = None) -> ShoplineError:
    """The error of an HTTP status; `status` overrides it where the body carries another one."""
    status = status or response.status_code
    trace_id, text = trace_id_of(response), error_text(response)
    if status == 429 or status in BLOCKED:
        wait = retry_after(response)
        if status in BLOCKED:
            wait = max(BLOCKED_SECONDS, wait or 0)
        reason = "blocked" if status in BLOCKED else "throttled"
        return ShoplineBusy(
            _said(ShoplineBusy, text),
            retry_after=wait,
            status=status,
            trace_id=trace_id,
            reason=reason,
        )
    kind = _kind(status)
    return kind(_said(kind, text), status=status, trace_id=trace_id, reason=REASONS.get(status))


def error_for_code(response: Response, code: str, text: str = "") -> ShoplineError | None:
    """The error of an `i18nCode` or a GraphQL error code; None for a code we do not know."""
    kind = CODES.get(code)
    if kind is None:
        return None
    error = kind(
        _said(kind, f"{code} {text}".strip()),
        status=response.status_code,
        trace_id=trace_id_of(response),
        reason=code.lower(),
    )
    if isinstance(error, ShoplineBusy):
        known = REFRESH_PAUSE_SECONDS if code == "REQUEST_FREQUENTLY" else None
        error.retry_after = retry_after(response) or known
    return error


def trace_id_of(response: Response) -> str | None:
    """What SHOPLINE's support asks for: a header, in some token answers only in the body."""
    in_body = _body(response).get("traceId")
    return response.headers.get("traceId") or (in_body if isinstance(in_body, str) else None)


def retry_after(response: Response) -> float | None:
    """Seconds from `Retry-After` (a number or a date), None when absent or unreadable."""
    value = response.headers.get("Retry-After")
    try:
        return float(Retry().parse_retry_after(value)) if value else None
    except InvalidHeader:
        return None


def error_text(response: Response) -> str:
    """What the body says: `errors` as text, list or map, else `message`; at most 200 characters."""
    body = _body(response)
    said = body.get("errors") or body.get("message") or ""
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return text[:200]


def _body(response: Response) -> dict[str, object]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _kind(status: int) -> type[ShoplineError]:
    exact: Mapping[int, type[ShoplineError]] = {
        401: NotAuthorised,
        404: Gone,
        501: ShoplineRefused,  # not available for this store; asking again changes nothing
    }
    if status in exact:
        return exact[status]
    if status >= 500:
        return ShoplineFailing
    return ShoplineRefused if status >= 400 else UnexpectedPayload


def _said(kind: type[ShoplineError], text: str) -> str | None:
    """The class's own sentence, followed by SHOPLINE's words."""
    sentence = (kind.__doc__ or "").splitlines()[0].rstrip(".")
    return f"{sentence}: {text}" if text else None
