"""The short form in which a segment says who is in it: ``orders_count:>1;tags:vip;``.

The public pages show only single terms with a comparison after the colon. Several terms are
joined with ``;`` and all of them must hold. The days form (``last_order_time:<-90d``) is the
sandbox's own, so that a segment can change because time passes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from .model import Customer

EXAMPLES = (
    "orders_count:>1",
    "total_spent:>=20000",
    "tags:wholesale",
    "email_subscribe_flag:1",
    "mobile_subscribe_flag:1",
    "state:3",
    "created_at:>=2026-01-01",
    "last_order_time:<-90d",
    "orders_count:>=3;tags:vip",
)

Test = Callable[[Customer], bool]
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
NUMBERS: dict[str, Callable[[Customer], int]] = {
    "orders_count": lambda customer: customer.orders_count,
    "email_subscribe_flag": lambda customer: customer.email_consent.flag,
    "mobile_subscribe_flag": lambda customer: customer.sms_consent.flag,
    "state": lambda customer: customer.state,
}
HIGHEST = {"email_subscribe_flag": 2, "mobile_subscribe_flag": 2, "state": 3}
MOMENTS: dict[str, Callable[[Customer], datetime | None]] = {
    "created_at": lambda customer: customer.created_at,
    "last_order_time": lambda customer: customer.last_order_at,
}
FIELDS = (*NUMBERS, "total_spent", "tags", *MOMENTS)
DAYS = re.compile(r"-(\d{1,4})d")


class RuleError(ValueError):
    """A rule nobody can evaluate; the text is a sentence for the person who wrote it."""


@dataclass(frozen=True)
class Term:
    field: str
    comparison: str
    value: str

    def __str__(self) -> str:
        return f"{self.field}:{'' if self.comparison == '=' else self.comparison}{self.value}"


@dataclass(frozen=True)
class Rule:
    terms: tuple[Term, ...]

    def __str__(self) -> str:
        """As REST shows it, with the closing semicolon."""
        return "".join(f"{term};" for term in self.terms)

    @property
    def camel_case(self) -> str:
        """As ``customer_groups/*`` webhooks show it: ``ordersCount:>2``."""
        return ";".join(
            re.sub(r"_(\w)", lambda found: found[1].upper(), term.field)
            + str(term).removeprefix(term.field)
            for term in self.terms
        )

    def test(self, now: datetime, zone: ZoneInfo) -> Test:
        """One function that tells of a customer whether the rule holds now."""
        tests = [_test(term, now, zone) for term in self.terms]
        return lambda customer: all(test(customer) for test in tests)


def parse(text: str) -> Rule:
    """Read a rule, or say in a sentence why it is none."""
    terms = tuple(_term(part.strip()) for part in text.split(";") if part.strip())
    if not terms:
        raise RuleError("A rule needs at least one condition, for example orders_count:>1.")
    return Rule(terms)


def _term(text: str) -> Term:
    field, colon, rest = (part.strip() for part in text.partition(":"))
    if field not in FIELDS:
        raise RuleError(f"“{field}” is no field of a rule. The fields are {', '.join(FIELDS)}.")
    comparison = next((sign for sign in OPERATORS if rest.startswith(sign)), "=")
    value = rest.removeprefix(comparison).strip()
    if not colon or not value:
        raise RuleError(f"“{text}” has no value; write it like {_example(field)}.")
    term = Term(field, comparison, value)
    _check(term)
    return term


def _check(term: Term) -> None:
    if term.field == "tags":
        if term.comparison != "=":
            raise RuleError("Tags are compared by name only, like tags:wholesale.")
    elif term.field == "total_spent":
        _money(term)
    elif term.field in NUMBERS:
        _whole(term)
    elif not DAYS.fullmatch(term.value):
        _moment(term)


def _example(field: str) -> str:
    return next(example for example in EXAMPLES if example.startswith(field))


def _money(term: Term) -> Decimal:
    try:
        amount = Decimal(term.value)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise RuleError(f"“{term.value}” is not an amount; write it like {_example(term.field)}.")
    return amount * 100


def _whole(term: Term) -> int:
    if not re.fullmatch(r"\d{1,9}", term.value, re.ASCII):
        example = _example(term.field)
        raise RuleError(f"“{term.value}” is not a whole number; write it like {example}.")
    number = int(term.value)
    if number > HIGHEST.get(term.field, number):
        raise RuleError(f"{term.field} has only the values 0 to {HIGHEST[term.field]}.")
    return number


def _moment(term: Term) -> date | datetime:
    try:
        if len(term.value) == 10:
            return date.fromisoformat(term.value)
        return datetime.fromisoformat(term.value)
    except ValueError:
        raise RuleError(
            f"“{term.value}” is neither a date like 2026-01-31 nor a number of days like -90d."
        ) from None


def _test(term: Term, now: datetime, zone: ZoneInfo) -> Test:
    compare = OPERATORS[term.comparison]
    if term.field == "tags":
        wanted = {tag.strip() for tag in term.value.split(",")}
        return lambda customer: not wanted.isdisjoint(customer.tags)
    if term.field == "total_spent":
        amount = _money(term)
        return lambda customer: compare(customer.spent, amount)
    if term.field in NUMBERS:
        read, number = NUMBERS[term.field], _whole(term)
        return lambda customer: compare(read(customer), number)
    return _moment_test(term, compare, now, zone)


def _moment_test(
    term: Term, compare: Callable[[Any, Any], bool], now: datetime, zone: ZoneInfo
) -> Test:
    """Days are calendar days of the store: such a segment changes at the store's midnight.

    Somebody who never ordered has no last order, so no condition on its time holds.
    """
    read = MOMENTS[term.field]
    limit: date | datetime
    if days := DAYS.fullmatch(term.value):
        limit = now.astimezone(zone).date() - timedelta(days=int(days[1]))
    else:
        limit = _moment(term)
    if isinstance(limit, datetime):
        instant = limit if limit.tzinfo else limit.replace(tzinfo=zone)
        return lambda customer: (at := read(customer)) is not None and compare(at, instant)
    return lambda customer: (
        (at := read(customer)) is not None and compare(at.astimezone(zone).date(), limit)
    )
