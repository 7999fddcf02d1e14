"""Admin GraphQL: how many members a segment has, membership of single customers, opt-outs.

Ids may be bare or global here, see `graph_ids`.
Source: developer.shopline.com, Admin GraphQL "Customers".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from smartpush_shopline.errors import Gone, NotAuthorised, ShoplineRefused
from smartpush_shopline.shopline import graph_queries
from smartpush_shopline.shopline.asking import id_lists
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.graph_caller import GraphCaller
from smartpush_shopline.shopline.graph_ids import UNKNOWN_ID, Form
from smartpush_shopline.shopline.graph_parsing import parse_customer_now
from smartpush_shopline.shopline.models import CustomerNow
from smartpush_shopline.shopline.values import parse_required_count, parse_text

CUSTOMERS_PER_CALL = 20


class GraphApi(GraphCaller):
    """`graphql.json`. Scope `read_customers`; to write, `write_customers`."""

    _asks_figures = True

    def fetch_member_count(self, ref: str, timezone: str) -> int:
        """How many members the Admin counts; `timezone` (IANA) dates its relative rules."""

        def read(data: Fields) -> int:
            members = data.required("customerSegmentMembers")
            return members.read(parse_required_count, "totalCount")

        return self._ids.either(
            "Segment",
            lambda form: self._ask(
                graph_queries.MEMBER_COUNT, {"id": form(ref), "timezone": timezone}, read
            ),
        )

    def fetch_memberships(
        self, customer_refs: Sequence[str], segment_refs: Sequence[str]
    ) -> dict[str, CustomerNow]:
        """customer → in which segments, and the figures. Twenty customers in one call, by aliases.

        Where SHOPLINE refuses that, it is asked without the figures, then for each customer alone;
        one that is gone is left out.
        """
        told: dict[str, CustomerNow] = {}
        for part in id_lists(customer_refs, most=CUSTOMERS_PER_CALL):
            try:
                told |= self._with_figures(part, segment_refs)
            except NotAuthorised:
                raise
            except ShoplineRefused:
                told |= self._one_by_one(part, segment_refs)
        return told

    def _with_figures(
        self, customers: Sequence[str], segments: Sequence[str]
    ) -> dict[str, CustomerNow]:
        """A store that refuses only the figures is not asked for them again by this client."""
        try:
            return self._memberships(customers, segments)
        except (NotAuthorised, Gone):
            raise
        except ShoplineRefused:
            if not self._asks_figures:
                raise
        self._asks_figures = False
        try:
            return self._memberships(customers, segments)
        except ShoplineRefused:
            self._asks_figures = True  # it was not for them
            raise

    def _one_by_one(
        self, customers: Sequence[str], segments: Sequence[str]
    ) -> dict[str, CustomerNow]:
        told: dict[str, CustomerNow] = {}
        for customer in customers:
            try:
                told |= self._with_figures([customer], segments)
            except Gone:
                continue
        return told

    def _memberships(
        self, customers: Sequence[str], segments: Sequence[str]
    ) -> dict[str, CustomerNow]:
        query = graph_queries.memberships(len(customers), figures=self._asks_figures)

        def read(data: Fields) -> dict[str, CustomerNow]:
            return {ref: parse_customer_now(data, n) for n, ref in enumerate(customers)}

        def ask(of_customer: Form, of_segment: Form) -> dict[str, CustomerNow]:
            named = {f"c{number}": of_customer(ref) for number, ref in enumerate(customers)}
            variables = named | {"segments": [of_segment(ref) for ref in segments]}
            return self._ask(query, variables, read)

        return self._ids.either(
            "Customer",
            lambda of_customer: self._ids.either(
                "Segment", lambda of_segment: ask(of_customer, of_segment)
            ),
        )

    def withdraw_consent(self, customer_ref: str, channel: str, at: datetime) -> None:
        """Tell the store that a customer opted out of `email` or `sms`. Scope `write_customers`.

        The only thing this package writes at SHOPLINE but subscriptions. `Gone` when the customer
        is; sent once, and harmless when it is sent again.
        """
        query, field = graph_queries.consent_update(channel)

        def ask(form: Form) -> None:
            given = graph_queries.consent_input(channel, form(customer_ref), at.isoformat())
            self._ask(query, {"input": given}, lambda data: _refuse(data.required(field)))

        self._ids.either("Customer", ask)


def _refuse(answer: Fields) -> None:
    """Raise what stands under `userErrors`, which is no error of the query itself."""
    for row, at in answer.rows("userErrors"):
        fields = Fields.of(row, at)
        code = (fields.read(parse_text, "code") or "").lower()
        kind = Gone if code in UNKNOWN_ID - {"param_illegal"} else ShoplineRefused
        raise kind(fields.read(parse_text, "message"), reason=code or None)
