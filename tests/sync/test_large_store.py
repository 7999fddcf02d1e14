"""A store that is too large to be read in full every night: cursor, memberships, counts, plan."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.sandbox import buying, groups, people
from smartpush_shopline.segments.models import Segment, SegmentVersion
from smartpush_shopline.shopline import ShoplineClient
from smartpush_shopline.shops.models import Shop
from smartpush_shopline.sync import outlook, planning, staleness
from smartpush_shopline.sync.models import SyncDelta
from tests.support import versions
from tests.sync.test_nights import night_of, read_tonight


@pytest.fixture
def large(connected):
    """The same store, for which the night has only a few calls."""
    connected.state.settings = replace(connected.state.settings, night_budget=8)
    return connected


@pytest.fixture
def untold(store):
    """Changes of which no message tells."""
    store.moods.deliver = "never"
    return store


def plan_of(host):
    return host.runs()[-1].findings["plan"]


def buys(store, customer_id, **facts):
    customer = store.customers.get(customer_id)
    store.customers.put(customer_id, replace(customer, updated_at=store.now(), **facts))
    return customer_id


def test_a_quiet_night_asks_for_changes_and_counts_only(large, sandbox, store, clock):
    sandbox.calls.clear()
    night_of(large, clock)
    pages = [call for call in sandbox.calls if "v2/customers.json" in call]
    assert len(pages) == 1
    assert "updated_at_min" in pages[0]
    assert sandbox.counted("graphql") == len(large.segments()) + 1, "somebody in the overlap"
    assert plan_of(large) == {"read": {"time": 1}, "later": 3}
    assert read_tonight(large, sandbox) == {"No order for 90 days"}
    assert large.runs()[-1].state == "done"


def test_a_changed_customer_is_checked_against_all_segments_without_reading_them(
    large, sandbox, untold, clock, members
):
    poor = next(c for c in untold.customers.all() if c.orders_count == 0 and c.spent == 0)
    clock.forward(minutes=5)
    buys(untold, poor.id, orders_count=5, spent=90_000_00)
    sandbox.calls.clear()
    night_of(large, clock)
    assert poor.id in members("Big spenders")
    assert poor.id in members("Returning customers")
    for name in ("Big spenders", "Returning customers"):
        newest = versions(large.database, large.segments()[name].id)[-1]
        assert (newest.cause, newest.joined, newest.left) == ("changes", 1, 0)
        segment = large.segments()[name]
        assert segment.count_checked_at > segment.read_at or name in read_tonight(large, sandbox)
        assert segment.admin_count == newest.count
    with large.database.read() as session:
        assert not session.scalars(select(SyncDelta)).all()
    drifted = {each["name"]: each for each in large.runs()[-1].findings["drifted"]}
    assert drifted["Big spenders"]["joined"] == 1


def test_a_count_that_does_not_fit_is_read(large, sandbox, untold, clock, members):
    """Neither orders nor consent bump `updated_at` here, so only the count tells."""
    big = next(s for s in untold.segments.all() if s.name == "Big spenders")
    gone = untold.members(big)[0]
    untold.customers.put(gone.id, replace(gone, spent=0))
    sandbox.calls.clear()
    night_of(large, clock)
    assert plan_of(large)["read"]["count"] == 1
    assert gone.id not in members("Big spenders")


@pytest.fixture
def swapped(large, untold, clock):
    """One buys, another's order is cancelled: lost messages, no `updated_at`, the same count."""
    came, went, *_others = (c.id for c in untold.customers.all() if c.spent == 0)
    order = buying.place(untold, went, 90_000)
    night_of(large, clock)
    untold.moods.order_bumps_customer = "no"
    clock.forward(hours=8)
    buying.cancel(untold, order.id)
    buying.place(untold, came, 90_000)
    return came, went


@pytest.mark.parametrize("listed", ["any", "unshipped"])
def test_buyers_are_found_by_their_orders(
    large, sandbox, untold, swapped, clock, members, listed
):
    came, went = swapped
    assert went in members("Big spenders")
    for order in untold.orders.changed():
        buying.fulfil(untold, order.id)
    untold.moods.order_list = listed
    sandbox.calls.clear()
    night_of(large, clock, hours=16)
    assert came in members("Big spenders")
    assert went not in members("Big spenders")
    assert versions(large.database, large.segments()["Big spenders"].id)[-1].cause == "changes"
    asked = [call for call in sandbox.calls if "/orders.json" in call]
    assert len(asked) == (2 if listed == "any" else 8)
    assert all("updated_at_min" in call for call in asked)


