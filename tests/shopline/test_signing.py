"""The published vectors, and that nothing but them is let in."""

import base64
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smartpush_shopline.errors import DeepLinkRefused, DeliveryRefused
from smartpush_shopline.shopline import sign_body, sign_query, verify_query, verify_webhook
from smartpush_shopline.shopline.signing import decoded_source, encoded_source

from .conftest import NOW, SECRET

SDK_SECRET = "LDLLJJLflja2039203flaflaLLFLE"
SDK_BODY = b'{"body_html":"BodyHtml","id":"32398389389389"}'
GROUP_BODY = (
    b'{"id":"GROUP1000000000000000001","name":"VIP","query":"ordersCount:>2",'
    b'"created_at":"2026-11-01T10:00:00+08:00","updated_at":"2026-11-02T10:00:00+08:00"}'
)
OPEN = {
    "appkey": "demo_app_key",
    "handle": "demo-store",
    "lang": "en",
    "timestamp": "1793520000000",
}
OPEN_SIGN = "4ee08b22e1f1aac8b6691c145d9231443d8fcc1c5cb44c37290502d93d7ec326"
CALLBACK = {
    "appkey": "demo_app_key",
    "code": "abc123code",
    "customField": "n=1&x=a b",
    "handle": "demo-store",
    "timestamp": "1793520000000",
}
CALLBACK_ENCODED = "2697de10fc8255f4c75a7d7e636e3dc6d2a6868e0f8ab200d2579e038352b8ac"
CALLBACK_DECODED = "f4f3477edcf15ec8fdb5cbd81687023c5cd75168aaef52e23faac8e6a49f73b7"


def link(params, sign=None, secret=SECRET):
    return urlencode({**params, "sign": sign or sign_query(params, secret)}, quote_via=quote)


def refusal(query, **kwargs):
    with pytest.raises(DeepLinkRefused) as refused:
        verify_query(query, kwargs.pop("secrets", [SECRET]), kwargs.pop("now", NOW), **kwargs)
    return refused.value.reason


# --- the published vectors ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "timestamp", "secret", "sign"),
    [
        (
            b"",
            "21c335b3a",
            SDK_SECRET,
            "cf5edab6b92d740fe54b3ce9e2723788128384a1eb5c2a5d64c9210a31185b86",
        ),
        (
            b'{"code":"code"}',
            "21c335b3a",
            SDK_SECRET,
            "4c4cf0ac52439d1308b58897f857dcba8545efb6c0e8091fba64b148218d2074",
        ),
        (
            b'"my secret message"',
            "",
            SDK_SECRET,
            "7d8b4cbec432e0c7e901881cc0f2490a910d56eaa73fc94bcc4276d14a61fe88",
        ),
        (
            b'{"code":"abc123code"}',
            "1793520000000",
            SECRET,
            "86405c08e4ec67fb41d1526b87d9a09f2becd291c4e794262fb7316f4a8736ac",
        ),
        (
            b"",
            "1793520000000",
            SECRET,
            "84ec09341efd10d37526d1b3f6b0bc54906fdd26acc3d2c4db8830c736a2a779",
        ),
    ],
)
def test_a_body_is_signed_as_published(body, timestamp, secret, sign):
    assert sign_body(body, timestamp, secret) == sign


@pytest.mark.parametrize(
    ("params", "secret", "sign"),
    [
        (
            {"timestamp": "21c335b3a", "lang": "zh", "appkey": SDK_SECRET, "handle": "zwapptest"},
            SDK_SECRET,
            "654a42549daaad959b6488500f499fc0381c6cf24d8afceeb566729fc82fee6a",
        ),
        (OPEN, SECRET, OPEN_SIGN),
        (OPEN | {"sign": "whatever"}, SECRET, OPEN_SIGN),
        (
            OPEN | {"segment_id": "GROUP1000000000000000001"},
            SECRET,
            "70e1c32911a16ad88400f3bb57e1b7662e9ca747a5acc20c55d32a2daca97df7",
        ),
        (CALLBACK, SECRET, CALLBACK_DECODED),
    ],
)
def test_a_query_is_signed_as_published(params, secret, sign):
    assert sign_query(params, secret) == sign


def test_both_source_strings_are_built_as_published():
    assert decoded_source(CALLBACK.items()) == (
        "appkey=demo_app_key&code=abc123code&customField=n=1&x=a b"
        "&handle=demo-store&timestamp=1793520000000"
    )
    assert encoded_source(CALLBACK.items()) == (
        "appkey=demo_app_key&code=abc123code&customField=n%3D1%26x%3Da%20b"
        "&handle=demo-store&timestamp=1793520000000"
    )
    assert sign_body(encoded_source(CALLBACK.items()).encode(), "", SECRET) == CALLBACK_ENCODED


