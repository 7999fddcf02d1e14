"""Many people by arithmetic: every selection is what a plain list would be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartpush_shopline.sandbox.ground import Ground, Place, Selection
from smartpush_shopline.sandbox.rules import parse

from .conftest import ADA, Sandbox, StandingClock

API = "/customer_saved_searches/GROUP548371939448665000{}/customers.json"


@dataclass(frozen=True)
class Thing:
    number: int
    weight: int


@given(
    weights=st.lists(st.integers(0, 4), min_size=1, max_size=7),
    size=st.integers(0, 30),
    changes=st.dictionaries(st.integers(0, 35), st.none() | st.integers(0, 4), max_size=8),
    least=st.integers(0, 4),
    by_key=st.booleans(),
)
def test_a_selection_is_a_list_that_was_never_written_down(
    weights: list[int], size: int, changes: dict[int, int | None], least: int, by_key: bool
) -> None:
    block = len(weights)
    slots = [Thing(number, weight) for number, weight in enumerate(weights)]

    def place(number: int) -> Place | None:
        return (number % block, number // block) if number < size else None

    ground = Ground(
        slots,
        range(block),
        block,
        size,
        lambda slot, turn: Thing(slot + turn * block, weights[slot]),
        lambda ref: None,
    )
    plain = {number: Thing(number, weights[number % block]) for number in range(size)}
    changed = []
    for number in sorted(changes):
        weight = changes[number]
        plain.pop(number, None)
        if weight is not None:
            plain[number] = Thing(number, weight)
            changed.append((plain[number], place(number)))
    gone = [there for number in changes if (there := place(number))]
    key = (lambda thing: -thing.weight) if by_key else None
    found = Selection(ground, changed, gone, lambda thing: thing.weight >= least, key)
    expected = [plain[number] for number in sorted(plain) if plain[number].weight >= least]
    assert len(found) == len(expected)
    if key:
        assert [thing.weight for thing in found] == [t.weight for t in sorted(expected, key=key)]
        assert set(found) == set(expected)
    else:
        assert list(found) == expected
    assert found[1:3] == list(found)[1:3]


@pytest.fixture
def large(open_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return open_sandbox(customers=1_000_000)


def test_a_million_people_are_counted_and_found_at_once(large: Sandbox) -> None:
    assert large.read("/customers/v2/count.json") == {"count": 1_000_000}
    last = large.read("/customers/v2/4211000000.json")["customer"]
    assert last["id"] == "4211000000"
    assert large.get("/customers/v2/4211000001.json").status_code == 404
    page = large.read("/v2/customers.json?limit=250&since_id=4210999700")["customers"]
    assert [int(each["id"]) for each in page] == list(range(4_210_999_701, 4_210_999_951))


def test_a_page_of_a_million_takes_about_the_steps_of_one_of_five_thousand(
    large: Sandbox, open_sandbox: Callable[..., Sandbox]
) -> None:
    small = open_sandbox(customers=5_000)
    for path in (API.format(1) + "?limit=250", "/v2/customers.json?limit=250&since_id=4210002000"):
        few, many = steps(small, path), steps(large, path)
        assert 1_000 < many < 1.5 * few, path


def steps(sandbox: Sandbox, path: str) -> int:
    """Calls of functions for one answer, once everything is warm."""
    made = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sandbox.read(path)
    sys.setprofile(note)
    try:
        sandbox.read(path)
    finally:
        sys.setprofile(None)
    return made


def test_rules_still_hold_after_edits(large: Sandbox) -> None:
    somebody = "4210700003"
    members = large.read(API.format(5) + "?limit=2")["customers"]
    before = len(large.alder.members(large.alder.segments.all()[4]))
    large.send("PUT", f"/customers/{somebody}.json", {"customer": {"tags": "wholesale"}})
    large.call("DELETE", f"/customers/{members[0]['id']}.json")
    wholesale = large.alder.members(large.alder.segments.all()[4])
    assert len(wholesale) == before
    assert somebody in {each.id for each in wholesale if each.id.startswith("42107000")}
    assert large.read(API.format(5) + "?limit=1")["customers"][0]["id"] == members[1]["id"]


def test_everybody_is_somebody_else(open_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = open_sandbox(customers=5_000)
    everyone = sandbox.alder.customers.all()
    assert len({each.id for each in everyone}) == 5_000
    for field in ("email", "phone"):
        given = [value for each in everyone if (value := getattr(each, field))]
        assert len(given) - len(set(given)) <= 1, field  # Eve and Eli share an address
    now, zone = sandbox.clock(), sandbox.alder.info.zone
    for segment in sandbox.alder.segments.all():
        test = parse(segment.rule).test(now, zone)
        expected = [each.id for each in everyone if test(each)]
        assert [each.id for each in sandbox.alder.members(segment)] == expected
        for order in ("1", "2"):
            assert {each.id for each in sandbox.alder.members(segment, order)} == set(expected)


def test_a_file_keeps_only_what_was_changed(
    open_sandbox: Callable[..., Sandbox], tmp_path: object, clock: StandingClock
) -> None:
    options = {"data": f"{tmp_path}/stores.db", "customers": 50_000}
    before = open_sandbox(**options)
    before.call("DELETE", f"/customers/{ADA}.json")
    before.send("PUT", "/customers/4210040001.json", {"customer": {"note": "remembered"}})
    clock.forward(days=3)
    after = open_sandbox(**options)
    assert after.get(f"/customers/v2/{ADA}.json").status_code == 404
    assert after.read("/customers/v2/4210040001.json")["customer"]["note"] == "remembered"
    assert after.alder.customers.get("4210039999") == before.alder.customers.get("4210039999")
    assert len(after.alder.customers) == 49_999
    made = after.send("POST", "/customers.json", {"customer": {"email": "new@example.com"}})
    assert made["customer"]["id"] == "4210050001"


def test_orders_add_up_to_what_the_customers_spent(sandbox: Sandbox) -> None:
    orders = sandbox.alder.orders.all()
    assert [each.id for each in orders] == sorted({each.id for each in orders})
    assert len({each.name for each in orders}) == len(orders)
    for customer in sandbox.alder.customers.everyone()[:60]:
        own = [each for each in orders if each.customer_id == customer.id and each.counts]
        assert len(own) == customer.orders_count
        assert sum(each.amount for each in own) == customer.spent
        if own:
            assert own[-1].id == customer.last_order_id
            assert own[-1].placed_at == customer.last_order_at
            assert sandbox.alder.orders.get(own[0].id) == own[0]
    neighbour = replace(orders[0], id="1")
    assert sandbox.alder.orders.get(neighbour.id) is None
