"""The one GraphQL question we ask, and errors that come with HTTP 200.

Source: developer.shopline.com, Admin GraphQL overview and query `customerSegmentMembers`.
"""

from __future__ import annotations

from requests import Response

from smartpush_shopline.errors import ShoplineError, ShoplineRefused
from smartpush_shopline.shopline.failures import error_for_code
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.values import parse_required_count, parse_text

MEMBER_COUNT = (
    "query MemberCount($id: ID, $timezone: String) {"
    " customerSegmentMembers(segmentId: $id, timezone: $timezone, first: 1) { totalCount } }"
)


def member_count(body: Fields, response: Response) -> int:
    """`data.customerSegmentMembers.totalCount`"""
    refuse_errors(body, response)
    members = body.required("data").required("customerSegmentMembers")
    return members.read(parse_required_count, "totalCount")


def refuse_errors(body: Fields, response: Response) -> None:
    """Raise the first of `errors`, if there are any."""
    for row, path in body.rows("errors"):
        raise _error(Fields.of(row, path), response)


def _error(fields: Fields, response: Response) -> ShoplineError:
    text = fields.read(parse_text, "message") or ""
    extensions = fields.inner("extensions")
    code = (extensions.read(parse_text, "code") if extensions else None) or ""
    known = error_for_code(response, code, text[:200])
    return known or ShoplineRefused(
        f"SHOPLINE refused the query: {text[:200] or code}", reason=code.lower() or None
    )
