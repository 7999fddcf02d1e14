"""A small part of the Admin GraphQL API: fixed shapes, chosen by the operation's first field.

Serves ``segments`` and ``customerSegmentMembers`` as developer.shopline.com describes them.
Business errors come with HTTP 200.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from . import door, groups, wire
from .door import Refusal, answer, store
from .model import Consent, Customer, Segment
from .state import Unknown

graphql = Blueprint("graphql", __name__, url_prefix="/<handle>/admin/graph/<version>")

STATES = ("UNSUBSCRIBED", "SUBSCRIBED", "NOT_SUBSCRIBED", "PENDING")
HIGHEST = 100


class GraphError(Exception):
    def __init__(self, code: str, message: str, field: str) -> None:
        super().__init__(message)
        self.code, self.field = code, field


@graphql.before_request
def _gate() -> None:
    door.enter()
    if request.view_args:
        request.view_args.pop("version")
    door.check_moods()
    door.check_token("read_customers")


@graphql.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return door.refuse(refusal)


@graphql.errorhandler(GraphError)
def _failed(error: GraphError) -> Response:
    told = {
        "message": str(error),
        "extensions": {"code": error.code},
        "locations": [{"line": 1, "column": 2}],
        "path": [error.field],
    }
    return answer({"data": None, "errors": [told]})


@graphql.post("/graphql.json")
def run() -> Response:
    body = door.json_body()
    query = str(body.get("query", "")) if isinstance(body, dict) else ""
    field, arguments = _operation(query, body.get("variables") if query else None)
    if field == "customerSegmentMembers":
        return answer({"data": {field: _members(arguments)}})
    if field == "segments":
        return answer({"data": {field: _segments(arguments)}})
    raise GraphError("PARAM_ILLEGAL", f"The sandbox does not serve “{field}”.", field)


def _operation(query: str, variables: Any) -> tuple[str, dict[str, Any]]:
    """The first field inside the outer braces and its arguments, with variables filled in."""
    found = re.search(r"\{\s*(\w+)\s*(?:\(([^)]*)\))?", query)
    if found is None:
        return "", {}
    given = variables if isinstance(variables, dict) else {}
    pairs = re.findall(r'(\w+)\s*:\s*("(?:[^"\\]|\\.)*"|\$?[\w.-]+)', found[2] or "")
    arguments = {}
    for name, value in pairs:
        arguments[name] = given.get(value[1:]) if value[0] == "$" else value.strip('"')
    return found[1], arguments


def _members(arguments: dict[str, Any]) -> wire.Json:
    field = "customerSegmentMembers"
    ref = str(arguments.get("segmentId") or "").rpartition("/")[2]
    try:
        segment = groups.get(store(), ref)
    except Unknown:
        raise GraphError("DATA_NOT_EXIST", "There is no such segment.", field) from None
    members = store().members(segment)
    return {"totalCount": len(members), **_connection(members, arguments, field, _member)}


def _segments(arguments: dict[str, Any]) -> wire.Json:
    rows = store().segments.all()
    if arguments.get("sortKey") == "LAST_EDIT_DATE":
        rows.sort(key=lambda segment: segment.updated_at)
    if str(arguments.get("reverse")).lower() == "true":
        rows.reverse()
    connection = _connection(rows, arguments, "segments", _segment)
    return {**connection, "nodes": [edge["node"] for edge in connection["edges"]]}


def _connection(rows: Sequence[Any], arguments: dict[str, Any], field: str, show: Any) -> wire.Json:
    first, after = str(arguments.get("first") or 50), str(arguments.get("after") or "0")
    if not first.isdigit() or not 1 <= int(first) <= HIGHEST:
        raise GraphError("PARAM_ILLEGAL", f"first is a number from 1 to {HIGHEST}.", field)
    start = int(after.removeprefix("c")) if after.removeprefix("c").isdigit() else 0
    part = rows[start : start + int(first)]
    edges = [
        {"cursor": f"c{number}", "node": show(row)} for number, row in enumerate(part, start + 1)
    ]
    info = {
        "hasNextPage": start + len(part) < len(rows),
        "hasPreviousPage": start > 0,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
    return {"pageInfo": info, "edges": edges}


def _segment(segment: Segment) -> wire.Json:
    return {
        "id": segment.id,
        "name": segment.name,
        "query": segment.rule,
        "creationDate": wire.local(segment.created_at, store().info.zone),
        "lastEditDate": wire.local(segment.updated_at, store().info.zone),
    }


def _member(customer: Customer) -> wire.Json:
    info = store().info
    email, phone = customer.email, customer.phone
    return {
        "id": f"gid://shopline/Customer/{customer.id}",
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "displayName": customer.display_name,
        "note": customer.note,
        "numberOfOrders": customer.orders_count,
        "amountSpent": {"amount": wire.money(customer.spent), "currencyCode": info.currency},
        "defaultEmailAddress": _channel("emailAddress", email, customer.email_consent),
        "defaultPhoneNumber": _channel("phoneNumber", phone, customer.sms_consent),
    }


def _channel(name: str, value: str, consent: Consent) -> wire.Json | None:
    return {name: value, "marketingState": STATES[consent.state]} if value else None
