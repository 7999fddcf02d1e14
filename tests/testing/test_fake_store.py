"""What a dashboard's tests can do with the fake store."""

from __future__ import annotations

import pytest
import requests
from flask import Flask, Response, request

from smartpush_shopline.sandbox import Settings
from smartpush_shopline.sandbox.signing import sign_body, sign_query, sign_webhook
from smartpush_shopline.testing import FakePlatform, FakeStore, mood_id, pairwise

pytest_plugins = ["smartpush_shopline.testing"]

VERSION = "v20260601"


class Hooks:
    """A dashboard that answers webhooks as it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.answers: list[int] = []
        self.app = Flask("hooks")
        self.app.add_url_rule("/hooks", "hooks", self.hook, methods=["POST"])

    def hook(self) -> Response:
        sign = request.headers.get("X-Shopline-Hmac-Sha256", "")
        secret = Settings().app_secret
        assert sign == sign_webhook(secret, request.get_data())
        self.heard.append((request.headers["X-Shopline-Topic"], request.get_data(as_text=True)))
        return Response(status=self.answers.pop(0) if self.answers else 200)


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


def call(store: FakeStore, method: str, path: str, **more: object) -> requests.Response:
    url = f"{store.url}/admin/openapi/{VERSION}/{path}"
    headers = {"Authorization": f"Bearer {store.token}"}
    return requests.request(method, url, headers=headers, timeout=5, **more)  # type: ignore[arg-type]


def subscribe(store: FakeStore, topic: str) -> None:
    wanted = {"address": "https://app.example/hooks", "topic": topic, "api_version": VERSION}
    assert call(store, "POST", "webhooks.json", json={"webhook": wanted}).ok


def test_the_store_begins_empty_each_time(shopline_store: FakeStore) -> None:
    for path in ("customers/v2/count.json", "customer_saved_searches/count.json"):
        assert call(shopline_store, "GET", path).json() == {"count": 0}
    shopline_store.has_segment("left behind", members=2)
    shopline_store.moods.webhooks = "dropped"


test_and_it_is_empty_again = test_the_store_begins_empty_each_time


def test_links_lead_to_the_stores_own_domain(shopline_store: FakeStore) -> None:
    shopline_store.has_segment("all of them", members=3)
    link = call(shopline_store, "GET", "v2/customers.json?limit=2").headers["link"]
    assert link.startswith(f"<{shopline_store.url}/admin/openapi/{VERSION}/v2/customers.json?")
    address = link.partition("<")[2].partition(">")[0]
    headers = {"Authorization": f"Bearer {shopline_store.token}"}
    rest = requests.get(address, headers=headers, timeout=5).json()["customers"]
    assert len(rest) == 1


def test_other_addresses_are_refused(shopline_store: FakeStore) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get("https://cedar.myshopline.com/", timeout=5)


def test_segments_hold_whom_they_are_given(shopline_store: FakeStore) -> None:
    ada = shopline_store.customer(email="ada@example.com", email_consent=1, tags="linen")
    bea = shopline_store.customer(phone="+886912345678", sms_consent=1)
    shopline_store.has_segment("pair, of two", [ada, bea]).has_segment("linen", rule="tags:linen")
    assert [each.id for each in shopline_store.members("pair, of two")] == [ada.id, bea.id]
    assert [each.id for each in shopline_store.members("linen")] == [ada.id]
    shopline_store.order(bea, "90")
    shopline_store.has_segment("buyers", rule="orders_count:>0")
    assert [each.id for each in shopline_store.members("buyers")] == [bea.id]
    shopline_store.deletes(bea)
    assert shopline_store.members("buyers") == []


def test_failures_are_tried_again_at_once_and_later(
    shopline_store: FakeStore, hooks: Hooks
) -> None:
    subscribe(shopline_store, "customers/create")
    hooks.answers = [500, 500]
    shopline_store.customer(email="ada@example.com")
    first = shopline_store.deliver(hooks.app.test_client())
    assert first == [("customers/create", "500"), ("customers/create", "500")]
    assert shopline_store.deliver(hooks.app.test_client()) == []
    late = shopline_store.deliver(hooks.app.test_client(), late=True)
    assert late == [("customers/create", "200")]
    assert len({body for _, body in hooks.heard}) == 1


def test_nobody_answers_and_the_subscription_is_gone(shopline_store: FakeStore) -> None:
    subscribe(shopline_store, "customers/create")
    shopline_store.customer(email="ada@example.com")
    answers = shopline_store.deliver(Flask("deaf").test_client(), late=True)
    assert answers == [("customers/create", "404")] * 20
    assert call(shopline_store, "GET", "webhooks/count.json").json() == {"count": 0}


def test_an_app_gets_in_and_out(shopline_platform: FakePlatform, hooks: Hooks) -> None:
    store = shopline_platform.store("birch")
    settings = shopline_platform.settings
    assert "sign=" in store.open_address()
    back = store.allow(
        f"{store.url}/admin/oauth-web/#/oauth/authorize?appKey={settings.app_key}"
        f"&scope=read_customers&redirectUri={settings.app_url}/callback&customField=x"
    )
    code = back.partition("code=")[2].partition("&")[0]
    moment = str(int(shopline_platform.now().timestamp() * 1000))
    body = f'{{"code":"{code}"}}'.encode()
    signed = {"appkey": settings.app_key, "timestamp": moment, "Content-Type": "application/json",
              "sign": sign_body(settings.app_secret, body, moment)}  # fmt: skip
    token = requests.post(
        f"{store.url}/admin/oauth/token/create", data=body, headers=signed, timeout=5
    ).json()["data"]["accessToken"]
    path = f"{store.url}/admin/openapi/{VERSION}/customers/v2/count.json"
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(path, headers=headers, timeout=5).ok
    shopline_platform.pass_time(hours=11)
    assert requests.get(path, headers=headers, timeout=5).status_code == 401
    subscribe(store, "apps/installed_uninstalled")
    subscribe(store, "merchants/redact")
    store.expires_tokens().uninstalls()
    topics = [topic for topic, _ in store.deliver(hooks.app.test_client(), late=True)]
    assert topics == ["apps/installed_uninstalled", "merchants/redact"]


def test_slow_answers_take_no_time_here(shopline_platform: FakePlatform) -> None:
    store = shopline_platform.store("alder")
    store.moods.slow = 30
    assert call(store, "GET", "merchants/shop.json").ok
    assert shopline_platform.slept == [30.0]
    assert [each.status for each in store.calls] == [200]


def test_campaign_links_are_signed_as_the_moods_have_it(shopline_store: FakeStore) -> None:
    shopline_store.has_segment("vip", members=1)
    address = shopline_store.campaign_address("vip", "sms")
    params = dict(pair.split("=") for pair in address.partition("?")[2].split("&"))
    assert params["sign"] == sign_query(Settings().app_secret, params)
    shopline_store.moods.link_parameter = "path"
    ref = shopline_store.segment("vip").id
    assert f"/launch/segment/{ref}?" in shopline_store.campaign_address("vip")


def test_consents_are_told(shopline_store: FakeStore, hooks: Hooks) -> None:
    subscribe(shopline_store, "customers_marketing_consent/update")
    ada = shopline_store.customer(email="ada@example.com", phone="+886912345678")
    shopline_store.subscribes(ada).subscribes(ada, "sms").unsubscribes(ada)
    shopline_store.deliver(hooks.app.test_client())
    actions = [body.partition('"subscribeActionType":')[2][0] for _, body in hooks.heard]
    assert actions == ["1", "2", "3"]


def test_rows_of_the_pairwise_run_have_short_names() -> None:
    names = [mood_id(row) for row in pairwise()]
    assert names[0] == "usual"
    assert len(set(names)) == len(names)
