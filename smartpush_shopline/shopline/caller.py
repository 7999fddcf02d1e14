"""The one `_call`: paced, authorised, bounded, with our errors. The APIs of a store build on it.

REST: `{store}/admin/openapi/{version}/...`; GraphQL: `{store}/admin/graph/{version}/graphql.json`.
Sources on developer.shopline.com: "REST Admin API", "Paging mechanism", "HTTP status codes" (a 504
asks for smaller requests).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urljoin

import requests

from smartpush_shopline.errors import ShoplineFailing, ShoplineRefused, UnexpectedPayload
from smartpush_shopline.shopline.asking import Params
from smartpush_shopline.shopline.failures import trace_id_of
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.graph_ids import IdForms
from smartpush_shopline.shopline.models import Page
from smartpush_shopline.shopline.pace import Pace
from smartpush_shopline.shopline.transport import (
    Answer,
    Bearer,
    checked,
    json_bytes,
    new_session,
    send,
)
from smartpush_shopline.shopline.values import parse_required_count

T = TypeVar("T")

MAX_LIMIT = 250
SMALLEST_LIMIT = 25
MAX_REDIRECTS = 3


class Caller:
    """Ask one store. `base_url` is its address, `default_country` reads national phone numbers."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        api_version: str,
        http: requests.Session | None = None,
        pace: Pace | None = None,
        default_country: str | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._auth = Bearer(token)
        self._api_version = api_version
        self._http = http or new_session()
        self._pace = pace or Pace()
        self._default_country = default_country
        self._limits: dict[str, int] = {}
        self._ids = IdForms()

    def _get(self, path: str, params: Params | None = None) -> Answer:
        return self._call("GET", self._rest(path), params=params)

    def _send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Answer:
        """What changes something: sent once, never repeated by the transport."""
        return self._call(method, self._rest(path), body=body)

    def _rest(self, path: str) -> str:
        return f"{self._base_url}/admin/openapi/{self._api_version}/{path}"

    def _page(
        self, path: str, name: str, parse: Callable[[object, str], T], params: Params
    ) -> Page[T]:
        """One page of a listing. A row that cannot be read refuses the page and is named."""
        cursor = params.get("page_info")
        answer = self._part(path, params)

        def read(body: Fields) -> Page[T]:
            items = tuple(parse(row, at) for row, at in body.rows(name, required=True))
            if answer.next_page_info and answer.next_page_info == cursor:
                raise UnexpectedPayload(f"{name}: the next page is this page")
            return Page(items, answer.next_page_info)

        return answer.read(read)

    def _part(self, path: str, params: Params) -> Answer:
        if "limit" not in params:
            return self._get(path, params)
        return self._smaller_after_504(
            path,
            int(params["limit"]),
            starts="page_info" not in params,
            ask=lambda size: self._get(path, params | {"limit": str(size)}),
        )

    def _smaller_after_504(
        self, listing: str, limit: int, *, starts: bool, ask: Callable[[int], T]
    ) -> T:
        """Half the rows after a 504, down to 25, and so for the rest of this listing.

        Cursors name a place and not a page number, so no row is lost or doubled by it.
        """
        if starts:
            self._limits.pop(listing, None)
        size = min(limit, self._limits.get(listing, limit))
        while True:
            try:
                return ask(size)
            except ShoplineFailing as error:
                if error.status != 504 or size <= SMALLEST_LIMIT:
                    raise
                size = self._limits[listing] = max(SMALLEST_LIMIT, size // 2)

    def _call(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        return checked(self._exchange(method, url, params=params, body=body))

    def _exchange(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        body: Mapping[str, object] | None = None,
    ) -> requests.Response:
        headers = {"Accept": "application/json"}
        data = None if body is None else json_bytes(body)
        if data is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        for _ in range(MAX_REDIRECTS):
            self._pace.wait()
            response = send(
                self._http, method, url, params=params, data=data, headers=headers, auth=self._auth
            )
            if not (response.is_redirect and method == "GET"):
                return response
            url, params = self._same_store(response, url), None
        raise UnexpectedPayload("SHOPLINE redirects in a circle", status=response.status_code)

    def _same_store(self, response: requests.Response, url: str) -> str:
        """Where a redirect leads, refused unless it stays in this store: it carries our token."""
        target = urljoin(url, response.headers["location"])
        if target.startswith(f"{self._base_url}/"):
            return target
        raise ShoplineRefused(
            "SHOPLINE redirects to another host",
            status=response.status_code,
            trace_id=trace_id_of(response),
            reason="redirected",
        )


def read_count(body: Fields) -> int:
    """The `{"count": 12}` of every count call."""
    return body.read(parse_required_count, "count")
