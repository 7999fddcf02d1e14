"""The overview: one headline, what needs a person, progress that ends, and numbers that add up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from smartpush_shopline.contacts.models import Contact
from smartpush_shopline.database import Database
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import SHOPLINE, Segment
from smartpush_shopline.shops.models import Shop
from smartpush_shopline.sync import runs
from smartpush_shopline.sync.models import DONE, IMPORT
from tests.pages.conftest import Rights
from tests.pages.reading import HTMX, adds_up, equations_of, mark_of, text_of
from tests.pages.test_picker import Hand
from tests.support import NOW, People, make_shop


def spoil(people: People, segment: Segment, **facts: object) -> None:
    with people.begin() as session:
        found = session.get_one(Segment, segment.id)
        for name, value in facts.items():
            setattr(found, name, value)


def test_the_headline_says_that_all_is_well(client: FlaskClient, cast: People) -> None:
    cast.segment("VIP", "1", "2")
    cast.segment("台北熟客", "1")
    assert "All 2 segments match the Admin." in text_of(client.get("/smartpush/"))


def test_a_customer_who_changed_since_the_last_check_is_told(
    client: FlaskClient, cast: People
) -> None:
    """The lists are as true as their last check, and a message about people came after it."""
    spoil(cast, cast.segment("VIP", "1"), count_checked_at=NOW - timedelta(hours=1))
    said = "As of the last check. Customers changed since then"
    assert said not in text_of(client.get("/smartpush/"))
    with cast.begin() as session:
        session.get_one(Shop, cast.shop_id).people_changed_at = NOW
    assert said in text_of(client.get("/smartpush/"))


def test_nothing_matches_for_sure_between_a_message_and_the_look_at_it(
    client: FlaskClient, cast: People
) -> None:
    """A list that was read after the change knows; so does the one of the dashboard's own."""
    older, newer = cast.segment("VIP", "1"), cast.segment("Fresh", "1")
    spoil(cast, older, read_at=NOW)
    spoil(cast, newer, read_at=NOW + timedelta(seconds=2))
    spoil(cast, cast.segment("Short", "1"), admin_count=3)
    with cast.begin() as session:
        shop = session.get_one(Shop, cast.shop_id)
        shop.people_changed_at, shop.changes_at = NOW, NOW + timedelta(seconds=10)
    words = text_of(client.get("/smartpush/"))
    assert "Customers just changed: checking the segments. 1 needs you." in words
    assert "match the Admin" not in words
    table = client.get("/smartpush/segments", headers=HTMX)
    assert text_of(table).count("Checking") == text_of(table).count("Matches") == 1
    assert "Checking" in text_of(client.get(f"/smartpush/segments/{older.id}"))
    [facts] = client.get("/smartpush/status.json").get_json()["shops"]
    assert facts["segments"] == {
        "total": 3, "matching": 1, "checking": 1, "reading": 0, "needing": 1
    }
    with cast.begin() as session:
        session.get_one(Shop, cast.shop_id).changes_at = None
    assert "2 of 3 segments match the Admin. 1 needs you." in text_of(client.get("/smartpush/"))
    again = client.get(f"/smartpush/segments?seen={mark_of(table)}", headers=HTMX)
    assert again.status_code == 200 and "Checking" not in text_of(again)


def test_what_needs_a_person_comes_with_cause_and_one_action(
    client: FlaskClient, cast: People
) -> None:
    cast.segment("Fine", "1")
    refused = cast.segment("Refused", "1")
    spoil(cast, refused, error={"code": "refused"})
    spoil(cast, cast.segment("Short", "1"), admin_count=3)
    words = text_of(client.get("/smartpush/"))
    assert "1 of 3 segments match the Admin. 2 need you." in words
    assert "Refused SHOPLINE refused the call. Check now" in words
    assert "Short The Admin counts 3 people, our list has 1. It is read again" in words


def test_what_is_being_read_needs_nobody(client: FlaskClient, cast: People) -> None:
    spoil(cast, cast.segment("VIP", "1"), stale_reason="webhook", stale_since=NOW)
    words = text_of(client.get("/smartpush/"))
    assert "0 of 1 segments match the Admin. 1 is being read now." in words
    assert "need you" not in words


def test_a_failure_that_is_tried_again_says_when(client: FlaskClient, cast: People) -> None:
    segment = cast.segment("VIP", "1")
    spoil(
        cast,
        segment,
        stale_reason="nightly",
        next_try_at=NOW,
        attempts=1,
        error={"code": "unreachable"},
    )
    words = text_of(client.get("/smartpush/"))
    assert "1 is tried again." in words
    assert "SHOPLINE did not answer. It is tried again by itself at 12:00." in words


def test_who_may_be_written_to_adds_up(client: FlaskClient, cast: People) -> None:
    answer = client.get("/smartpush/")
    email, sms = equations_of(answer)
    assert email == "4 contacts = 1 + 1 unsubscribed + 2 not subscribed"
    assert sms == "4 contacts = 2 + 2 not subscribed"
    assert adds_up(email)
    assert adds_up(sms)


