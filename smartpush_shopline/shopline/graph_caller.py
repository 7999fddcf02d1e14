"""One GraphQL question: paced by calls and, where SHOPLINE tells them, by points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from smartpush_shopline.errors import ShoplineBusy
from smartpush_shopline.shopline.caller import Caller
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.graphql import cost_of, data_of
from smartpush_shopline.shopline.transport import traced

T = TypeVar("T")
Variables = Mapping[str, object]

LONGEST_WAIT = 60.0
"""Seconds. For longer nobody is kept waiting; whoever called does something else meanwhile."""


class GraphCaller(Caller):
    """A query is a POST, so the transport does not repeat it; whoever called tries again later."""

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