@pytest.mark.parametrize(
    ("body", "secret", "header"),
    [
        (
            SDK_BODY,
            SDK_SECRET,
            "edf64f4c46a9cb2c8aaa6c7034b77899aca1b63ad0c461901417a42b1cf139b0",
        ),
        (SDK_BODY, SDK_SECRET, "7fZPTEapyyyKqmxwNLd4mayhtjrQxGGQFBekKxzxObA="),
        (
            GROUP_BODY,
            SECRET,
            "d8e14e50ff0b284a53a86b6b1bf6106b25f9ea7464dddbb49dc64448c850617e",
        ),
        (GROUP_BODY, SECRET, "2OFOUP8LKEpTqGtrG/YQayX56nRk3du0ncZESMhQYX4="),
    ],
)
def test_a_webhook_is_accepted_in_hex_and_in_base64(body, secret, header):
    verify_webhook(body, header, ["older", secret])
    verify_webhook(body, header.upper() if len(header) == 64 else header, [secret])


# --- links ----------------------------------------------------------------------------------


def test_a_signed_link_gives_its_parameters_without_the_signature():
    assert verify_query(link(OPEN, OPEN_SIGN), [SECRET], NOW) == OPEN
    assert verify_query(link(OPEN, OPEN_SIGN).encode(), [SECRET], NOW) == OPEN


def test_an_older_secret_still_opens():
    assert verify_query(link(OPEN), ["newest", SECRET], NOW) == OPEN


def test_decoded_encoded_and_raw_sources_are_all_accepted():
    params = OPEN | {"customField": "a b/ü"}
    encoded = sign_body(encoded_source(params.items()).encode(), "", SECRET)
    raw_text = (
        "appkey=demo_app_key&customField=a%20b/%c3%bc&handle=demo-store&timestamp=1793520000000"
    )
    raw = f"{raw_text}&sign={sign_body(raw_text.encode(), '', SECRET)}"
    for query in (link(params), link(params, encoded), raw):
        assert verify_query(query, [SECRET], NOW)["customField"] == "a b/ü"


@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_a_link_opens_for_ten_minutes_around_its_time(minutes):
    assert verify_query(link(OPEN), [SECRET], NOW + timedelta(minutes=minutes)) == OPEN


@pytest.mark.parametrize("seconds", [-601, 601, 86400])
def test_a_link_outside_its_window_is_expired(seconds):
    later = NOW + timedelta(seconds=seconds)
    assert refusal(link(OPEN), now=later) == "expired"
    assert verify_query(link(OPEN), [SECRET], later, ignore_expiry=True) == OPEN


@pytest.mark.parametrize(
    "timestamp", ["", "21c335b3a", "-1", "1" * 30, "１７９３５２０００００００"]
)
def test_a_link_without_a_readable_time_is_malformed(timestamp):
    assert refusal(link(OPEN | {"timestamp": timestamp})) == "malformed"


@pytest.mark.parametrize(
    "handle", ["Demo", "-demo", "demo.evil.example", "demo/x", "", "demo\n", "dé"]
)
def test_a_handle_that_is_no_sub_domain_is_refused_even_when_signed(handle):
    assert refusal(link(OPEN | {"handle": handle})) == "bad_handle"


@pytest.mark.parametrize("query", ["", "sign=", "appkey=demo_app_key&handle=demo-store"])
def test_a_link_without_signature_is_unsigned(query):
    assert refusal(query) == "unsigned"


@pytest.mark.parametrize(
    "sign", ["0" * 64, OPEN_SIGN[:-1], OPEN_SIGN.upper(), "ü", " " + OPEN_SIGN]
)
def test_a_wrong_signature_is_refused(sign):
    assert refusal(link(OPEN, sign)) == "bad_signature"


def test_nobody_is_let_in_without_secrets():
    assert refusal(link(OPEN), secrets=[]) == "bad_signature"


@pytest.mark.parametrize("query", [b"a=\xff", "a=%ff", "%c3=1", "a=\udcff"])
def test_a_link_that_is_not_utf8_is_malformed(query):
    assert refusal(query) == "malformed"


@pytest.mark.parametrize(
    "query",
    [
        link(CALLBACK, CALLBACK_DECODED),
        link(CALLBACK, CALLBACK_ENCODED),
        link(OPEN) + "&handle=victim",
        link(OPEN) + f"&sign={OPEN_SIGN}",
        link(OPEN | {"a=b": "c"}),
        link(OPEN | {"a&b": "c"}),
        link(OPEN | {"a": "50%"}),
        "a%3Db=c",
        "x=1&x=1",
    ],
)
def test_a_link_that_can_be_read_in_two_ways_is_refused_before_its_signature(query):
    assert refusal(query) == "ambiguous"


