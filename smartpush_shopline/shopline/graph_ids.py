"""Bare or global ids for GraphQL, which the public pages do not settle for segments.

Source: developer.shopline.com, Admin GraphQL overview (`gid://shopline/{Object}/{id}`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from smartpush_shopline.errors import ShoplineRefused

T = TypeVar("T")
Form = Callable[[str], str]

#: Refusals that may only mean that an id was given in the other form.
UNKNOWN_ID = frozenset({"gone", "data_not_exist", "group_code_not_exist", "param_illegal"})
GLOBAL_FIRST = frozenset({"Customer"})


class IdForms:
    """Keeps the form in which each kind of id was understood."""

    def __init__(self) -> None:
        self._worked: dict[str, Form] = {}

    def either(self, kind: str, ask: Callable[[Form], T]) -> T:
        """Ask in the usual form and, if that id is unknown, in the other one."""
        if kind in self._worked:
            return ask(self._worked[kind])
        usual, other = _forms(kind)
        try:
            answer, worked = ask(usual), usual
        except ShoplineRefused as refused:
            if refused.reason not in UNKNOWN_ID:
                raise
            answer, worked = self._other(ask, other, refused), other
        self._worked[kind] = worked
        return answer

    def _other(self, ask: Callable[[Form], T], form: Form, refused: ShoplineRefused) -> T:
        try:
            return ask(form)
        except ShoplineRefused as again:
            raise (refused if again.reason in UNKNOWN_ID else again) from None


def _forms(kind: str) -> tuple[Form, Form]:
    def whole(ref: str) -> str:
        return f"gid://shopline/{kind}/{ref}"

    return (whole, str) if kind in GLOBAL_FIRST else (str, whole)
