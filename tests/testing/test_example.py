"""A dashboard that mails a SHOPLINE segment, and its tests. This is the example of the guide."""

from __future__ import annotations

import requests
from flask import Flask, Response, request

from smartpush_shopline.testing import FakeStore

pytest_plugins = ["smartpush_shopline.testing"]  # in your own project: in conftest.py

API = "https://alder.myshopline.com/admin/openapi/v20260601"
HOOK = "https://dashboard.example/hooks"


def members_of(segment_id: str, token: str) -> list[str]:
    """The code under test: the addresses of a segment, with one more attempt after a bad minute."""
    address = f"{API}/customer_saved_searches/{segment_id}/customers.json?limit=250"
    for _ in range(2):
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.get(address, headers=headers, timeout=30)
        if answer.status_code < 500:
            break
    answer.raise_for_status()
    return [member["email"] for member in answer.json()["customers"]]


def make_dashboard(heard: list[str]) -> Flask:
    app = Flask("dashboard")

    @app.post("/hooks")
    def hook() -> Response:
        heard.append(request.headers["X-Shopline-Topic"])
        return Response(status=200)

    return app


def test_one_bad_minute_is_survived(shopline_store: FakeStore) -> None:
    shopline_store.has_segment("vip", members=3).answers_once(503)
    members = members_of(shopline_store.segment("vip").id, shopline_store.token)
    assert len(members) == 3
    assert [call.status for call in shopline_store.calls] == [503, 200]


def test_an_unsubscription_is_heard_twice_on_a_bad_day(shopline_store: FakeStore) -> None:
    heard: list[str] = []
    browser = make_dashboard(heard).test_client()
    topic = "customers_marketing_consent/update"
    wanted = {"webhook": {"address": HOOK, "topic": topic, "api_version": "v20260601"}}
    headers = {"Authorization": f"Bearer {shopline_store.token}"}
    requests.post(f"{API}/webhooks.json", json=wanted, headers=headers, timeout=30)
    ada = shopline_store.customer(email="ada@example.com", email_consent=1)
    shopline_store.deliver(browser)
    heard.clear()
    shopline_store.moods.webhooks = "duplicated"
    shopline_store.unsubscribes(ada)
    assert shopline_store.deliver(browser) == [(topic, "200"), (topic, "200")]
    assert heard == [topic, topic]
