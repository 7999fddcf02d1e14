"""Bad days: each temper does what the page says, the same way each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from smartpush_shopline.sandbox import registry
from smartpush_shopline.sandbox.moods import Moods
from smartpush_shopline.sandbox.registry import MOODS, NoMood
from smartpush_shopline.sandbox.tempers import Number

from .conftest import ADA, Sandbox

NEWSLETTER = "GROUP5483719394486650001"
MEMBERS = f"/customer_saved_searches/{NEWSLETTER}/customers.json"


def statuses(sandbox: Sandbox, count: int, path: str = "/webhooks.json") -> list[int]:
    return [sandbox.get(path).status_code for _ in range(count)]


@pytest.mark.parametrize("mood", MOODS.values(), ids=lambda mood: mood.name)
def test_every_mood_is_described_and_can_be_set_to_everything_it_offers(
    sandbox: Sandbox, mood: Any
) -> None:
    assert mood.title and mood.group
    page = sandbox.visit("/moods").text
    assert f'name="{mood.name}"' in page
    offered = [mood.least, mood.most] if isinstance(mood, Number) else list(mood.values)
    for value in offered:
        sandbox.send("POST", "/alder/_sandbox/moods", {mood.name: value})
        assert getattr(sandbox.alder.moods, mood.name) == value
        assert str(value) in sandbox.visit("/moods").text
    sandbox.call("DELETE", "/alder/_sandbox/moods")
    assert sandbox.alder.moods.changed == {}
    assert sandbox.alder.moods.as_json()[mood.name] == registry.default(mood.name)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"humour": "good"}, "is no mood"),
        ({"webhooks": "often"}, "one of once, duplicated"),
        ({"chaos": 101}, "from 0 to 100"),
        ({"chaos": "much"}, "a number"),
        ({"speed": True}, "a number"),
        ({"answers": [{"status": 99}]}, "200 to 599"),
        ({"answers": [{"times": 0}]}, "number of calls"),
        ({"answers": {"status": 500}}, "a list"),
        ({"answers": [{"when": "now"}]}, "no part of an answer"),
        ([], "a JSON object"),
    ],
)
def test_a_wrong_wish_changes_nothing_and_says_why(
    sandbox: Sandbox, wish: Any, said: str
) -> None:
    answer = sandbox.call("POST", "/_sandbox/moods", json=wish)
    assert answer.status_code == 422
    assert answer.json is not None
    assert said in answer.json["errors"]
    if isinstance(wish, dict):
        both = {"nulls": "null", **wish}
        assert sandbox.call("POST", "/_sandbox/moods", json=both).status_code == 422
    assert sandbox.alder.moods.changed == {}


def test_moods_are_set_for_both_stores_or_for_one(sandbox: Sandbox) -> None:
    told = sandbox.send("POST", "/_sandbox/moods", {"webhooks": "dropped", "seed": 5})
    assert told["birch"]["webhooks"] == told["alder"]["webhooks"] == "dropped"
    told = sandbox.send("POST", "/birch/_sandbox/moods", {"webhooks": "once"})
    assert (told["webhooks"], told["seed"]) == ("once", 5)
    assert sandbox.alder.moods.webhooks == "dropped"
    listed = sandbox.read("/_sandbox/registry")
    assert [each["name"] for each in listed] == list(MOODS)
    with pytest.raises(NoMood):
        sandbox.alder.moods.webhooks = "sometimes"
    with pytest.raises(NoMood):
        sandbox.alder.moods.humour = "good"


def test_the_page_sets_moods_and_keeps_a_wrong_number(sandbox: Sandbox) -> None:
    form = {name: str(value) for name, value in sandbox.alder.moods.as_json().items()
            if name != "answers"}  # fmt: skip
    assert sandbox.submit("/moods", **form | {"nulls": "null"}).status_code == 303
    assert sandbox.alder.moods.changed == {"nulls": "null"}
    answer = sandbox.submit("/moods", **form | {"slow": "long"})
    assert answer.status_code == 422
    assert 'value="long"' in answer.text
    assert "from 0 to 60" in answer.text
    assert sandbox.submit("/moods/answers", status="503", times="2", path="").status_code == 303
    assert "2 times" in sandbox.visit("/moods").text
    assert sandbox.submit("/moods/answers", status="503", times="x").status_code == 422
    sandbox.submit("/moods/calm")
    assert statuses(sandbox, 2) == [200, 200]


def test_planned_answers_are_used_up_in_their_order(sandbox: Sandbox) -> None:
    sandbox.alder.answers_once(503).answers(429, times=2, path="webhooks.json").answers(402, -1)
    assert statuses(sandbox, 4) == [503, 429, 429, 402]
    sandbox.alder.moods.calm()
    assert statuses(sandbox, 1) == [200]


def test_the_same_seed_brings_the_same_chaos(sandbox: Sandbox) -> None:
    runs = []
    for seed in (7, 7, 8):
        sandbox.alder.moods.set({"seed": seed, "chaos": 50})
        runs.append(statuses(sandbox, 80))
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {200, 429, 500, 503, 504}


def test_slow_answers_and_a_queue_take_their_time(
    open_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = open_sandbox(bucket=40)
    slept: list[float] = []
    sandbox.app.extensions["sandbox"].sleep = slept.append
    sandbox.app.extensions["sandbox_buckets"]._monotonic = lambda: 0.0
    sandbox.alder.moods.bucket = "queues"
    assert statuses(sandbox, 41) == [200] * 40 + [429]
    assert slept[:3] == [0.25, 0.5, 0.75]
    assert slept[-1] == 39 / 4
    slept.clear()
    sandbox.alder.moods.set({"bucket": "off", "slow": 1.5})
    assert statuses(sandbox, 2) == [200, 200]
    assert slept == [1.5, 1.5]


def test_a_store_can_be_frozen_or_locked(sandbox: Sandbox) -> None:
    for word, status in (("frozen", 402), ("locked", 423)):
        sandbox.alder.moods.store_status = word
        assert statuses(sandbox, 1) == [status]
        assert sandbox.token_call("refresh", b"").status_code == status


def test_tokens_are_refused_or_end(sandbox: Sandbox) -> None:
    sandbox.alder.moods.tokens = "refused"
    assert statuses(sandbox, 1) == [401]
    assert sandbox.call("POST", "/alder/_sandbox/expire-tokens").status_code == 200


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("not_installed", "STORE_NOT_INSTALL_APP"),
        ("too_often", "REQUEST_FREQUENTLY"),
        ("audit", "APP_AUDIT_NOT_PASS"),
        ("failing", "TOKEN_CREATE_EXCEPTION"),
    ],
)
def test_renewing_can_be_refused(sandbox: Sandbox, word: str, code: str) -> None:
    sandbox.alder.moods.refresh = word
    assert sandbox.token_call("refresh", b"").json["i18nCode"] == code


def test_empty_fields_and_numbers_change_their_form(sandbox: Sandbox) -> None:
    gus = "/customers/v2/4210000008.json"
    sandbox.alder.moods.nulls = "null"
    told = sandbox.read(gus)["customer"]
    assert told["email"] is told["note"] is told["email_marketing_consent"] is None
    sandbox.alder.moods.set({"nulls": "omitted", "numbers": "text"})
    told = sandbox.read(gus)["customer"]
    assert (told["state"], told["email_subscribe_flag"]) == ("3", "1")
    assert told["verified_email"] is False
    sandbox.alder.moods.numbers = "number"
    told = sandbox.read(gus)["customer"]
    assert (told["total_spent"], told["gender"]) == (3150.0, 0)
    (member,) = sandbox.read(f"{MEMBERS}?limit=1")["customers"]
    assert type(member["mobile_subscribe_flag"]) is int
    assert type(member["id"]) is str


def read_all(sandbox: Sandbox) -> list[str]:
    seen: list[str] = []
    part = "?limit=50"
    while part:
        answer = sandbox.get(f"{MEMBERS}{part}")
        assert answer.json is not None
        seen += [each["id"] for each in answer.json["customers"]]
        link = answer.headers.get("link", "")
        nexts = [each for each in link.split(", ") if 'rel="next"' in each]
        part = "?" + nexts[0].partition("?")[2].partition(">")[0] if nexts else ""
    return seen


def test_members_shift_between_pages_and_some_are_missed(sandbox: Sandbox) -> None:
    still = read_all(sandbox)
    assert len(set(still)) == len(still)
    sandbox.alder.moods.set({"members": "shifting", "seed": 3})
    shifting = read_all(sandbox)
    assert shifting == read_all(sandbox)
    missed, again = set(still) - set(shifting), len(shifting) - len(set(shifting))
    pages = -(-len(still) // 50)
    assert 0 < len(missed) <= pages - 1
    assert again == len(missed)
    sandbox.alder.moods.members = "still"
    assert read_all(sandbox) == still


def test_a_listed_segment_vanishes_once(sandbox: Sandbox) -> None:
    sandbox.alder.moods.segments = "vanish"
    listed = sandbox.read("/customer_saved_searches.json")["customer_saved_searches"]
    last = listed[-1]["id"]
    assert sandbox.get(f"/customer_saved_searches/{last}/customers.json").status_code == 404
    again = sandbox.read("/customer_saved_searches.json")["customer_saved_searches"]
    assert len(again) == len(listed) - 1 == len(sandbox.alder.segments)


def test_a_snapshot_is_ten_minutes_old_at_most(sandbox: Sandbox) -> None:
    sandbox.alder.moods.membership = "snapshot"

    def has_ada() -> bool:
        return ADA in {each.id for each in sandbox.alder.members(segment)}

    segment = sandbox.alder.segments.all()[0]
    sandbox.send("PUT", f"/customers/{ADA}.json", {"customer": {"email_subscribe_flag": 0}})
    assert has_ada()  # nobody had read it, and still it is as it was before the change
    sandbox.clock.forward(minutes=9)
    assert has_ada()
    sandbox.clock.forward(minutes=1)
    assert not has_ada()


def test_a_snapshot_never_mixes_an_old_rule_with_people_of_later(sandbox: Sandbox) -> None:
    """Once the store's days begin elsewhere, what was kept of its segments answers nothing."""
    alder = sandbox.alder
    alder.moods.membership = "snapshot"
    segment = alder.segments.all()[0]
    was = {each.id for each in alder.members(segment)}
    everybody = replace(segment, rule="orders_count:>=0")
    alder.segments.put(segment.id, everybody)
    sandbox.send("PUT", f"/customers/{ADA}.json", {"customer": {"email_subscribe_flag": 0}})
    assert {each.id for each in alder.members(everybody)} == was
    alder.info = replace(alder.info, timezone="America/New_York")
    now = {each.id for each in alder.members(everybody)}
    assert ADA in now and len(now) == len(alder.customers)


def test_a_faster_time_shortens_lives_and_not_clocks(sandbox: Sandbox) -> None:
    sandbox.alder.moods.speed = 3600
    code = sandbox.allow().headers["Location"].partition("code=")[2].partition("&")[0]
    told = sandbox.token_call("create", f'{{"code":"{code}"}}'.encode()).json["data"]
    assert told["expireTime"] == "2026-11-24T04:00:10.000+00:00"
    sandbox.token = told["accessToken"]
    assert statuses(sandbox, 1, "/v2/customers.json?limit=1") == [200]
    sandbox.clock.forward(seconds=10)
    assert statuses(sandbox, 1, "/v2/customers.json?limit=1") == [401]


def test_moods_do_not_know_each_other() -> None:
    one, other = Moods(), Moods({"webhook_hmac": "base64"})
    one.webhook_hmac = "base64"
    assert one.changed == {"webhook_hmac": "base64"}
    assert other.changed == {}
    one.calm()
    assert (one.webhook_hmac, other.webhook_hmac) == ("hex", "base64")
    with pytest.raises(AttributeError):
        one.__wrapped__  # noqa: B018  what tools ask for must not be a mood
    assert replace(registry.MOODS["seed"], title="x").title == "x"
