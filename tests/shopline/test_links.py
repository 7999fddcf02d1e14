"""Only the cursor is taken from a link."""

import pytest

from smartpush_shopline.shopline.links import next_page_info

URL = "https://demo-store.myshopline.com/admin/openapi/v20260901/v2/customers.json"


@pytest.mark.parametrize(
    ("header", "cursor"),
    [
        (f'<{URL}?limit=250&page_info=eyJz>; rel="next"', "eyJz"),
        (f'<{URL}?page_info=back>; rel="previous", <{URL}?page_info=on>; rel="next"', "on"),
        (f'<{URL}?page_info=on>; rel="next",<{URL}?page_info=back>; rel="prev"', "on"),
        (f"<{URL}?fields=id,email&page_info=on>; rel=next", "on"),
        (f'<{URL}?page_info=a+b/c==&limit=1>; rel="next"', "a+b/c=="),
        (f'<{URL}?page_info=a%2Bb%3D>; title="x"; REL="Next"', "a+b="),
        ('<https://evil.example/?page_info=on>; rel="next"', "on"),
        (f'<{URL}?page_info=back>; rel="previous"', None),
        (f'<{URL}?page_info=on>; rel="nextish"', None),
        (f'<{URL}?limit=250>; rel="next"', None),
        ("nonsense", None),
        ("", None),
        (None, None),
    ],
)
def test_the_cursor_of_the_next_page(header, cursor):
    assert next_page_info(header) == cursor