def test_what_somebody_bought_is_known_after_the_night_although_they_did_not_change(
    large, store, swapped, clock
):
    night_of(large, clock, hours=16)
    for ref, figures in zip(swapped, [(1, 90_000), (0, 0)], strict=True):
        theirs, ours = store.customers.get(ref), large.people().find(ref)
        assert (theirs.orders_count, theirs.spent / 100) == figures
        assert (ours.orders_count, ours.total_spent) == figures


def test_orders_that_no_message_told_of_are_counted_once(large, swapped, clock):
    for found in (2, 0):
        night_of(large, clock, hours=16 if found else 24)
        assert large.runs()[-1].findings.get("unannounced", {}).get("orders", 0) == found


@pytest.mark.parametrize("part", ["orders.json", "orders/count.json"])
@pytest.mark.parametrize("status", [403, 503])
def test_a_store_that_does_not_show_its_orders_has_its_night_all_the_same(
    large, untold, at, clock, part, status
):
    at(part, status, times=1000)
    night_of(large, clock)
    for _ in range(8):
        clock.forward(minutes=1)
        large.tick()
    assert large.runs()[-1].state == "done"


def test_a_store_that_did_not_grant_its_orders_is_not_asked_for_them(large, sandbox, store, clock):
    with large.database.begin() as session:
        session.get_one(Shop, large.shop().id).scopes = "read_customers"
    planned = large.app.test_cli_runner().invoke(args=["smartpush", "sync", "--plan"]).output
    night_of(large, clock)
    assert large.runs()[-1].state == "done"
    assert not sandbox.counted("orders") and "changed orders" not in planned


def test_a_store_that_is_read_in_full_is_not_asked_for_orders(connected, sandbox, store, clock):
    night_of(connected, clock)
    assert not sandbox.counted("orders")


def test_a_rule_that_nobody_told_of_is_read_first(large, sandbox, untold, clock, members):
    big = next(s for s in untold.segments.all() if s.name == "Big spenders")
    groups.edit(untold, big.id, rule="total_spent:>=100")
    sandbox.calls.clear()
    night_of(large, clock)
    assert plan_of(large)["read"]["changed"] == 1
    assert members("Big spenders") == {
        c.id for c in untold.members(groups.get(untold, big.id))
    }


@pytest.mark.parametrize("status", [400, 503])
def test_a_store_that_answers_no_such_questions_has_its_night_all_the_same(
    large, sandbox, untold, at, clock, members, status
):
    poor = next(c for c in untold.customers.all() if c.orders_count == 0 and c.spent == 0)
    clock.forward(minutes=5)
    buys(untold, poor.id, orders_count=5, spent=90_000_00)
    at("graphql", status, times=1000)
    night_of(large, clock)
    for _ in range(8):
        clock.forward(minutes=1)
        large.tick()
    assert large.runs()[-1].state == "done"
    assert plan_of(large) == {"read": {"members": 1}, "later": len(large.segments()) - 1}
    assert poor.id in members("Big spenders")


@pytest.mark.parametrize(("days", "full"), [(26, False), (27, True)])
def test_all_customers_are_read_again_after_four_weeks(
    large, sandbox, store, clock, days, full
):
    with large.database.begin() as session:
        session.get_one(Shop, large.shop().id).customers_read_at = clock() - timedelta(days=days)
    sandbox.calls.clear()
    night_of(large, clock)
    [page] = [call for call in sandbox.calls if "v2/customers.json" in call]
    assert ("updated_at_min" not in page) is full
    assert (large.shop().customers_read_at == clock()) is full
    assert large.shop().customers_cursor == max(c.updated_at for c in store.customers.all())


def test_a_lost_deletion_is_told_by_the_count_of_customers(large, sandbox, untold, clock):
    gone = untold.customers.all()[3]
    people.delete(untold, gone.id)
    sandbox.calls.clear()
    night_of(large, clock)
    assert large.people().verdict(gone.id) == "erased"
    assert large.runs()[-1].findings["unannounced"] == {"deleted": 1}
    assert large.shop().customers_read_at == clock()
    sandbox.calls.clear()
    night_of(large, clock, hours=24)
    [page] = [call for call in sandbox.calls if "v2/customers.json" in call]
    assert "updated_at_min" in page, "once is enough"


def test_a_lost_deletion_waits_when_a_full_reading_is_beyond_the_budget(
    large, sandbox, untold, clock
):
    large.state.settings = replace(large.state.settings, night_budget=4)
    gone = untold.customers.all()[3]
    people.delete(untold, gone.id)
    sandbox.calls.clear()
    night_of(large, clock)
    assert large.people().verdict(gone.id) != "erased"
    [page] = [call for call in sandbox.calls if "v2/customers.json" in call]
    assert "updated_at_min" in page


