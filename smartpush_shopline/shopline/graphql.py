"""The envelope of an Admin GraphQL answer: data, errors that come with HTTP 200, cost.

Source: developer.shopline.com, Admin GraphQL overview and "API rate limit".
"""

from __future__ import annotations

import json

from requests import Response

from smartpush_shopline.errors import (
    NotAuthorised,
    ShoplineBusy,
    ShoplineError,
    ShoplineRefused,
    UnexpectedPayload,
)
from smartpush_shopline.shopline.failures import error_for, error_for_code, trace_id_of
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.pace import Cost
from smartpush_shopline.shopline.transport import Answer
from smartpush_shopline.shopline.values import parse_money, parse_text

TOO_DEEP = "too_deep"
#: Which of several errors says best what to do next.
TELLING = (NotAuthorised, ShoplineBusy)


def data_of(response: Response) -> Fields:
    """`data` of an answer without errors; else the error, whatever the HTTP status."""
    fields = _fields(response)
    error = _refusal(fields, response) if fields else None
    if response.status_code >= 300:
        status_error = error_for(response)
        raise error if isinstance(error, TELLING) else status_error
    if error is not None:
        raise error
    return Answer(response).read(lambda body: body.required("data"))


def cost_of(response: Response) -> Cost | None:
    """`extensions.cost`, which is optional: what cannot be read there is as good as absent."""
    fields = _fields(response)
    try:
        cost = fields and _down(fields, "extensions", "cost")
        status = cost and cost.inner("throttleStatus")
        if not cost or not status:
            return None
        asked = cost.read(parse_money, "requestedQueryCost")
        took = cost.read(parse_money, "actualQueryCost")
        available, maximum, rate = (
            status.read(parse_money, name)
            for name in ("currentlyAvailable", "maximumAvailable", "restoreRate")
        )
    except UnexpectedPayload:
        return None
    if available is None or rate is None or rate <= 0:
        return None
    points = asked if asked is not None else took
    most = maximum if maximum is not None else available
    return Cost(float(points or 0), float(available), float(most), float(rate))


def _down(fields: Fields, *names: str) -> Fields | None:
    found: Fields | None = fields
    for name in names:
        found = found and found.inner(name)
    return found


def _fields(response: Response) -> Fields | None:
    """The body if it is an object; whoever needs it complains when it is not."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return Fields(body) if isinstance(body, dict) else None


def _refusal(fields: Fields, response: Response) -> ShoplineError | None:
    """The most telling of `errors`, which REST-like refusals spell as a text."""
    said = fields.data.get("errors")
    if isinstance(said, str) and response.status_code < 300:
        return _unnamed(response, said)
    rows = fields.data.get("errors")
    if not isinstance(rows, list) or not rows:
        return None
    errors = [_error(row, response) for row in rows]
    return next((error for error in errors if isinstance(error, TELLING)), errors[0])


def _error(row: object, response: Response) -> ShoplineError:
    """One error; its shape is not worth another error, so every part is optional."""
    fields = Fields(row if isinstance(row, dict) else {})
    extensions = fields.data.get("extensions")
    inside = Fields(extensions if isinstance(extensions, dict) else {})
    text, code = _word(fields, "message")[:200], _word(inside, "code")
    classification = _word(inside, "classification") or _word(fields, "classification")
    known = error_for_code(response, code, text)
    if known is not None:
        return known
    too_deep = "query depth exceeded" in text and classification in ("", "ExecutionAborted")
    return _unnamed(response, text or code, TOO_DEEP if too_deep else code.lower() or None)


def _unnamed(response: Response, text: str, reason: str | None = None) -> ShoplineRefused:
    return ShoplineRefused(
        f"SHOPLINE refused the query: {text[:200]}",
        status=response.status_code,
        trace_id=trace_id_of(response),
        reason=reason,
    )


def _word(fields: Fields, name: str) -> str:
    try:
        return fields.read(parse_text, name) or ""
    except UnexpectedPayload:
        return ""
