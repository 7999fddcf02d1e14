"""Customers. Three prefixes: list `v2/customers.json`, read `customers/v2/...`, the rest without.

Source on developer.shopline.com: Admin REST "Customers".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from smartpush_shopline.shopline.asking import filters, id_lists, page_params, piece
from smartpush_shopline.shopline.caller import MAX_LIMIT, Caller, read_count
from smartpush_shopline.shopline.models import Customer, Page, SubscribeRecord
from smartpush_shopline.shopline.parsing import parse_customer, parse_subscribe_record

IDS_CHARACTERS = 64  # of `ids`, commas included: about five customers


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

    def list_customers(self, refs: Sequence[str]) -> list[Customer]:
        """These customers, without those that the store no longer has."""
        found: dict[str, Customer] = {}
        for part in id_lists(refs, most=MAX_LIMIT, characters=IDS_CHARACTERS):
            params = page_params(MAX_LIMIT, MAX_LIMIT, None, {"ids": ",".join(part)})
            page = self._page("v2/customers.json", "customers", self._customer, params)
            found.update({customer.ref: customer for customer in page.items})
        return list(found.values())

    def fetch_customer(self, ref: str) -> Customer:
        """One customer; `Gone` when deleted."""
        answer = self._get(f"customers/v2/{piece(ref)}.json")
        return answer.read(lambda body: self._customer(body.required("customer").data, "customer"))

    def search_customer_page(
        self,
        *,
        fields: Mapping[str, str] | None = None,
        text: str | None = None,
        order: int | None = None,
        page_info: str | None = None,
        limit: int = MAX_LIMIT,
    ) -> Page[Customer]:
        """By exact `fields` (`{"email_subscribe_flag": "1"}`) or a `text` of up to 50 characters.

        The text is looked for in names, e-mail, telephone and addresses.
        """
        if text is not None and len(text) > 50:
            raise ValueError("text has at most 50 characters")
        wanted = filters(query=_query(fields or {}), query_param=text, order=order)
        params = page_params(limit, MAX_LIMIT, page_info, wanted)
        return self._page("customers/v2/search.json", "customers", self._customer, params)

    def list_subscribe_records(self, refs: Sequence[str]) -> list[SubscribeRecord]:
        """What the store keeps about each channel of these customers."""
        records: list[SubscribeRecord] = []
        for part in id_lists(refs, most=MAX_LIMIT, characters=IDS_CHARACTERS):
            params = {"customer_ids": ",".join(part)}
            name = "user_subscribe_info_list"
            page = self._page("customers/subscribe.json", name, parse_subscribe_record, params)
            records += page.items
        return records

    def _customer(self, row: object, path: str) -> Customer:
        return parse_customer(row, self._default_country, path)


def _query(fields: Mapping[str, str]) -> str | None:
    """`tags:vip;state:3`"""
    if any(mark in word for pair in fields.items() for word in pair for mark in ";\n"):
        raise ValueError("a field of a search holds no ;")
    return ";".join(f"{name}:{value}" for name, value in fields.items()) or None
