"""The list of segments and the page of one."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.listing import PAGE_SIZE
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shops.models import Shop
from tests.pages.reading import HTMX, adds_up, equations_of, mark_of, text_of
from tests.pages.test_overview import spoil
from tests.support import NOW, People, make_shop


def test_each_segment_shows_its_members_and_who_may_be_written_to(
    client: FlaskClient, cast: People
) -> None:
    cast.segment("VIP", "1", "2", "3")
    words = text_of(client.get("/smartpush/segments"))
    answer = client.get("/smartpush/segments")
    assert 'title="Admin 3 = 1 here + 1 unsubscribed + 1 not subscribed"' in answer.text
    assert "VIP 3 1 −2 2 −1 v1 since 24 Nov, 12:00" in words
    assert "Matches" in words


def test_search_finds_a_part_of_a_name_in_any_script(client: FlaskClient, cast: People) -> None:
    cast.segment("台北熟客", "1")
    cast.segment("50%_off hunters", "1")
    cast.segment("VIP", "1")

    def found(query: str) -> str:
        return text_of(client.get("/smartpush/segments", query_string={"q": query}, headers=HTMX))

    assert "台北熟客" in found("熟客")
    assert "VIP" not in found("熟客")
    assert "50%_off hunters" in found("0%_O")
    assert "VIP" not in found("%")
    assert "No segment is called “xyz”" in found("xyz")


def test_a_browser_gets_the_page_and_htmx_the_table(client: FlaskClient, cast: People) -> None:
    whole = client.get("/smartpush/segments")
    piece = client.get("/smartpush/segments", headers=HTMX)
    assert "<html" in whole.text
    assert piece.text.strip().startswith('<div id="segments-table"')
    assert whole.vary.as_set() >= {"hx-request"}


def test_a_poll_without_news_is_answered_by_nothing(client: FlaskClient, cast: People) -> None:
    segment = cast.segment("VIP", "1")
    seen = mark_of(client.get("/smartpush/segments", headers=HTMX))
    path = f"/smartpush/segments?seen={seen}"
    assert client.get(path, headers=HTMX).status_code == 204
    assert client.get(path).status_code == 200  # a browser that comes back gets its page
    spoil(cast, segment, name="Very important")
    answer = client.get(path, headers=HTMX)
    assert "Very important" in text_of(answer)


def test_somebody_who_withdraws_is_news(client: FlaskClient, cast: People) -> None:
    cast.segment("VIP", "1")
    seen = mark_of(client.get("/smartpush/segments", headers=HTMX))
    cast.delete("1")
    assert client.get(f"/smartpush/segments?seen={seen}", headers=HTMX).status_code == 200


def test_deleted_segments_have_a_tab_of_their_own(client: FlaskClient, cast: People) -> None:
    gone = cast.segment("Gone", "1")
    cast.segment("Here", "1")
    with cast.begin() as session:
        publishing.mark_deleted(session.get_one(Segment, gone.id), NOW)
    everything = text_of(client.get("/smartpush/segments"))
    assert "Here" in everything
    assert "Gone" not in everything
    assert "Deleted in the Admin" in text_of(client.get("/smartpush/segments?show=deleted"))


def test_the_dashboards_own_stand_in_a_group(client: FlaskClient, cast: People) -> None:
    cast.segment("VIP", "1")
    cast.segment("Blog readers", "1", source="native")
    words = text_of(client.get("/smartpush/segments?show=native"))
    assert "Dashboard segments" in words
    assert "Blog readers" in words
    assert "VIP" not in words


def test_an_empty_group_says_so_in_its_own_words(client: FlaskClient, cast: People) -> None:
    cast.segment("VIP", "1")
    assert "No segment was deleted" in text_of(client.get("/smartpush/segments?show=deleted"))
    words = text_of(client.get("/smartpush/segments?show=native"))
    assert "Nothing under Dashboard segments" in words and "No segments yet" not in words


def test_no_segment_is_missed_while_the_first_import_goes_on(
    client: FlaskClient, cast: People
) -> None:
    assert "Bringing in your segments" in text_of(client.get("/smartpush/segments"))
    with cast.begin() as session:
        session.get_one(Shop, cast.shop_id).customers_read_at = NOW
    assert "No segments yet" in text_of(client.get("/smartpush/segments"))


def test_birch_never_sees_the_segments_of_alder(client: FlaskClient, cast: People) -> None:
    make_shop(cast.database, "birch", name="A Birch comes first")
    segment = cast.segment("VIP", "1")
    assert "VIP" not in text_of(client.get("/smartpush/segments"))
    assert client.get(f"/smartpush/segments/{segment.id}").status_code == 200  # may view both


def test_many_segments_come_some_at_a_time(
    client: FlaskClient, cast: People, queries: Any
) -> None:
    cast.segment("Only one", "1")
    with queries() as few:
        client.get("/smartpush/segments")
    for n in range(PAGE_SIZE + 5):
        cast.segment(f"Number {n:03}", "1", "2")
    with queries() as many:
        words = text_of(client.get("/smartpush/segments"))
    assert len(many) == len(few)
    assert "1–50 of 56" in words
    assert "51–56 of 56" in text_of(client.get("/smartpush/segments?page=2"))
    assert "51–56 of 56" in text_of(client.get("/smartpush/segments?page=99"))
    assert client.get("/smartpush/segments?page=-1&show=<&q=%00").status_code == 200


def test_the_bridge_leads_from_the_admins_number_to_ours(
    client: FlaskClient, cast: People
) -> None:
    segment = cast.segment("VIP", "1", "2", "3", "4")
    email, sms = equations_of(client.get(f"/smartpush/segments/{segment.id}"))
    assert email == "Admin 4 = 1 here + 1 unsubscribed + 2 not subscribed"
    assert sms == "Admin 4 = 2 here + 2 not subscribed"


def test_the_bridge_adds_up_when_the_counts_differ(client: FlaskClient, cast: People) -> None:
    segment = cast.segment("VIP", "1", "2")
    spoil(cast, segment, admin_count=5)
    answer = client.get(f"/smartpush/segments/{segment.id}")
    assert all(adds_up(each) for each in equations_of(answer))
    assert "3 unexplained" in text_of(answer)
    spoil(cast, segment, admin_count=1)
    answer = client.get(f"/smartpush/segments/{segment.id}")
    assert equations_of(answer)[0] == (
        "Admin 1 = 1 here + 1 not subscribed − 1 unexplained"
    )


def test_the_history_says_who_came_and_why(client: FlaskClient, cast: People) -> None:
    segment = cast.segment("VIP", "1", "2")
    with cast.begin() as session:
        found = session.get_one(Segment, segment.id)
        found.definition, found.name = "orders_count:>2;", "Very important"
        members = cast.numbers("2", "3", "4")
        publishing.publish(session, found, members, 3, "webhook", NOW)
    words = text_of(client.get(f"/smartpush/segments/{segment.id}"))
    said = "its rule changed (+2 −1)"
    assert f"v2 Current Changed in the Admin {said} 3 +2 −1" in words
    assert "v1 First import called “VIP” then 2 +2 0" in words
    assert "orders_count:>2;" in words


def test_what_a_new_rule_moved_is_told_in_one_sentence_old_lists_of_the_store_included(
    client: FlaskClient, cast: People
) -> None:
    segment = cast.segment("VIP", "1", "2")

    def publish(cause: str, *refs: str, **facts: str) -> None:
        with cast.begin() as session:
            found = session.get_one(Segment, segment.id)
            for name, value in facts.items():
                setattr(found, name, value)
            members = cast.numbers(*refs)
            publishing.publish(session, found, members, len(members), cause, NOW)

    publish("nightly", "1", "2", definition="total_spent:>=10000;")
    publish("webhook", "1", "2", definition="total_spent:>=8000;")
    publish("webhook", "2", "3", "4")  # the list that was read two minutes later
    publish("nightly", "3")
    words = text_of(client.get(f"/smartpush/segments/{segment.id}"))
    said = "its rule changed: spend at least 10,000 → at least 8,000 (+2 −1)"
    assert f"24 Nov, 12:00: {said}" in words


def test_a_failed_reading_is_told_in_plain_words(client: FlaskClient, cast: People) -> None:
    segment = cast.segment("VIP", "1")
    spoil(cast, segment, error={"code": "unreachable"}, stale_reason="webhook", next_try_at=NOW)
    words = text_of(client.get(f"/smartpush/segments/{segment.id}"))
    assert (
        "The last reading did not work: SHOPLINE did not answer. "
        "It is tried again by itself on 24 Nov, 12:00:00."
    ) in words


def test_a_deleted_segment_cannot_be_checked(client: FlaskClient, cast: People) -> None:
    segment = cast.segment("VIP", "1")
    with cast.begin() as session:
        publishing.mark_deleted(session.get_one(Segment, segment.id), NOW)
    answer = client.get(f"/smartpush/segments/{segment.id}")
    words = text_of(answer)
    assert "This segment was deleted in the Admin." in words
    assert "Last list 1 person Read person by person" in words
    assert "1 of 1 in the list" in words
    assert "of 1 in the Admin" not in words and "with the Admin" not in words
    assert "Check now" not in answer.text
    assert "hx-trigger" not in answer.text


def test_an_unknown_segment_is_a_friendly_page(client: FlaskClient, cast: People) -> None:
    answer = client.get("/smartpush/segments/999")
    assert answer.status_code == 404
    assert "This segment is not here" in text_of(answer)


def test_names_are_text_and_never_markup(client: FlaskClient, cast: People) -> None:
    segment = cast.segment("<b onclick=x>&</b>", "1")
    for path in ("/smartpush/segments", f"/smartpush/segments/{segment.id}", "/form"):
        assert "<b onclick" not in client.get(path).text