def test_strangers_of_the_dashboards_own_segments_are_told_apart(
    client: FlaskClient, cast: People, host: Flask
) -> None:
    said = "came from your dashboard's own segments, without consent"
    assert said not in text_of(client.get("/smartpush/"))
    hand = Hand(host).press("include:native:blog:1")
    assert hand.choice().picks
    answer = client.get("/smartpush/")
    assert f"1 of the contacts {said}: the store does not know this person." in text_of(answer)
    assert equations_of(answer)[0] == "5 contacts = 1 + 1 unsubscribed + 3 not subscribed"
    [facts] = client.get("/smartpush/status.json").get_json()["shops"]
    assert facts["contacts"] == {"total": 5, "from_dashboard": 1}
    [stranger] = [each for each in cast.all() if each.host_ref == "host-2"]
    with cast.begin() as session:
        session.get_one(Contact, stranger.id).customer_ref = "5"
    assert said not in text_of(client.get("/smartpush/"))


def test_midnight_is_that_of_the_store(client: FlaskClient, cast: People) -> None:
    assert "Next nightly check 25 Nov, 00:00 Asia/Taipei" in text_of(client.get("/smartpush/"))


def test_progress_is_looked_up_until_it_is_done(client: FlaskClient, people: People) -> None:
    with people.begin() as session:
        run = runs.start(session, people.shop_id, IMPORT, NOW)
        run.phase, run.contacts_done, run.contacts_total = "contacts", 250, 2000
        run.error = {"code": "unreachable"}
    people.clock.forward(seconds=10)
    answer = client.get("/smartpush/progress", headers=HTMX)
    words = text_of(answer)
    assert 'hx-trigger="every 2s"' in answer.text
    assert "250 of 2,000 customers" in words
    assert "25 customers per second" in words
    assert "SHOPLINE did not answer. It goes on by itself from where it stopped" in words
    seen = mark_of(answer)
    assert client.get(f"/smartpush/progress?seen={seen}", headers=HTMX).status_code == 204
    with people.begin() as session:
        found = runs.current_run(session, people.shop_id)
        assert found is not None
        found.state = DONE
    answer = client.get(f"/smartpush/progress?seen={seen}", headers=HTMX)
    assert answer.status_code == 200
    assert "hx-trigger" not in answer.text


def test_a_first_import_brings_in_and_nothing_is_at_fault(
    client: FlaskClient, people: People
) -> None:
    """The rate and the calls are details; the customers come first in the facts, in every phase."""
    spoil(people, people.segment("VIP", version=False), stale_reason="first", stale_since=NOW)
    people.segment("Ready")
    with people.begin() as session:
        run = runs.start(session, people.shop_id, IMPORT, NOW)
        run.phase, run.contacts_total, run.segments_total = "small", 2000, 2
    def told() -> tuple[str, int]:
        [facts] = client.get("/smartpush/status.json").get_json()["shops"]
        return facts["progress"]["label"], facts["progress"]["total"]

    words = text_of(client.get("/smartpush/"))
    assert "Bringing in 2 segments … First import" in words
    assert "0 of 2,000 customers" in words and "calls to SHOPLINE left" in words
    assert "match the Admin" not in words and "being read" not in words
    assert told() == ("customers", 2000)
    for phase, label in (("counts", "customers"), ("contacts", "customers"), ("due", "segments")):
        with people.begin() as session:
            found = runs.current_run(session, people.shop_id)
            assert found is not None
            found.phase = phase
        assert told()[0] == label


def test_progress_does_not_fall_when_the_segments_are_counted(
    client: FlaskClient, people: People
) -> None:
    """One that is not counted yet may have all the customers."""
    with people.begin() as session:
        run = runs.start(session, people.shop_id, IMPORT, NOW - timedelta(days=1))
        run.phase, run.contacts_total, run.segments_total = "counts", 2000, 4
    spoil(people, people.segment("Read"), read_at=NOW)
    waiting = [people.segment(name, version=False) for name in ("A", "B", "C")]

    def percent() -> int:
        [facts] = client.get("/smartpush/status.json").get_json()["shops"]
        return int(facts["progress"]["percent"])

    told = [percent()]
    for segment in waiting:
        spoil(people, segment, admin_count=1990)
        told.append(percent())
    assert told == [100 // 33] * 4
    spoil(people, waiting[0], admin_count=300)
    assert percent() == 100 // 27, "a call is done, 26 are left"


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("shop", "who it is"),
        ("subscriptions", "to tell of its changes"),
        ("list", "which segments it has"),
    ],
)
def test_an_import_that_has_counted_nothing_says_what_it_does(
    client: FlaskClient, people: People, phase: str, words: str
) -> None:
    with people.begin() as session:
        runs.start(session, people.shop_id, IMPORT, NOW).phase = phase
    assert f"Asking the store {words}" in text_of(client.get("/smartpush/"))


