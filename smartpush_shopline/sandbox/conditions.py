"""A rule as the Admin keeps it and GraphQL shows it: a JSON text of nested conditions.

Source: developer.shopline.com, "Customer segment conditions". The page's tables of keys and
operators are not public in full; those without a known name have one of the sandbox's own.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from .rules import Rule, RuleError, Term, parse

KEYS = {
    "orders_count": "payOrderCnt",
    "total_spent": "totalAmount",
    "last_order_time": "lastOrderTime",
    "created_at": "createTime",
    "email_subscribe_flag": "emailSubscribeStatus",
    "mobile_subscribe_flag": "phoneSubscribeStatus",
    "state": "status",
    "tags": "tag",
}
FIELDS = {key: field for field, key in KEYS.items()}
OPERATORS = {"=": "IN", ">": "GT", "<": "LT", ">=": "GTE", "<=": "LTE"}
SIGNS = {word: sign for sign, word in OPERATORS.items()} | {"EQ": "="}


def as_json(rule: str) -> str:
    """The short form in the Admin's notation."""
    children = [_condition(term) for term in parse(rule).terms]
    tree = {"conditions": {"type": 1, "relation": "AND", "children": children}, "not": {}}
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> str:
    """The short form of a rule that comes in either notation; a ``RuleError`` if it is neither."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        tree = json.loads(text)
        children = tree["conditions"].get("children", [])
        if tree["conditions"].get("relation", "AND") != "AND" or tree.get("not"):
            raise RuleError("The sandbox reads conditions that must all hold, and none excluded.")
        return str(Rule(parse(";".join(_short(each) for each in children)).terms))
    except (ValueError, LookupError, TypeError, AttributeError, InvalidOperation) as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError("This is not a tree of conditions.") from None


def _condition(term: Term) -> dict[str, Any]:
    kind = {"tags": "TAG", "total_spent": "PRICE"}.get(term.field, "ENUM")
    kind = "DATE" if term.field in ("created_at", "last_order_time") else kind
    told = json.dumps({"operatorType": "EQ", "componentType": kind}, separators=(",", ":"))
    return {
        "type": 0,
        "metafield": False,
        "mfType": None,
        "key": KEYS[term.field],
        "value": _values(term),
        "operator": OPERATORS[term.comparison],
        "extInfo": told,
    }


def _values(term: Term) -> list[Any]:
    if term.field == "total_spent":
        return [int(Decimal(term.value) * 100)]
    if term.field == "tags":
        return [tag.strip() for tag in term.value.split(",")]
    return [int(term.value)] if re.fullmatch(r"\d{1,9}", term.value, re.ASCII) else [term.value]


def _short(condition: dict[str, Any]) -> str:
    field, values = FIELDS[condition["key"]], [str(each) for each in condition["value"]]
    if field == "total_spent":
        values = [str(Decimal(each) / 100) for each in values]
    sign = SIGNS[condition["operator"]]
    return f"{field}:{'' if sign == '=' else sign}{','.join(values)}"