def test_a_signature_for_ones_own_store_does_not_open_another():
    """SHOPLINE signs what an attacker put into customField for their own store."""
    own = OPEN | {"customField": "x&handle=victim&z=", "handle": "evil"}
    sign = sign_query(own, SECRET)
    resplit = (
        "appkey=demo_app_key&customField=x&handle=victim&lang=en&timestamp=1793520000000"
        f"&z=%26handle%3Devil&sign={sign}"
    )
    assert refusal(resplit) == "ambiguous"
    assert refusal(f"{decoded_source(own.items())}&sign={sign}") == "ambiguous"


def test_a_plus_is_not_a_space():
    """Signed for a literal plus; as received without escaping it would read as a space."""
    params = OPEN | {"customField": "a+b"}
    sign = sign_query(params, SECRET)
    assert verify_query(link(params, sign), [SECRET], NOW)["customField"] == "a+b"
    assert refusal(f"{decoded_source(params.items())}&sign={sign}") == "bad_signature"


quick = settings(max_examples=60, deadline=None, database=None)
names = st.text("abzAZ09_-.&=%+ é", min_size=1, max_size=6)
texts = st.text("abz019_-.&=%+/ é中", max_size=8)
extras = st.dictionaries(names.filter(lambda name: name != "sign"), texts, max_size=4)
encoders = [
    lambda pairs: urlencode(pairs),
    lambda pairs: urlencode(pairs, quote_via=quote),
    lambda pairs: "&".join(f"{k}={v}" for k, v in pairs),
    lambda pairs: "&".join(f"{quote(k, '/+')}={quote(v, '/+=')}" for k, v in pairs),
]


def signatures(params):
    """Every way in which the platform may have signed these parameters."""
    kept = sorted(params.items())
    sources = [decoded_source(kept), encoded_source(kept), *(encode(kept) for encode in encoders)]
    return [sign_body(source.encode(), "", SECRET) for source in sources]


def opened(query):
    """What the door reads, or None when it refuses."""
    try:
        return verify_query(query, [SECRET], NOW)
    except DeepLinkRefused:
        return None


@quick
@given(extras, extras, st.sampled_from(encoders))
def test_no_change_of_the_decoded_parameters_is_accepted(signed, shown, encode):
    """Of links the door can read in one way only; it refuses the others whatever they carry."""
    assume(not any("=" in key or {"&", "%"} & {*key, *value} for key, value in signed.items()))
    signed, shown = OPEN | signed, OPEN | shown
    for sign in signatures(signed):
        assert opened(encode([*shown.items(), ("sign", sign)])) in (signed, None)


@quick
@given(extras, st.sampled_from(encoders))
def test_whatever_is_signed_for_one_store_opens_no_other(signed, encode):
    """Not even when the text that was signed is shown as it is, to be split in another way."""
    signed |= OPEN
    for source in (decoded_source(signed.items()), encoded_source(signed.items())):
        sign = sign_body(source.encode(), "", SECRET)
        for query in (source, encode([(key, value) for key, value in signed.items()])):
            read = opened(f"{query}&sign={sign}")
            assert read is None or OPEN.items() <= read.items()


honest = st.dictionaries(
    st.text("abzAZ09_-.+ é", min_size=1, max_size=6), st.text("abz019_-.=+/ é中", max_size=8)
)


@quick
@given(honest, st.sampled_from(encoders[:2]))
def test_an_honest_link_opens(extra, encode):
    params = extra | OPEN
    for sign in signatures(params)[:2]:
        assert opened(encode([*params.items(), ("sign", sign)])) == params


@quick
@given(st.binary(max_size=60), st.lists(st.text(max_size=5), max_size=2))
def test_noise_is_refused_and_never_crashes(query, secrets):
    with pytest.raises(DeepLinkRefused):
        verify_query(query, secrets, NOW)


# --- webhooks -------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "  "])
def test_a_delivery_without_signature_is_unsigned(header):
    with pytest.raises(DeliveryRefused) as refused:
        verify_webhook(b"{}", header, [SECRET])
    assert refused.value.reason == "unsigned"


@pytest.mark.parametrize("header", ["abc", "ü" * 44, "2OFOUP8L", "0" * 63, "2OFOUP8L!" * 5])
def test_a_delivery_with_a_strange_signature_is_malformed(header):
    with pytest.raises(DeliveryRefused) as refused:
        verify_webhook(b"{}", header, [SECRET])
    assert refused.value.reason == "malformed"


@quick
@given(st.binary(max_size=100), st.binary(max_size=100), st.booleans())
def test_a_changed_body_is_refused(body, other, as_base64):
    assume(body != other)
    digest = bytes.fromhex(sign_body(body, "", SECRET))
    header = base64.b64encode(digest).decode() if as_base64 else digest.hex()
    verify_webhook(body, header, [SECRET])
    for changed, secrets in ((other, [SECRET]), (body, ["another"]), (body, [])):
        with pytest.raises(DeliveryRefused) as refused:
            verify_webhook(changed, header, secrets)
        assert refused.value.reason == "bad_signature"
