"""What happened: messages with their reasons, synchronisations, requests to erase."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from smartpush_shopline.activity.listing import PAGE_SIZE
from smartpush_shopline.contacts.erase import Who, erase
from smartpush_shopline.inbox.models import Delivery
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shops.models import Redaction, Shop
from smartpush_shopline.sync import planning
from smartpush_shopline.sync.models import SyncRun
from tests.pages.reading import HTMX, mark_of, text_of
from tests.support import NOW, People, make_shop

PATH = "/smartpush/activity"


def message(people: People, ref: str = "m", **facts: Any) -> int:
    """A row of the inbox, done unless something else is said."""
    row = {"topic": "customers/update", "subject_ref": "4210000001", "state": "done"} | facts
    at = row.pop("at", NOW)
    with people.begin() as session:
        delivery = Delivery(
            shop_id=people.shop_id, delivery_ref=ref, received_at=at, next_try_at=at, **row
        )
        session.add(delivery)
        session.flush()
        return delivery.id


def parked(people: People, ref: str = "p", **facts: Any) -> int:
    why = {"state": "parked", "reason": "unreadable", "error": "id is missing", "attempts": 1}
    return message(people, ref, **({"body": b'{"email": "ada@example.com"}'} | why | facts))


def test_a_message_shows_what_when_and_how_it_ended(client: FlaskClient, cast: People) -> None:
    message(cast, duplicates=2)
    words = text_of(client.get(PATH))
    assert "Customer changed 4210000001 24 Nov, 12:00:00 2 Done" in words


@pytest.mark.parametrize("deleted", [False, True])
def test_a_message_about_a_segment_says_its_name_and_its_id(
    client: FlaskClient, cast: People, deleted: bool
) -> None:
    segment = cast.segment("9001", "1")
    number = message(cast, topic="customer_groups/delete", subject_ref="9001")
    with cast.begin() as session:
        mine = session.get_one(Segment, segment.id)
        mine.name, mine.state = "回訪貴賓", "deleted" if deleted else mine.state
    assert "Segment deleted 回訪貴賓 9001 24 Nov" in text_of(client.get(PATH))
    page = client.get(f"{PATH}/{number}")
    assert f"/smartpush/segments/{segment.id}" in page.text and "回訪貴賓 9001" in text_of(page)


def test_a_message_about_a_customer_says_the_name_while_there_is_one(
    client: FlaskClient, cast: People
) -> None:
    number = message(cast, subject_ref="1")
    message(cast, "sms", topic="customers_marketing_consent/update", subject_ref="1")
    assert text_of(client.get(PATH)).count("Ada Lin 1 24 Nov") == 2
    assert "Ada Lin 1" in text_of(client.get(f"{PATH}/{number}"))
    with cast.begin() as session:
        erase(session, cast.shop_id, Who(customer_ref="1"), cast.clock())
    assert "Ada" not in text_of(client.get(PATH))


def test_an_id_of_another_store_or_kind_lends_no_name(client: FlaskClient, cast: People) -> None:
    there = People(cast.database, make_shop(cast.database, "birch"), cast.clock)
    there.segment("9001", version=False)
    cast.segment("4210000001", version=False)
    message(cast, topic="customer_groups/update", subject_ref="9001")
    message(cast, "other", topic="customers/update", subject_ref="4210000001")
    page = client.get(PATH).text
    assert page.count("<small>9001</small>") == page.count("<small>4210000001</small>") == 0


def test_messages_are_found_by_the_name_of_their_segment(
    client: FlaskClient, cast: People, rung: Any
) -> None:
    segment = cast.segment("9001", version=False)
    with cast.begin() as session:
        session.get_one(Segment, segment.id).name = "Regulars"
    mine = parked(cast, topic="customer_groups/update", subject_ref="9001")
    other = parked(cast, "other", topic="customer_groups/update", subject_ref="9002")
    asked = {"q": "regular", "show": "parked"}
    words = text_of(client.get(PATH, query_string=asked))
    assert "Regulars 9001" in words and "9002" not in words
    client.post(f"{PATH}/replay", query_string=asked)
    with cast.begin() as session:
        assert session.get_one(Delivery, mine).state == "received"
        assert session.get_one(Delivery, other).state == "parked"


def test_a_parked_message_says_why_in_plain_words(client: FlaskClient, cast: People) -> None:
    parked(cast)
    words = text_of(client.get(PATH))
    assert "SHOPLINE sent a customer without an id." in words
    assert "Parked 1" in words


def test_a_message_that_waits_says_when_it_is_tried(client: FlaskClient, cast: People) -> None:
    message(
        cast, state="received", attempts=2, reason="database", error="OperationalError", body=b"{}"
    )
    words = text_of(client.get(PATH))
    assert "Next try at 12:00:00" in words and "Trying again" in words


def test_working_is_a_claim_that_has_not_ended(
    client: FlaskClient, cast: People, clock: Any
) -> None:
    message(cast, state="received", claimed_until=NOW + timedelta(minutes=2), body=b"{}")
    assert "Being worked on 1" in text_of(client.get(PATH))
    clock.forward(minutes=3)
    assert "Waiting 1" in text_of(client.get(PATH))


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ({}, "abc"),
        ({"show": "parked"}, "b"),
        ({"show": "ignored"}, "c"),
        ({"topic": "orders/create"}, "c"),
        ({"q": "77"}, "c"),
        ({"q": "without"}, ""),
        ({"q": "missing"}, "b"),
        ({"since": "2026-11-24"}, "bc"),
        ({"until": "2026-11-23"}, "a"),
        ({"since": "nonsense", "show": "nonsense", "before": "x"}, "abc"),
    ],
)
def test_filters(client: FlaskClient, cast: People, asked: dict[str, str], there: str) -> None:
    message(cast, "a", at=NOW - timedelta(hours=13), subject_ref="aaa-1")
    parked(cast, "b", subject_ref="bbb-1")
    message(cast, "c", topic="orders/create", state="ignored", subject_ref="ccc-77")
    words = text_of(client.get(PATH, query_string=asked, headers=HTMX))
    assert [each for each in "abc" if f"{each * 3}-" in words] == list(there)


def test_older_messages_are_a_page_away(client: FlaskClient, cast: People) -> None:
    for number in range(PAGE_SIZE + 2):
        message(cast, f"m{number}", subject_ref=f"subject-{number:03}")
    first = client.get(PATH)
    assert "subject-051" in first.text and "subject-001" not in first.text
    second = client.get(PATH, query_string={"before": 3})
    assert "subject-001" in second.text and "subject-002" not in second.text
    assert "Newest" in second.text


def test_a_poll_without_news_is_answered_by_nothing(client: FlaskClient, cast: People) -> None:
    number = message(cast)
    seen = mark_of(client.get(PATH, headers=HTMX))
    assert client.get(f"{PATH}?seen={seen}", headers=HTMX).status_code == 204
    with cast.begin() as session:
        session.get_one(Delivery, number).duplicates = 1
    assert client.get(f"{PATH}?seen={seen}", headers=HTMX).status_code == 200


def test_nothing_yet_says_what_to_do(client: FlaskClient, cast: People) -> None:
    assert "No messages yet" in text_of(client.get(PATH))
    assert "Nothing is parked" in text_of(client.get(PATH, query_string={"show": "parked"}))
    assert "No message is like that" in text_of(client.get(PATH, query_string={"q": "zzz"}))


def test_a_list_of_messages_takes_few_queries(
    client: FlaskClient, cast: People, queries: Any
) -> None:
    for number in range(30):
        message(cast, f"m{number}", topic="customer_groups/update")
    with queries() as asked:
        client.get(PATH)
    assert len([each for each in asked if each.startswith("SELECT")]) <= 5


# -- one message --------------------------------------------------------------------------------


def test_the_body_is_for_those_who_may_export(
    client: FlaskClient, cast: People, rights: Any
) -> None:
    number = parked(cast)
    assert "&#34;email&#34;: &#34;ada@example.com&#34;" in client.get(f"{PATH}/{number}").text
    rights.actions -= {"export"}
    page = client.get(f"{PATH}/{number}")
    assert "ada@example.com" not in page.text
    assert "Hidden" in text_of(page)


def test_a_body_that_is_no_json_is_shown_as_it_came(client: FlaskClient, cast: People) -> None:
    number = parked(cast, body=b"<script>alert(1)</script>", reason="not_json", error=None)
    page = client.get(f"{PATH}/{number}")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "SHOPLINE sent something that is not JSON." in text_of(page)


def test_replay_makes_it_due_and_rings(
    client: FlaskClient, cast: People, rung: Any
) -> None:
    number = parked(cast)
    answer = client.post(f"{PATH}/{number}/replay")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PATH}/{number}")
    with cast.begin() as session:
        assert session.get_one(Delivery, number).state == "received"
    assert rung == [("inbox",)]


def test_htmx_gets_the_piece_after_a_replay(
    client: FlaskClient, cast: People, rung: Any
) -> None:
    number = parked(cast)
    answer = client.post(f"{PATH}/{number}/replay", headers=HTMX)
    assert answer.text.strip().startswith('<div id="activity-message-now"')
    assert "Waiting" in text_of(answer)


def test_what_is_done_says_why_it_cannot_be_replayed(client: FlaskClient, cast: People) -> None:
    number = message(cast)
    page = client.get(f"{PATH}/{number}")
    assert "dropped when it was done" in text_of(page)
    assert "message-replay" not in page.text


def test_all_that_the_filter_shows_is_replayed(
    client: FlaskClient, cast: People, rung: Any
) -> None:
    for number in range(3):
        parked(cast, f"p{number}")
    other = parked(cast, "o", topic="orders/create")
    shown = {"show": "parked", "topic": "customers/update"}
    assert "Replay 3 messages" in text_of(client.get(PATH, query_string=shown))
    answer = client.post(f"{PATH}/replay", query_string=shown, headers=HTMX)
    assert "3 messages are tried again." in text_of(answer)
    with cast.begin() as session:
        left = session.scalars(select(Delivery.id).where(Delivery.state == "parked")).all()
    assert left == [other]


def test_a_viewer_sees_and_replays_nothing(
    client: FlaskClient, cast: People, rights: Any, rung: Any
) -> None:
    number = parked(cast)
    rights.actions = {"view"}
    page = client.get(PATH, query_string={"show": "parked"})
    assert page.status_code == 200 and "activity-replay" not in page.text
    assert "message-replay" not in client.get(f"{PATH}/{number}").text
    assert client.post(f"{PATH}/{number}/replay").status_code == 403
    assert client.post(f"{PATH}/replay").status_code == 403
    assert rung == []


def test_a_message_of_another_store_is_not_here(
    client: FlaskClient, cast: People, state: Any
) -> None:
    number = parked(cast)
    make_shop(cast.database, "birch")
    state.may = lambda action, shop: shop is None or shop.handle == "birch"
    assert client.get(f"{PATH}/{number}").status_code == 404
    assert client.post(f"{PATH}/{number}/replay").status_code == 404


def test_failed_tries_and_repeats_are_told_only_where_there_were_some(
    client: FlaskClient, cast: People
) -> None:
    number = message(cast)
    for path in (PATH, f"{PATH}/{number}"):
        words = text_of(client.get(path))
        assert "Failed tries" not in words and "Sent again" not in words
    with cast.begin() as session:
        found = session.get_one(Delivery, number)
        found.attempts, found.duplicates = 2, 1
    assert "Failed tries Sent again" in text_of(client.get(PATH))
    assert "Failed tries 2 Sent again by SHOPLINE 1 time" in text_of(client.get(f"{PATH}/{number}"))


@pytest.mark.parametrize("path", ["", "/1", "/runs", "/erasures"])
def test_no_page_without_permission(
    client: FlaskClient, cast: People, rights: Any, path: str
) -> None:
    message(cast)
    rights.actions = set()
    assert client.get(PATH + path).status_code == 403


# -- synchronisations ---------------------------------------------------------------------------


def test_runs_show_how_long_they_took_and_what_went_wrong(
    client: FlaskClient, cast: People
) -> None:
    with cast.begin() as session:
        for kind, error in (("import", None), ("nightly", {"code": "unreachable"})):
            session.add(
                SyncRun(
                    shop_id=cast.shop_id, kind=kind, state="running" if error else "done",
                    started_at=NOW - timedelta(minutes=2), finished_at=None if error else NOW,
                    contacts_done=1200, segments_total=4, error=error,
                    findings={"refused_topics": ["orders/paid"]},
                )
            )
    page = client.get(f"{PATH}/runs")
    words = text_of(page)
    assert "Nightly check SHOPLINE did not answer." in words
    assert "The store was connected 24 Nov, 11:58:00 2 minutes 1,200 4 Done" in words
    assert "SHOPLINE does not send: Order paid" in words
    path = f"{PATH}/runs?seen={mark_of(page)}"
    assert client.get(path, headers=HTMX).status_code == 204


def test_a_night_says_why_it_read_what_it_read(client: FlaskClient, cast: People) -> None:
    with cast.begin() as session:
        plan = {"read": {"turn": 1200, "count": 1, "overdue": 2}, "later": 3}
        session.add(
            SyncRun(
                shop_id=cast.shop_id, kind="nightly", state="done", started_at=NOW,
                finished_at=NOW, findings={"plan": plan},
            )
        )
    words = text_of(client.get(f"{PATH}/runs"))
    assert (
        "Midnight in the store 2 were unread for four weeks · 1 did not fit the Admin's count · "
        "1,200 in turn" in words
    )
    assert "3 segments are left for a later night" in words


def test_every_reason_of_a_night_has_its_words(client: FlaskClient, cast: People) -> None:
    with cast.begin() as session:
        for reason in planning.URGENCY:
            session.add(
                SyncRun(
                    shop_id=cast.shop_id, kind="nightly", state="done", started_at=NOW,
                    finished_at=NOW, findings={"plan": {"read": {reason: 7}}},
                )
            )
    assert text_of(client.get(f"{PATH}/runs")).count("Midnight in the store 7 ") == len(
        planning.URGENCY
    )


# -- requests to erase ----------------------------------------------------------------------------


def request_to_erase(people: People, **facts: Any) -> int:
    row = {"kind": "person", "state": "waiting", "handle": "alder", "shop_id": people.shop_id}
    with people.begin() as session:
        asked = Redaction(
            source="webhook", received_at=NOW, due_at=NOW + timedelta(days=30), next_try_at=NOW,
            erased={}, **(row | facts),
        )
        session.add(asked)
        session.flush()
        return asked.id


def test_a_deadline_is_shown_until_it_is_done(
    client: FlaskClient, cast: People, clock: Any
) -> None:
    number = request_to_erase(cast)
    assert "to be erased by 24 Dec 2026" in text_of(client.get(PATH))
    assert "30 days left" in text_of(client.get(f"{PATH}/erasures"))
    clock.forward(days=31)
    assert "Overdue" in text_of(client.get(f"{PATH}/erasures"))
    with cast.begin() as session:
        done = session.get_one(Redaction, number)
        done.state, done.done_at = "done", NOW
        done.erased = {"contacts": 1, "deliveries": 2}
    assert "to be erased" not in text_of(client.get(PATH))
    assert "1 contact, 2 messages" in text_of(client.get(f"{PATH}/erasures"))
    with cast.begin() as session:
        session.get_one(Redaction, number).erased = {"contacts": 0, "deliveries": 0}
    words = text_of(client.get(f"{PATH}/erasures"))
    assert words.endswith("done 24 Nov, 12:00 Nobody found Done") and "0 contacts" not in words


@pytest.mark.parametrize(("decision", "ends"), [("leave", "Left alone"), ("again", "Waiting")])
def test_a_store_that_came_back_is_for_a_person_to_decide(
    client: FlaskClient, cast: People, rights: Any, rung: Any, decision: str, ends: str
) -> None:
    number = request_to_erase(cast, kind="store", state="refused", error="installed_again")
    assert "the app is installed again" in text_of(client.get(PATH))
    assert "Keep the data" not in text_of(client.get(f"{PATH}/erasures"))
    path = f"{PATH}/erasures/{number}"
    assert client.post(path, data={"decision": decision}).status_code == 403
    rights.actions.add("erase")
    assert "Keep the data" in text_of(client.get(f"{PATH}/erasures"))
    answer = client.post(path, data={"decision": decision}, headers=HTMX)
    assert ends in text_of(answer)
    assert client.post(path, data={"decision": decision}).status_code == 303


@pytest.mark.parametrize("said", [{}, {"decision": ""}, {"decision": "Again"}])
def test_only_a_plain_answer_decides(
    client: FlaskClient, cast: People, rights: Any, said: dict[str, str]
) -> None:
    rights.actions.add("erase")
    number = request_to_erase(cast, kind="store", state="refused", error="installed_again")
    assert client.post(f"{PATH}/erasures/{number}", data=said).status_code == 400
    with cast.begin() as session:
        assert session.get_one(Redaction, number).state == "refused"


def test_the_receipt_of_a_store_that_is_gone_can_be_seen(
    client: FlaskClient, cast: People, rights: Any
) -> None:
    rights.actions.add("erase")
    request_to_erase(cast, kind="store", state="done", shop_id=None, done_at=NOW, handle="cedar")
    with cast.begin() as session:
        session.get_one(Shop, cast.shop_id).status = "uninstalled"
    answer = client.get(PATH)
    assert answer.headers["Location"] == f"{PATH}/erasures"
    assert "cedar" in text_of(client.get(f"{PATH}/erasures"))
