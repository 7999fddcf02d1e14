"""A part of the Admin GraphQL API: segments, their members, memberships, and the shop.

As developer.shopline.com describes them. Business errors come with HTTP 200; aliases and several
fields in one query work; a query nested deeper than 13 is refused.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from . import door, gql
from .door import Refusal, answer, store
from .graph_errors import GraphError
from .graph_fields import FIELDS, MUTATIONS
from .people import Invalid
from .state import Unknown

graphql = Blueprint("graphql", __name__, url_prefix="/<handle>/admin/graph/<version>")

DEEPEST = 13
BUDGET = 1_000


@graphql.before_request
def _gate() -> None:
    door.enter()
    if request.view_args:
        request.view_args.pop("version")
    door.check_moods()
    door.check_token("read_customers")


@graphql.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    """A status, or 200 with a code in the body: which of them is an open question."""
    moods = door.moods_here()
    codes = {401: "ACCESS_TOKEN_INVALID", 429: "TOO_MANY_REQUESTS"}
    if moods and moods.graphql_refusals == "body" and refusal.status in codes:
        return _failed(GraphError(codes[refusal.status], str(refusal), ""))
    return door.refuse(refusal)


@graphql.errorhandler(GraphError)
def _failed(error: GraphError) -> Response:
    told: dict[str, Any] = {
        "message": str(error),
        "extensions": {"code": error.code},
        "locations": [{"line": 1, "column": 2}],
        "path": [error.field] if error.field else [],
    }
    if error.classification:
        told["extensions"] = {"classification": error.classification}
    return answer({"data": None, "errors": [told]}, plain=True)


@graphql.post("/graphql.json")
def run() -> Response:
    body = door.json_body()
    given = body if isinstance(body, dict) else {}
    fields = _read(given)
    deepest = max((each.depth for each in fields), default=0)
    if deepest > DEEPEST:
        text = f"maximum query depth exceeded {deepest} > {DEEPEST}"
        raise GraphError("", text, "", "ExecutionAborted")
    told: dict[str, Any] = {"data": {each.alias: _resolve(each) for each in fields}}
    if store().moods.graphql_cost == "told":
        told["extensions"] = {"cost": _cost(fields)}
    return answer(told, plain=True)


def _read(given: dict[str, Any]) -> list[gql.Field]:
    variables = given.get("variables")
    try:
        return gql.read(
            str(given.get("query", "")),
            variables if isinstance(variables, dict) else {},
            str(given.get("operationName") or ""),
        )
    except ValueError as error:
        raise GraphError("PARAM_ILLEGAL", str(error), "", "InvalidSyntax") from None


def _resolve(field: gql.Field) -> Any:
    resolve = FIELDS.get(field.name)
    if resolve is None:
        raise GraphError("PARAM_ILLEGAL", f"The sandbox does not serve “{field.name}”.", field.name)
    if field.name in MUTATIONS:
        door.check_scope("write_customers")
    try:
        return gql.choose(resolve(field.arguments), field.fields)
    except KeyError as error:
        text = f"Field {error} is undefined below “{field.name}”."
        raise GraphError("PARAM_ILLEGAL", text, field.name, "ValidationError") from None
    except (Unknown, Invalid) as error:
        raise GraphError("DATA_NOT_EXIST", str(error), field.name) from None


def _cost(fields: list[gql.Field]) -> dict[str, Any]:
    """Numbers of the sandbox's own: those of the platform are not public."""
    cost = sum(each.depth * 2 for each in fields)
    left = {"maximumAvailable": BUDGET, "currentlyAvailable": BUDGET - cost, "restoreRate": 50}
    return {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": left}
