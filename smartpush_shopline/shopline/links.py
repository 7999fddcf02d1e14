"""The `link` header of a listing. Source: developer.shopline.com, "Paging mechanism".

Only `page_info` is taken from it; the address is built anew on the known host, so a foreign one
in the header is never called.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

LINK = re.compile(r"<([^>]*)>([^<]*)")
NEXT = re.compile(r";\s*rel\s*=\s*\"?next\"?\s*(?:[;,]|$)", re.IGNORECASE)


def next_page_info(header: str | None) -> str | None:
    """The opaque cursor of `rel="next"`, or None on the last page.

    Addresses may hold commas, and the cursor is base64: its `+` is no space.
    """
    for address, attributes in LINK.findall(header or ""):
        if NEXT.search(attributes):
            return _page_info(address)
    return None


def _page_info(address: str) -> str | None:
    for pair in urlsplit(address).query.split("&"):
        key, _, value = pair.partition("=")
        if key == "page_info" and value:
            return unquote(value)
    return None
