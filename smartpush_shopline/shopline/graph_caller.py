"""One GraphQL question: paced by calls and, where SHOPLINE tells them, by points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from smartpush_shopline.errors import ShoplineBusy, ShoplineRefused
from smartpush_shopline.shopline.caller import Caller
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.graph_models import GraphPage
from smartpush_shopline.shopline.graph_parsing import parse_connection
from smartpush_shopline.shopline.graphql import cost_of, data_of
from smartpush_shopline.shopline.transport import traced

T = TypeVar("T")
Variables = Mapping[str, object]

MAX_FIRST = 100
SURE_FIRST = 50
"""The highest `first` is not public. Where 100 is refused, this is asked for instead."""
LONGEST_WAIT = 60.0
"""Seconds. For longer nobody is kept waiting; whoever called does something else meanwhile."""


class GraphCaller(Caller):
    """A query is a POST, so the transport does not repeat it; whoever called tries again later."""

    _most_first = MAX_FIRST

    def _ask(self, query: str, variables: Variables, read: Callable[[Fields], T]) -> T:
        points = self._pace.points
        if points.seconds_left() > LONGEST_WAIT:
            raise ShoplineBusy(retry_after=points.seconds_left(), reason="points")
        points.wait()
        url = f"{self._base_url}/admin/graph/{self._api_version}/graphql.json"
        body = {"query": query, "variables": variables}
        response = self._exchange("POST", url, body=body)
        points.note(cost_of(response))
        with traced(response):
            try:
                return read(data_of(response))
            except ShoplineBusy as busy:
                busy.retry_after = busy.retry_after or points.seconds_left() or None
                raise

    def _connection(
        self,
        name: str,
        query: str,
        variables: Variables,
        parse: Callable[[object, str], T],
        after: str | None,
        limit: int,
    ) -> GraphPage[T]:
        """One page of a connection; `first` shrinks after a 504 as `limit` does in REST."""
        if not 1 <= limit <= MAX_FIRST:
            raise ValueError(f"limit must be 1 to {MAX_FIRST}")

        def ask(first: int) -> GraphPage[T]:
            return self._ask(
                query,
                {**variables, "first": first, "after": after},
                lambda data: parse_connection(data.required(name), parse, after),
            )

        return self._smaller_after_504(
            name, limit, starts=after is None, ask=lambda first: self._sure(first, ask)
        )

    def _sure(self, first: int, ask: Callable[[int], T]) -> T:
        """With fewer rows where so many are refused, and so from then on."""
        try:
            return ask(min(first, self._most_first))
        except ShoplineRefused as refused:
            if refused.reason != "param_illegal" or min(first, self._most_first) <= SURE_FIRST:
                raise
        page = ask(SURE_FIRST)
        self._most_first = SURE_FIRST
        return page