class Count:
    """What the store counts as customers: so many fewer than it has."""

    def __init__(self, monkeypatch):
        self.fewer, really = 0, ShoplineClient.fetch_customer_count
        monkeypatch.setattr(
            ShoplineClient, "fetch_customer_count", lambda client: really(client) - self.fewer
        )


@pytest.fixture
def count(monkeypatch):
    return Count(monkeypatch)


def reads_all(host, sandbox, clock):
    """Does the next night read all customers?"""
    sandbox.calls.clear()
    night_of(host, clock, hours=24)
    pages = [call for call in sandbox.calls if "v2/customers.json" in call]
    return any("updated_at_min" not in page for page in pages)


def test_a_store_that_counts_something_else_is_read_in_full_once(
    large, sandbox, untold, clock, count
):
    count.fewer = 5
    assert reads_all(large, sandbox, clock)
    assert large.runs()[-1].findings["uncounted"] == {"people": 5, "read": True}
    for _ in range(3):
        assert not reads_all(large, sandbox, clock)
    assert large.runs()[-1].findings["uncounted"] == {"people": 5, "read": False}
    page = large.browser().get("/smartpush/activity/runs").get_data(as_text=True)
    assert "5 more customers are here than the store counts; all were read" in page
    assert "5 more customers are here than the store counts; all are read again" in page


def test_a_lost_deletion_is_found_in_a_store_that_counts_something_else(
    large, sandbox, untold, clock, count
):
    count.fewer = 5
    reads_all(large, sandbox, clock)
    gone = untold.customers.all()[3]
    people.delete(untold, gone.id)
    assert reads_all(large, sandbox, clock)
    assert large.people().verdict(gone.id) == "erased"
    assert large.runs()[-1].findings["uncounted"] == {"people": 5, "read": True}


def test_a_difference_that_becomes_smaller_leaves_no_room_for_a_lost_deletion(
    large, sandbox, untold, clock, count
):
    count.fewer = 5
    reads_all(large, sandbox, clock)
    count.fewer = 0
    assert not reads_all(large, sandbox, clock)
    assert "uncounted" not in large.runs()[-1].findings
    gone = untold.customers.all()[3]
    people.delete(untold, gone.id)
    assert reads_all(large, sandbox, clock)
    assert large.people().verdict(gone.id) == "erased"


def test_a_difference_that_grows_every_night_is_read_for_ever_more_rarely(
    large, sandbox, untold, clock, count
):
    read = []
    for night in range(12):
        count.fewer += 1
        read += [night] * reads_all(large, sandbox, clock)
    assert read == [0, 1, 4, 11]


def test_who_is_deleted_while_all_are_read_is_found_by_the_next_night(
    large, sandbox, untold, at, clock
):
    gone, later = untold.customers.all()[3:5]
    people.delete(untold, gone.id)
    at(f"customers/v2/{gone.id}", lambda: people.delete(untold, later.id))
    untold.moods.deliver = "never"
    reads_all(large, sandbox, clock)
    assert large.people().verdict(gone.id) == "erased"
    assert large.people().verdict(later.id) != "erased"
    assert reads_all(large, sandbox, clock)
    assert large.people().verdict(later.id) == "erased"


def test_who_changes_while_a_long_reading_goes_on_is_met_by_the_next_one(large, store, at, clock):
    """Their page may have been read hours before the last one, which told of later changes."""

    def hours_later():
        clock.forward(hours=3)
        buys(store, store.customers.all()[-1].id, city="Elsewhere")

    at("v2/customers.json", hours_later)
    night_of(large, clock)
    assert large.shop().customers_cursor == large.runs()[-1].started_at
    assert large.shop().customers_cursor < store.customers.all()[-1].updated_at


def test_a_change_that_was_listed_late_is_met_by_the_next_night(large, untold, clock):
    """Dated by the store some minutes before the newest one that the last night met."""
    late = min(untold.customers.all(), key=lambda customer: customer.updated_at)
    when = large.shop().customers_cursor - timedelta(minutes=9)
    assert late.updated_at < when
    untold.customers.put(late.id, replace(late, updated_at=when, last_name="Late"))
    night_of(large, clock)
    with large.database.read() as session:
        met = session.scalars(select(Contact).where(Contact.customer_ref == late.id)).one()
    assert met.last_name == "Late"


