"""The Admin API of one store. One `_call`; everything else names an endpoint and a parser.

REST: `{store}/admin/openapi/{version}/...`; GraphQL: `{store}/admin/graph/{version}/graphql.json`.
Every method raises the `ShoplineError` family (see `failures`): permanent ones are not worth
another try. A page with one unreadable row raises `UnexpectedPayload` naming that row; nothing is
skipped silently. Sources on developer.shopline.com: the Admin REST pages "Customers", "Customer
grouping", "Store", "Webhook" and the Admin GraphQL page `customerSegmentMembers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote, urljoin

import requests

from smartpush_shopline.errors import ShoplineRefused, UnexpectedPayload
from smartpush_shopline.shopline import graphql
from smartpush_shopline.shopline.failures import trace_id_of
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.models import (
    Customer,
    Member,
    Page,
    SavedSearch,
    ShopInfo,
    Subscription,
)
from smartpush_shopline.shopline.pace import Pace
from smartpush_shopline.shopline.parsing import (
    parse_customer,
    parse_member,
    parse_saved_search,
    parse_shop,
    parse_subscription,
)
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
MAX_REDIRECTS = 3
MAX_PAGES = 100  # of a list that is documented to have one


class ShoplineClient:
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

    # --- store -----------------------------------------------------------------------------

    def fetch_shop(self) -> ShopInfo:
        """Name, time zone, currency, status. Scope `read_store_information`."""
        return self._get("merchants/shop.json").read(lambda body: parse_shop(body.data))

    # --- customers -------------------------------------------------------------------------

    def fetch_customer_count(self) -> int:
        """How many customers the store has."""
        return self._get("customers/v2/count.json").read(_count)

    def fetch_customer_page(
        self,
        *,
        page_info: str | None = None,
        updated_at_min: datetime | None = None,
        limit: int = MAX_LIMIT,
    ) -> Page[Customer]:
        """Up to 250 customers. The filter binds on the first page; `page_info` carries it on."""
        params = _page_params(limit, page_info)
        if page_info is None and updated_at_min is not None:
            params["updated_at_min"] = _iso(updated_at_min)
        return self._page("v2/customers.json", "customers", self._customer, params)

    def fetch_customer(self, ref: str) -> Customer:
        """One customer; `Gone` when deleted."""
        answer = self._get(f"customers/v2/{_piece(ref)}.json")
        return answer.read(lambda body: self._customer(body.required("customer").data, "customer"))

    # --- segments --------------------------------------------------------------------------

    def list_saved_searches(self) -> list[SavedSearch]:
        """All segments, checked against the store's own count; read again once if they differ."""
        listed, counted = self._listed(), self._counted()
        if len(listed) != counted:
            listed, counted = self._listed(), self._counted()
        if len(listed) != counted:
            raise UnexpectedPayload(
                f"customer_saved_searches lists {len(listed)}, its count says {counted}"
            )
        return listed

    def fetch_saved_search(self, ref: str) -> SavedSearch:
        """One segment's definition; `Gone` when deleted."""
        answer = self._get(f"customer_saved_searches/{_piece(ref)}.json")
        name = "customer_saved_search"
        return answer.read(lambda body: parse_saved_search(body.required(name).data, name))

    def fetch_member_page(
        self, ref: str, *, page_info: str | None = None, limit: int = MAX_LIMIT
    ) -> Page[Member]:
        """Up to 250 members of a segment, by last order time: rows may move between pages."""
        path = f"customer_saved_searches/{_piece(ref)}/customers.json"
        return self._page(path, "customers", self._member, _page_params(limit, page_info))

    def fetch_member_count(self, ref: str, timezone: str) -> int:
        """How many members the Admin counts; `timezone` (IANA) dates its relative rules."""
        variables = {"id": ref, "timezone": timezone}
        body = {"query": graphql.MEMBER_COUNT, "variables": variables}
        url = f"{self._base_url}/admin/graph/{self._api_version}/graphql.json"
        answer = self._call("POST", url, body=body)
        return answer.read(lambda fields: graphql.member_count(fields, answer.response))

    # --- webhook subscriptions -------------------------------------------------------------

    def list_subscriptions(self) -> list[Subscription]:
        """Every subscription of this app at this store."""
        return list(self._page("webhooks.json", "webhooks", parse_subscription, {}).items)

    def create_subscription(self, topic: str, address: str, api_version: str) -> Subscription:
        """Subscribe to one topic; `ShoplineRefused` (422) for an unknown topic or version."""
        webhook = {"address": address, "api_version": api_version, "topic": topic}
        answer = self._call("POST", self._rest("webhooks.json"), body={"webhook": webhook})
        return answer.read(lambda body: parse_subscription(body.required("webhook").data))

    def delete_subscription(self, ref: str) -> None:
        """Unsubscribe. The id stands before `webhooks.json`."""
        self._call("DELETE", self._rest(f"{_piece(ref)}/webhooks.json"))

    # --- below -----------------------------------------------------------------------------

    def _customer(self, row: object, path: str) -> Customer:
        return parse_customer(row, self._default_country, path)

    def _member(self, row: object, path: str) -> Member:
        return parse_member(row, self._default_country, path)

    def _listed(self) -> list[SavedSearch]:
        """The list is documented without paging; a `link` is followed if one comes."""
        name = "customer_saved_searches"
        params: dict[str, str] = {}
        searches: dict[str, SavedSearch] = {}
        for _ in range(MAX_PAGES):
            page = self._page(f"{name}.json", name, parse_saved_search, params)
            searches.update({search.ref: search for search in page.items})
            if page.next_page_info is None:
                return list(searches.values())
            params = {"page_info": page.next_page_info}
        raise UnexpectedPayload(f"{name} has more than {MAX_PAGES} pages")

    def _counted(self) -> int:
        return self._get("customer_saved_searches/count.json").read(_count)

    def _page(
        self, path: str, name: str, parse: Callable[[object, str], T], params: dict[str, str]
    ) -> Page[T]:
        answer = self._get(path, params)

        def read(body: Fields) -> Page[T]:
            items = tuple(parse(row, at) for row, at in body.rows(name, required=True))
            if answer.next_page_info and answer.next_page_info == params.get("page_info"):
                raise UnexpectedPayload(f"{name}: the next page is this page")
            return Page(items, answer.next_page_info)

        return answer.read(read)

    def _get(self, path: str, params: dict[str, str] | None = None) -> Answer:
        return self._call("GET", self._rest(path), params=params)

    def _rest(self, path: str) -> str:
        return f"{self._base_url}/admin/openapi/{self._api_version}/{path}"

    def _call(
        self,
        method: str,
        url: str,
        *,
        params: dict[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        """The one call: paced, authorised, bounded, with our errors."""
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
                return checked(response)
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


def _count(body: Fields) -> int:
    return body.read(parse_required_count, "count")


def _page_params(limit: int, page_info: str | None) -> dict[str, str]:
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit must be 1 to {MAX_LIMIT}")
    params = {"limit": str(limit)}
    return params if page_info is None else params | {"page_info": page_info}


def _iso(moment: datetime) -> str:
    if moment.utcoffset() is None:
        raise ValueError("updated_at_min must be aware")
    return moment.isoformat(timespec="seconds")


def _piece(ref: str) -> str:
    """A ref as one piece of a path; what would climb out of it is a mistake of the caller."""
    if ref in {"", ".", ".."}:
        raise ValueError("that is no id")
    return quote(ref, safe="")
