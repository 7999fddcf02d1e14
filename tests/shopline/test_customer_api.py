"""Looking customers up: filters, ids, search, what the store keeps about subscribing."""

from datetime import UTC, datetime

import pytest
from responses.matchers import query_param_matcher

from .conftest import REST

CUSTOMERS = f"{REST}/v2/customers.json"
MONDAY = datetime(2026, 11, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({"updated_at_min": MONDAY}, {"updated_at_min": "2026-11-02T08:00:00+00:00"}),
        ({"updated_at_max": MONDAY}, {"updated_at_max": "2026-11-02T08:00:00+00:00"}),
        ({"created_at_min": MONDAY}, {"created_at_min": "2026-11-02T08:00:00+00:00"}),
        ({"created_at_max": MONDAY}, {"created_at_max": "2026-11-02T08:00:00+00:00"}),
        ({"since_ref": "421"}, {"since_id": "421"}),
    ],
)
def test_every_filter_has_its_parameter_on_the_first_page_only(client, store, wanted, asked):
    size = {"limit": "250"}
    store.get(CUSTOMERS, json={"customers": []}, match=[query_param_matcher(size | asked)])
    later = query_param_matcher(size | {"page_info": "on"})
    store.get(CUSTOMERS, json={"customers": []}, match=[later])
    client.fetch_customer_page(**wanted)
    client.fetch_customer_page(**wanted, page_info="on")
