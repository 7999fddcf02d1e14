"""Customers. Three prefixes: list `v2/customers.json`, read `customers/v2/...`, the rest without.

Source on developer.shopline.com: Admin REST "Customers".
"""

from __future__ import annotations

from datetime import datetime

from smartpush_shopline.shopline.asking import filters, page_params, piece
from smartpush_shopline.shopline.caller import MAX_LIMIT, Caller, read_count
from smartpush_shopline.shopline.models import Customer, Page
from smartpush_shopline.shopline.parsing import parse_customer


class CustomerApi(Caller):
    """Reading only; consent is written by `GraphApi.withdraw_consent`."""

    def fetch_customer_count(self) -> int:
        """How many customers the store has."""
        return self._get("customers/v2/count.json").read(read_count)

    def fetch_customer_page(
        self,
        *,
        page_info: str | None = None,
        updated_at_min: datetime | None = None,
        updated_at_max: datetime | None = None,
        created_at_min: datetime | None = None,
        created_at_max: datetime | None = None,
        since_ref: str | None = None,
        limit: int = MAX_LIMIT,
    ) -> Page[Customer]:
        """Up to 250 customers. Filters bind on the first page; `page_info` carries them on."""
        wanted = filters(
            updated_at_min=updated_at_min,
            updated_at_max=updated_at_max,
            created_at_min=created_at_min,
            created_at_max=created_at_max,
            since_id=since_ref,
        )
        params = page_params(limit, MAX_LIMIT, page_info, wanted)
        return self._page("v2/customers.json", "customers", self._customer, params)

    def fetch_customer(self, ref: str) -> Customer:
        """One customer; `Gone` when deleted."""
        answer = self._get(f"customers/v2/{piece(ref)}.json")
        return answer.read(lambda body: self._customer(body.required("customer").data, "customer"))

    def _customer(self, row: object, path: str) -> Customer:
        return parse_customer(row, self._default_country, path)