def test_a_store_that_waits_has_a_button(client: FlaskClient, database: Database) -> None:
    shop_id = make_shop(database, "birch", status="pending", name="Birch & Co.")
    answer = client.get("/smartpush/")
    assert f'action="/smartpush/connect/{shop_id}"' in answer.text
    assert "Birch & Co." in text_of(answer)


def test_without_a_store_it_says_how_to_connect_one(client: FlaskClient) -> None:
    answer = client.get("/smartpush/")
    assert answer.status_code == 200
    assert "Connect your SHOPLINE store" in text_of(answer)


def test_a_store_that_lost_its_access_says_what_to_do(
    client: FlaskClient, database: Database
) -> None:
    make_shop(database, status="needs_authorisation", name="Alder Goods")
    answer = client.get("/smartpush/")
    assert "SHOPLINE does not let us into Alder Goods any more" in text_of(answer)
    assert 'href="https://alder.myshopline.com/admin"' in answer.text


@pytest.mark.parametrize("path", ["/smartpush/", "/smartpush/segments", "/smartpush/status.json"])
def test_without_permission_there_is_no_page(
    client: FlaskClient, cast: People, rights: Rights, path: str
) -> None:
    rights.actions.clear()
    assert client.get(path).status_code == 403


def test_check_now_goes_before_everything_else(
    client: FlaskClient, cast: People, rung: list[object]
) -> None:
    segment = cast.segment("VIP", "1")
    answer = client.post(f"/smartpush/segments/{segment.id}/check")
    assert answer.status_code == 303
    assert answer.location == f"/smartpush/segments/{segment.id}"
    with cast.database.read() as session:
        assert session.get_one(Segment, segment.id).stale_reason == "person"
    assert rung == [("sync", cast.shop_id)]


def test_check_now_answers_htmx_with_the_piece_it_stands_in(
    client: FlaskClient, cast: People
) -> None:
    segment = cast.segment("VIP", "1")
    path = f"/smartpush/segments/{segment.id}/check"
    assert client.post(path, headers=HTMX).text.strip().startswith('<div id="segment-now"')
    answer = client.post(path + "?back=overview", headers=HTMX)
    assert answer.text.strip().startswith('<div class="smartpush-stack" id="overview-now"')
    assert "1 is being read now." in text_of(answer)


def test_who_may_only_look_has_no_check(
    client: FlaskClient, cast: People, rights: Rights
) -> None:
    segment = cast.segment("VIP", "1")
    spoil(cast, segment, error={"code": "refused"})
    rights.actions = {"view"}
    assert "Check now" not in client.get("/smartpush/").text
    assert client.post(f"/smartpush/segments/{segment.id}/check").status_code == 403


def test_scripts_read_the_same_in_numbers(client: FlaskClient, cast: People) -> None:
    cast.segment("VIP", "1")
    cast.segment("Own", "1", source="native")
    [facts] = client.get("/smartpush/status.json").get_json()["shops"]
    assert facts["handle"] == "alder"
    assert facts["segments"] == {
        "total": 1, "matching": 1, "checking": 0, "reading": 0, "needing": 0
    }
    assert facts["reach"]["email"] == {"unsubscribed": 1, "not_subscribed": 2, "sendable": 1}
    assert facts["syncing"] is False


def test_a_hundred_segments_cost_no_more_queries_than_one(
    client: FlaskClient, cast: People, queries: Any
) -> None:
    cast.segment("First", "1")
    with queries() as few:
        client.get("/smartpush/")
    with cast.begin() as session:
        for n in range(100):
            publishing.add_segment(session, cast.shop_id, SHOPLINE, str(n), str(n), NOW)
    with queries() as many:
        client.get("/smartpush/")
    assert len(many) == len(few)


def test_our_forms_use_the_dashboards_name_for_its_token(
    host: Flask, client: FlaskClient, database: Database
) -> None:
    host.config["WTF_CSRF_FIELD_NAME"] = "dashboard_token"
    host.jinja_env.globals["csrf_token"] = lambda: "secret"
    make_shop(database, status="pending")
    answer = client.get("/smartpush/")
    assert '<input type="hidden" name="dashboard_token" value="secret">' in answer.text
    assert "csrf_token" not in answer.text


def test_the_page_says_which_language_it_is_in(host: Flask, client: FlaskClient) -> None:
    assert '<html lang="en"' in client.get("/smartpush/").text
    host.extensions["babel"].locale_selector = lambda: "zh_Hant_TW"
    assert '<html lang="zh-Hant-TW"' in client.get("/smartpush/").text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "a few seconds"),
        (62, "60 seconds"),
        (3540, "59 minutes"),
        (3600, "1 hour"),
        (4500, "75 minutes"),
        (14400, "4 hours"),
    ],
)
def test_sixty_minutes_are_an_hour(client: FlaskClient, seconds: int, said: str) -> None:
    source = (
        '{% import "smartpush_shopline/_words.html" as words with context %}'
        "{{ words.lasting(seconds) }}"
    )
    with client.application.test_request_context("/smartpush/"):
        assert render_template_string(source, seconds=seconds) == said