def test_what_was_asked_before_a_segment_was_read_is_not_applied_after_it(
    large, untold, at, clock, members
):
    """One joined and one left, so the count fits, whichever of the two is the truth."""
    big = next(s for s in untold.segments.all() if s.name == "Big spenders")
    rich = untold.members(big)[0]
    poor = next(c for c in untold.customers.all() if c.spent == 0)
    clock.forward(minutes=5)
    buys(untold, poor.id, spent=rich.spent)
    buys(untold, rich.id, spent=0)

    def changed_back():
        buys(untold, poor.id, spent=0)
        buys(untold, rich.id, spent=rich.spent)
        with large.database.begin() as session:
            segment = session.get_one(Segment, large.segments()["Big spenders"].id)
            staleness.mark_stale(session, segment, staleness.PERSON, clock())

    at("graphql", changed_back, nth=2)
    night_of(large, clock)
    assert members("Big spenders") == {c.id for c in untold.members(big)}
    assert poor.id not in members("Big spenders")


def test_an_interrupted_check_goes_on(large, sandbox, untold, at, clock, members):
    poor = next(c for c in untold.customers.all() if c.orders_count == 0 and c.spent == 0)
    clock.forward(minutes=5)
    buys(untold, poor.id, orders_count=5, spent=90_000_00)
    at("graphql", 503, nth=3)
    night_of(large, clock)
    assert large.runs()[-1].phase == "counts"
    clock.forward(seconds=10)
    large.tick()
    assert large.runs()[-1].state == "done"
    assert poor.id in members("Big spenders")


def test_what_changed_and_was_not_written_leaves_no_new_version(large, store, clock):
    clock.forward(minutes=5)
    buys(store, store.customers.all()[0].id, city="Elsewhere")
    night_of(large, clock)
    with large.database.read() as session:
        assert len(session.scalars(select(SegmentVersion)).all()) == len(large.segments())


def test_a_consent_is_taken_from_the_changes(large, untold, clock):
    reader = next(c for c in untold.customers.all() if c.email and c.email_consent.state == 1)
    clock.forward(minutes=5)
    people.edit(untold, reader.id, {"email_subscribe_flag": 0}, "Admin")
    night_of(large, clock)
    assert large.people().verdict(reader.id) in ("unsubscribed", "blacklisted")


def test_the_command_line_tells_what_tonight_would_do_and_asks_nothing(large, sandbox):
    sandbox.calls.clear()
    run = large.app.test_cli_runner().invoke
    told = run(args=["smartpush", "sync", "--plan"])
    assert told.exit_code == 0, told.output
    assert "(birch): 24 Nov 2026, 00:00 America/New_York" in told.output
    said = " ".join(told.output.split())
    assert "No order for 90 days its rule moves with time, or is not understood" in said
    [facts] = json.loads(run(args=["smartpush", "sync", "birch", "--plan", "--json"]).output)
    assert (facts["everything"], facts["budget"], facts["customers"]) == (False, 8, 20)
    assert facts["customers_since"] is not None
    assert {each["name"] for each in facts["segments"]} == set(large.segments())
    assert {each["reason"] for each in facts["segments"]} == {"time", "turn"}
    assert sandbox.calls == []
    assert len(large.runs()) == 1


@pytest.mark.parametrize("status", ["uninstalled", "pending"])
def test_a_store_that_is_not_connected_has_no_plan(large, status):
    with large.database.begin() as session:
        session.get_one(Shop, large.shop().id).status = status
    run = large.app.test_cli_runner().invoke
    plan = ["smartpush", "sync", "--plan"]
    assert run(args=plan).output == "No store is connected, so nothing is read tonight.\n"
    assert json.loads(run(args=[*plan, "--json"]).output) == []
    told = run(args=[*plan, "birch"])
    assert (told.exit_code, f"birch is not connected ({status})" in told.output) == (1, True)


@pytest.mark.parametrize("full", [False, True])
def test_the_lines_of_a_plan_add_up_to_its_calls(large, clock, full):
    if full:
        clock.forward(days=40)
    run = large.app.test_cli_runner().invoke
    lines = [line.split() for line in run(args=["smartpush", "sync", "--plan"]).output.splitlines()]
    tonight = [int(line[1]) for line in lines if line[0] == "tonight"]
    [whole] = [int(line[2]) for line in lines if line[:2] == ["in", "all"]]
    [facts] = json.loads(run(args=["smartpush", "sync", "--plan", "--json"]).output)
    read = [each["calls"] for each in facts["segments"] if each["when"] == "tonight"]
    assert sum(tonight) == whole == facts["calls"]
    asked = [facts[f"{what}_calls"] for what in ("customers", "orders", "counts")]
    assert whole == sum(asked) + sum(read)
    assert len(tonight) == len(asked) + len(read) and (facts["customers_since"] is None) == full
    assert sum(line[0] == "later" for line in lines) == len(facts["segments"]) - len(read)
    assert full or len(facts["segments"]) > len(read)


def test_every_reason_is_said_in_words():
    assert set(planning.URGENCY) <= set(outlook.WHY)
