"""Orders, whatever the list's own defaults leave out.

Source on developer.shopline.com: Admin REST "Orders". Three traps, all closed here: without
`status=any` cancelled orders may be missing; archived ones come only with `hidden_order=true`; and
the page says that `fulfillment_status` defaults to `unshipped`, which would hide shipped ones.
Nobody outside knows whether it does, so what was read is compared with the store's own count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from smartpush_shopline.errors import Gone, UnexpectedPayload
from smartpush_shopline.shopline.asking import Params, filters, id_lists, page_params
from smartpush_shopline.shopline.caller import Caller, read_count
from smartpush_shopline.shopline.models import Page
from smartpush_shopline.shopline.order_models import Order
from smartpush_shopline.shopline.order_parsing import parse_order

MAX_ORDERS = 100
FULFILMENTS = ("unshipped", "partial", "shipped")


class OrderPass(NamedTuple):
    """One way of asking for orders; several are needed to see them all."""

    fulfilment: str | None
    hidden: bool


#: Enough where the store's list has no default for the fulfilment.
USUAL_PASSES = (OrderPass(None, hidden=False), OrderPass(None, hidden=True))
#: Asked as well when the usual ones bring fewer than the store counts.
FULFILMENT_PASSES = tuple(
    OrderPass(fulfilment, hidden) for hidden in (False, True) for fulfilment in FULFILMENTS
)


class OrderApi(Caller):
    """`orders.json` and `orders/count.json`. Scope `read_orders`."""

    def fetch_order_count(
        self,
        *,
        status: str = "any",
        updated_at_min: datetime | None = None,
        updated_at_max: datetime | None = None,
        created_at_min: datetime | None = None,
        created_at_max: datetime | None = None,
    ) -> int:
        """How many orders there are; `status` is open, cancelled, hidden or any."""
        params = filters(
            status=status,
            updated_at_min=updated_at_min,
            updated_at_max=updated_at_max,
            created_at_min=created_at_min,
            created_at_max=created_at_max,
        )
        return self._get("orders/count.json", params).read(read_count)

    def fetch_order_page(
        self,
        wanted: OrderPass = USUAL_PASSES[0],
        *,
        page_info: str | None = None,
        updated_at_min: datetime | None = None,
        updated_at_max: datetime | None = None,
        created_at_min: datetime | None = None,
        created_at_max: datetime | None = None,
        since_ref: str | None = None,
        limit: int = MAX_ORDERS,
    ) -> Page[Order]:
        """Up to 100 orders of one pass, open and cancelled. The next pass may repeat some."""
        times = filters(
            updated_at_min=updated_at_min,
            updated_at_max=updated_at_max,
            created_at_min=created_at_min,
            created_at_max=created_at_max,
            since_id=since_ref,
        )
        return self._orders(wanted, times, page_info, limit)

    def iter_orders(
        self,
        *,
        updated_at_min: datetime | None = None,
        created_at_min: datetime | None = None,
    ) -> Iterator[tuple[Order, ...]]:
        """Every order once, page by page.

        Ends with `UnexpectedPayload` when the store still counts more orders than it showed; what
        was shown has been handed out by then.
        """
        times = filters(updated_at_min=updated_at_min, created_at_min=created_at_min)
        counted = self._counted(times)
        seen: set[str] = set()
        yield from self._sweep(USUAL_PASSES, times, seen)
        if len(seen) < counted:
            yield from self._sweep(FULFILMENT_PASSES, times, seen)
        # Orders come and go while we read: only fewer than both counts is a gap.
        if len(seen) < counted and len(seen) < (counted := min(counted, self._counted(times))):
            raise UnexpectedPayload(f"orders lists {len(seen)}, its count says {counted}")

    def list_orders(self, refs: Sequence[str]) -> list[Order]:
        """These orders, without those that the store no longer has."""
        found: dict[str, Order] = {}
        for part in id_lists(refs, most=MAX_ORDERS):
            for wanted in USUAL_PASSES + FULFILMENT_PASSES:
                missing = [ref for ref in part if ref not in found]
                if not missing:
                    break
                page = self._orders(wanted, {"ids": ",".join(missing)}, None, MAX_ORDERS)
                found.update({order.ref: order for order in page.items})
        return list(found.values())

    def fetch_order(self, ref: str) -> Order:
        """One order; `Gone` when the store has none of this id. There is no call of its own."""
        for order in self.list_orders([ref]):
            return order
        raise Gone(reason="gone")

    def _sweep(
        self, passes: Sequence[OrderPass], times: Params, seen: set[str]
    ) -> Iterator[tuple[Order, ...]]:
        """The orders of these passes that were not seen before."""
        for wanted in passes:
            page_info: str | None = None
            while True:
                page = self._orders(wanted, times, page_info, MAX_ORDERS)
                news = {order.ref: order for order in page.items if order.ref not in seen}
                seen.update(news)
                if news:
                    yield tuple(news.values())
                page_info = page.next_page_info
                if page_info is None:
                    break

    def _counted(self, times: Params) -> int:
        return self._get("orders/count.json", {"status": "any"} | times).read(read_count)

    def _orders(
        self, wanted: OrderPass, more: Params, page_info: str | None, limit: int
    ) -> Page[Order]:
        asked = filters(
            status="any",
            hidden_order=str(wanted.hidden).lower(),
            fulfillment_status=wanted.fulfilment,
        )
        params = page_params(limit, MAX_ORDERS, page_info, asked | more)
        return self._page("orders.json", "orders", self._order, params)

    def _order(self, row: object, path: str) -> Order:
        return parse_order(row, self._default_country, path)
