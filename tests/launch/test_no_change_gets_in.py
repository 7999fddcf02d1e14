"""Whatever is changed on the way, no door takes it: parameters of a link, bytes of a delivery."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.inbox.models import Delivery
from smartpush_shopline.launch import connecting
from smartpush_shopline.shopline import sign_body, sign_query
from smartpush_shopline.shopline.signing import encoded_source
from smartpush_shopline.shops.models import Shop
from tests.support import APP_KEY, APP_SECRET, NOW, People, make_shop, webhook

DOORS = ("/shopline", "/shopline/callback", "/launch/segment")
quick = settings(
    max_examples=40, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
names = st.sampled_from(
    ["appkey", "handle", "timestamp", "segment_id", "code", "customField", "lang", "x", "id", "é"]
)
words = st.text("abz019_-.+/ é中&=%", max_size=8) | st.sampled_from(
    ["alder", "birch", "GROUP1", "GROUP2", APP_KEY, str(int(NOW.timestamp() * 1000))]
)
extras = st.dictionaries(names, words, max_size=3)
BASE = {
    "appkey": APP_KEY,
    "handle": "alder",
    "timestamp": str(int(NOW.timestamp() * 1000)),
    "segment_id": "GROUP1",
    "code": "abc123",
}


@pytest.fixture
def ground(host, clock, monkeypatch):
    """Two connected stores, and nobody who would be asked for a token."""
    for handle, ref in (("alder", "1610418123456"), ("birch", "1610418654321")):
        shop_id = make_shop(
            host.database, handle, store_ref=ref, scopes=",".join(host.state.settings.scopes)
        )
        People(host.database, shop_id, clock).segment("GROUP1")
    host.state.ring = lambda *more, **others: None
    host.exchanged = []

    def exchanged(state, app_key, handle, code, *, ours):
        host.exchanged.append((app_key, handle, code))
        with state.database.read() as session:
            shop = session.scalars(select(Shop).where(Shop.handle == handle)).first()
        return connecting.Arrival(shop.card, connected=True, rejected=False)

    monkeypatch.setattr(connecting, "receive_install", exchanged)
    return host


def is_let_in(answer):
    """Anything but a refusal: a redirect, the page that breaks out, the proxy's JSON."""
    return answer.status_code in (200, 302, 404)


def has_two_readings(params):
    return any("=" in key or {"&", "%"} & {*key, *value} for key, value in params.items())


@quick
@given(door=st.sampled_from(DOORS), signed=extras, shown=extras, encoded=st.booleans(),
       quoting=st.sampled_from([quote, None]))
def test_no_link_with_other_parameters_is_let_in(ground, door, signed, shown, encoded, quoting):
    signed, shown = BASE | signed, BASE | shown
    assume(signed != shown)
    sign = sign_query(signed, APP_SECRET)
    if encoded:
        sign = sign_body(encoded_source(signed.items()).encode(), "", APP_SECRET)
    query = urlencode({**shown, "sign": sign}, **({"quote_via": quoting} if quoting else {}))
    answer = ground.browser().get(f"/smartpush{door}?{query}")
    assert not is_let_in(answer)
    assert ground.exchanged == []


@quick
@given(door=st.sampled_from(DOORS), signed=extras)
def test_an_honest_link_is_let_in(ground, door, signed):
    signed = BASE | {k: v for k, v in signed.items() if k in ("customField", "x", "é")}
    assume(not has_two_readings(signed))
    query = urlencode({**signed, "sign": sign_query(signed, APP_SECRET)}, quote_via=quote)
    assert is_let_in(ground.browser().get(f"/smartpush{door}?{query}"))


@quick
@given(data=st.data())
def test_no_changed_byte_of_a_link_is_let_in(ground, data):
    """No byte of these may be another one, for each is part of a name or of a word."""
    query = urlencode({**BASE, "sign": sign_query(BASE, APP_SECRET)})
    at = data.draw(st.integers(0, len(query) - 1))
    put = data.draw(st.sampled_from("abz019=&%+;#?./_-"))
    changed = query[:at] + put + query[at + 1 :]
    assume(changed != query)
    door = data.draw(st.sampled_from(DOORS))
    answer = ground.browser().get(f"/smartpush{door}?{changed}")
    assert not is_let_in(answer)


def rows(host):
    with host.database.read() as session:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (Delivery, Audience, Shop)
        ]


@quick
@given(body=st.binary(max_size=60), other=st.binary(max_size=60), base64=st.booleans())
def test_no_delivery_with_another_body_is_stored(ground, body, other, base64):
    assume(body != other)
    message = webhook("customers/update", body)
    if base64:
        import base64 as b64

        digest = bytes.fromhex(message["headers"]["X-Shopline-Hmac-Sha256"])
        message["headers"]["X-Shopline-Hmac-Sha256"] = b64.b64encode(digest).decode()
    before = rows(ground)
    answer = ground.browser().post("/smartpush/webhooks/shopline", **{**message, "data": other})
    assert (answer.status_code, rows(ground)) == (401, before)
