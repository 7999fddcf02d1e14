"""Customer segments, which this API calls saved searches, and their members.

Source on developer.shopline.com: Admin REST "Customer grouping".
"""

from __future__ import annotations

from smartpush_shopline.errors import UnexpectedPayload
from smartpush_shopline.shopline.asking import Params, filters, page_params, piece
from smartpush_shopline.shopline.caller import MAX_LIMIT, Caller, read_count
from smartpush_shopline.shopline.models import Member, Page, SavedSearch
from smartpush_shopline.shopline.parsing import parse_member, parse_saved_search
from smartpush_shopline.shopline.transport import Answer

MAX_PAGES = 100  # of a list that is documented to have one
BY_LAST_ORDER = 1
BY_ORDER_COUNT = 2


class SegmentApi(Caller):
    """`customer_saved_searches*.json`"""

    def list_saved_searches(self) -> list[SavedSearch]:
        """All segments, checked against the store's own count; read again once if they differ."""
        listed, counted = self._listed(), self.fetch_saved_search_count()
        if len(listed) != counted:
            listed, counted = self._listed(), self.fetch_saved_search_count()
        if len(listed) != counted:
            raise UnexpectedPayload(
                f"customer_saved_searches lists {len(listed)}, its count says {counted}"
            )
        return listed

    def fetch_saved_search_count(self, *, since_ref: str | None = None) -> int:
        """How many segments the store has, or only those after `since_ref`."""
        params = filters(since_id=since_ref)
        return self._get("customer_saved_searches/count.json", params).read(read_count)

    def fetch_saved_search(self, ref: str) -> SavedSearch:
        """One segment's definition; `Gone` when deleted."""
        return _saved_search(self._get(f"customer_saved_searches/{piece(ref)}.json"))

    def fetch_member_page(
        self,
        ref: str,
        *,
        page_info: str | None = None,
        limit: int = MAX_LIMIT,
        order: int | None = None,
    ) -> Page[Member]:
        """Up to 250 members of a segment; `Gone` when the segment is.

        Sorted by last order time (the store's default) or number of orders. Both move, so rows may
        shift between pages: keep people in a set.
        """
        if order not in (None, BY_LAST_ORDER, BY_ORDER_COUNT):
            raise ValueError("order is BY_LAST_ORDER or BY_ORDER_COUNT")
        path = f"customer_saved_searches/{piece(ref)}/customers.json"
        params = page_params(limit, MAX_LIMIT, page_info, filters(order=order))
        return self._page(path, "customers", self._member, params)

    def _member(self, row: object, path: str) -> Member:
        return parse_member(row, self._default_country, path)

    def _listed(self) -> list[SavedSearch]:
        """The list is documented without paging; a `link` is followed if one comes."""
        name = "customer_saved_searches"
        params: Params = {}
        searches: dict[str, SavedSearch] = {}
        for _ in range(MAX_PAGES):
            page = self._page(f"{name}.json", name, parse_saved_search, params)
            searches.update({search.ref: search for search in page.items})
            if page.next_page_info is None:
                return list(searches.values())
            params = {"page_info": page.next_page_info}
        raise UnexpectedPayload(f"{name} has more than {MAX_PAGES} pages")


def _saved_search(answer: Answer) -> SavedSearch:
    name = "customer_saved_search"
    return answer.read(lambda body: parse_saved_search(body.required(name).data, name))
