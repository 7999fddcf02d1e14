"""The people behind a number, why (not) this person, and what is answered before sending."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from smartpush_shopline.audiences import drift, saving
from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.audiences.deciding import between
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import DELETED, Segment
from tests.pages.conftest import Rights
from tests.pages.reading import HTMX, adds_up, equations_of, text_of
from tests.support import ADA, BEA, DEE, NOW, People, customer, says

Save = Callable[..., int]


@pytest.fixture
def willing(cast: People) -> People:
    """Ada, Bea and Dee may be written to; Cyd may not."""
    yes = says("subscribed", NOW)
    cast.take(*[replace(each, email_consent=yes, updated_at=NOW) for each in (ADA, BEA, DEE)])
    return cast


@pytest.fixture
def save(willing: People) -> Save:
    def saved(*include: Segment, exclude: Any = (), newest: Any = (), **more: Any) -> int:
        picks = [
            Pick(mode, each.id, each.current_version_id, "newest" if each in newest else "pinned")
            for mode, segments in (("include", include), ("exclude", exclude))
            for each in segments
        ]
        choice = Choice(willing.shop_id, "email", picks=tuple(picks), **more)
        with willing.begin() as session:
            return saving.save(session, choice, "campaign-7", willing.clock()).id

    return saved


def steps_of(answer: Any) -> dict[str, int]:
    found = re.findall(r'data-smartpush-step="([^"]+)">(.*?)</li>', answer.text, re.S)
    return {
        key: int(re.sub(r"<svg.*?</svg>|<[^>]+>|[^\d<]", "", html.rsplit("number\">", 1)[1]) or 0)
        for key, html in found
    }


def names_in(answer: Any) -> list[str]:
    return re.findall(r'<td class="smartpush-strong">([^<]+)</td>', answer.text)


# -- the waterfall and its lists


def test_every_line_opens_a_list_of_exactly_its_people(
    client: FlaskClient, willing: People, save: Save
) -> None:
    one, two = willing.segment("One", "1", "2"), willing.segment("Two", "2", "3", "4")
    out = willing.segment("Out", "4")
    page = f"/smartpush/audiences/{save(one, two, exclude=[out])}"
    answer = client.get(page)
    steps = steps_of(answer)
    assert steps == {"union": 4, f"excluded:{out.id}": 1, "unsubscribed": 1, "recipients": 2}
    assert steps.pop("union") == sum(steps.values())
    assert "4 people in 2 segments, 1 in both , each counted once." in text_of(answer)
    assert "Adds up to the person" in text_of(answer)
    assert all(adds_up(each) for each in equations_of(answer))
    for key, count in {**steps, "union": 4, "overlap": 1}.items():
        behind = client.get(f"{page}/people?step={key}")
        assert len(names_in(behind)) == count, key
        lines = list(csv.reader(io.StringIO(client.get(f"{page}/people.csv?step={key}").text)))
        assert len(lines) == 1 + count
    assert names_in(client.get(f"{page}/people?step=excluded:{out.id}")) == ["Dee Lin"]


def test_in_all_of_them_is_a_step_of_its_own(
    client: FlaskClient, willing: People, save: Save
) -> None:
    one, two = willing.segment("One", "1", "2"), willing.segment("Two", "2", "3", "4")
    answer = client.get(f"/smartpush/audiences/{save(one, two, combine='all')}")
    assert steps_of(answer) == {"union": 4, "not_in_all": 3, "recipients": 1}
    assert "Whoever is in ALL of these" in text_of(answer)
    assert equations_of(answer) == ["4 chosen = 1 + 3 not in all of them"]


@pytest.mark.parametrize("step", ["nonsense", "segment:999", "excluded:999", "joined:x"])
def test_a_list_that_is_not_there_is_a_friendly_page(
    client: FlaskClient, willing: People, save: Save, step: str
) -> None:
    page = f"/smartpush/audiences/{save(willing.segment('One', '1'))}"
    for path in ("people", "people.csv"):
        answer = client.get(f"{page}/{path}?step={step}")
        assert (answer.status_code, "This list is not here" in text_of(answer)) == (404, True)


def test_people_are_searched_by_name_and_address(
    client: FlaskClient, willing: People, save: Save
) -> None:
    yes, later = says("subscribed", NOW), NOW + timedelta(hours=1)
    ming = replace(BEA, first_name="小明", last_name="陳", email_consent=yes, updated_at=later)
    willing.take(ming)
    page = f"/smartpush/audiences/{save(willing.segment('One', '1', '2', '3'))}/people?step=union"
    assert names_in(client.get(f"{page}&q=cyd")) == ["Cyd Lin"]
    assert names_in(client.get(f"{page}&q=lin+ada")) == ["Ada Lin"]
    assert names_in(client.get(f"{page}&q=陳小明")) == ["陳小明"]
    assert names_in(client.get(f"{page}&q=ADA@exa")) == ["Ada Lin"]
    assert names_in(client.get(f"{page}&q=0900000002")) == ["陳小明"]
    assert names_in(client.get(f"{page}&q=dee")) == [], "not in this list"
    assert names_in(client.get(f"{page}&q=%25")) == []


def test_addresses_are_for_those_who_may_export(
    client: FlaskClient, willing: People, save: Save, rights: Rights
) -> None:
    page = f"/smartpush/audiences/{save(willing.segment('One', '1', '2'))}"
    rights.actions.remove("export")
    answer = client.get(f"{page}/people?step=union")
    assert names_in(answer) == ["Ada Lin", "Bea Lin"]
    assert "@example.com" not in answer.text
    assert "CSV" not in answer.text
    assert names_in(client.get(f"{page}/people?step=union&q=ada@")) == []
    assert client.get(f"{page}/people.csv?step=union").status_code == 403
    rights.actions.clear()
    assert client.get(f"{page}/people?step=union").status_code in (403, 404)


def test_a_long_list_comes_some_at_a_time(
    client: FlaskClient, willing: People, save: Save, queries: Any
) -> None:
    refs = [str(ref) for ref in range(100, 220)]
    willing.take(*[customer(ref, first_name=f"Person{ref}") for ref in refs])
    page = f"/smartpush/audiences/{save(willing.segment('Many', *refs))}/people?step=union"
    seen, path, pages = [], page, 0
    while path:
        with queries() as asked:
            answer = client.get(path)
        assert len(asked) < 16
        seen += names_in(answer)
        pages += 1
        after = re.search(r'rel="next" href="([^"]+)"', answer.text)
        path = after[1].replace("&amp;", "&") if after else ""
    assert (len(seen), len(set(seen)), pages) == (120, 120, 3)
    assert "101–120 of 120" in text_of(answer)
    before = re.search(r'rel="prev" href="([^"]+)"', answer.text)
    assert before and names_in(client.get(before[1].replace("&amp;", "&"))) == seen[50:100]
    searched = client.get(f"{page}&q=person1")
    assert len(names_in(searched)) == 50 and 'rel="next"' in searched.text


# -- why (not) this person


def test_why_is_answered_in_words(client: FlaskClient, willing: People, save: Save) -> None:
    page = f"/smartpush/audiences/{save(willing.segment('One', '1', '3'))}/why"
    words = text_of(client.get(f"{page}?q=cyd@example.com"))
    assert "Cyd Lin does not get this email. Unsubscribed. Since 23 Nov 2026, 12:00" in words
    assert "One v1: in it" in words
    assert "Ada Lin gets this email." in text_of(client.get(f"{page}?q=ada"))
    assert "Nobody in this store is called “nobody”." in text_of(client.get(f"{page}?q=nobody"))


def test_several_matches_are_offered(client: FlaskClient, willing: People, save: Save) -> None:
    page = f"/smartpush/audiences/{save(willing.segment('One', '1', '3'))}/why"
    answer = client.get(f"{page}?q=lin", headers=HTMX)
    assert answer.text.strip().startswith('<div id="audience-why">')
    assert "4 people match. Whom do you mean?" in text_of(answer)
    number = willing.find("4").number
    assert f"number={number}" in answer.text
    assert "Not in the chosen segments" in text_of(client.get(f"{page}?number={number}"))


def test_too_many_matches_ask_for_more_of_the_name(
    client: FlaskClient, willing: People, save: Save
) -> None:
    willing.take(*[customer(str(ref), first_name=f"Person{ref}") for ref in range(100, 125)])
    page = f"/smartpush/audiences/{save(willing.segment('One', '1'))}/why"
    answer = client.get(f"{page}?q=person")
    assert "The first 20 who match; type more of the name" in text_of(answer)
    assert answer.text.count('class="smartpush-match"') == 20


# -- between choosing and sending


def answer(client: FlaskClient, audience: int, verb: str, **data: Any) -> Any:
    return client.post(f"/smartpush/audiences/{audience}/{verb}", data=data, headers=HTMX)


def test_what_applies_by_itself_is_told_apart_from_what_a_person_decides(
    client: FlaskClient, willing: People, save: Save
) -> None:
    vip = willing.segment("VIP", "1", "2")
    audience = save(vip)
    willing.clock.forward(hours=1)
    left = willing.clock()
    willing.take(replace(ADA, email_consent=says("unsubscribed", left), updated_at=left))
    with willing.begin() as session:
        segment = session.get_one(Segment, vip.id)
        publishing.publish(session, segment, willing.numbers("2", "3", "4"), 3, "webhook", left)
        segment.definition = "spent > 8000"
        publishing.publish(session, segment, willing.numbers("2", "4"), 2, "webhook", left)
    page = client.get(f"/smartpush/audiences/{audience}")
    words = text_of(page)
    assert "Will apply by itself 1 opted out See who" in words
    assert "VIP Version 3 exists: +1 −1 , because its rule changed from – to spent > 8000" in words
    assert "Keep v1 Use v3 How many then? See who joined See who left" in words
    lists = f"/smartpush/audiences/{audience}/people?step="
    assert names_in(client.get(f"{lists}lost")) == ["Ada Lin"]
    assert names_in(client.get(f"{lists}joined:{vip.id}")) == ["Dee Lin"]
    assert names_in(client.get(f"{lists}left:{vip.id}")) == ["Ada Lin"]


def test_a_list_that_is_kept_is_not_asked_about_again_until_the_next(
    client: FlaskClient, willing: People, save: Save
) -> None:
    vip = willing.segment("VIP", "1", "2")
    audience = save(vip)
    willing.segment("VIP", "1")
    words = text_of(answer(client, audience, "keep", segment_id=vip.id, revision=1))
    assert "Only if you say so" not in words
    assert "v2 exists; you kept v1. Use v2" in words
    willing.segment("VIP", "1", "4")
    assert "Version 3 exists" in text_of(client.get(f"/smartpush/audiences/{audience}"))


@pytest.mark.parametrize("verb", ["take", "keep", "discard"])
def test_who_answers_second_is_told(
    client: FlaskClient, willing: People, save: Save, verb: str
) -> None:
    vip = willing.segment("VIP", "1", "2")
    audience = save(vip)
    willing.segment("VIP", "1")
    answer(client, audience, "take", segment_id=vip.id, revision=1)
    late = answer(client, audience, verb, segment_id=vip.id, revision=1)
    assert "Somebody changed these recipients meanwhile." in text_of(late)
    assert "1 person gets this email" in text_of(late)
    path = f"/smartpush/audiences/{audience}/{verb}"
    plain = client.post(path, data={"segment_id": vip.id, "revision": 1})
    assert (plain.status_code, "Look at them" in text_of(plain)) == (409, True)


def test_one_that_moved_too_much_is_held_until_a_person_decides(
    client: FlaskClient, willing: People, save: Save
) -> None:
    vip = willing.segment("VIP", "1", "2")
    audience = save(vip, newest=[vip])
    willing.segment("VIP", "1")
    words = text_of(client.get(f"/smartpush/audiences/{audience}"))
    assert "“VIP” moved 50 %." in words
    assert "Keep v1 Use v2 How many then? Cancel it" in words
    with willing.database.read() as session:
        row = session.get_one(Audience, audience)
        assert [each.kind for each in between.held_by(session, row, 0.2)] == ["held"]
        assert between.held_by(session, row, 0.6) == []
    words = text_of(answer(client, audience, "keep", segment_id=vip.id, revision=1))
    assert "2 people get this email" in words and "Held" not in words
    assert "newest at sending" not in words


def test_taking_the_held_list_starts_anew_from_there(
    client: FlaskClient, willing: People, save: Save
) -> None:
    vip = willing.segment("VIP", "1", "2")
    audience = save(vip, newest=[vip])
    willing.segment("VIP", "1", "2", "4")
    words = text_of(answer(client, audience, "take", segment_id=vip.id, revision=1))
    assert "3 people get this email" in words and "Held" not in words
    assert "newest at sending" in words


def test_a_held_campaign_may_be_cancelled(client: FlaskClient, willing: People, save: Save) -> None:
    vip = willing.segment("VIP", "1", "2")
    audience = save(vip, newest=[vip])
    willing.segment("VIP")
    assert "were discarded: nobody receives this" in text_of(
        answer(client, audience, "discard", revision=1)
    )
    assert client.get(f"/smartpush/audiences/{audience}/recipients.csv").text.count("\n") == 1


def test_a_segment_deleted_in_the_admin_is_kept_or_swapped(
    client: FlaskClient, willing: People, save: Save
) -> None:
    vip, other = willing.segment("VIP", "1", "2"), willing.segment("Other", "4")
    new = willing.segment("New", version=False)
    audience = save(vip)
    with willing.begin() as session:
        session.get_one(Segment, vip.id).state = DELETED
    page = f"/smartpush/audiences/{audience}"
    words = text_of(client.get(page))
    assert "“VIP” was deleted in the Admin." in words
    assert "Keep v1 Choose another Cancel it" in words
    offered = text_of(client.get(f"{page}/swap?segment_id={vip.id}"))
    assert "Other v1 · 1 person Choose" in offered and "New" not in offered
    data = {"segment_id": vip.id, "revision": 1}
    for wrong in (new.id, vip.id, 999):
        refused = client.post(f"{page}/swap", data=data | {"other_id": wrong})
        assert refused.status_code == 404
    done = client.post(f"{page}/swap", data=data | {"other_id": other.id})
    assert (done.status_code, done.location) == (303, page)
    words = text_of(client.get(page))
    assert "Other v1" in words and "VIP" not in words and "1 person gets this email" in words


def test_a_deleted_segment_may_be_kept(client: FlaskClient, willing: People, save: Save) -> None:
    vip = willing.segment("VIP", "1", "2")
    audience = save(vip)
    with willing.begin() as session:
        session.get_one(Segment, vip.id).state = DELETED
    words = text_of(answer(client, audience, "keep", segment_id=vip.id, revision=1))
    assert "was deleted" not in words
    assert "deleted in the Admin; this list stays" in words
    assert "2 people get this email" in words


@pytest.mark.parametrize("verb", ["take", "keep", "swap", "discard"])
def test_who_may_only_look_answers_nothing(
    client: FlaskClient, willing: People, save: Save, rights: Rights, verb: str
) -> None:
    vip = willing.segment("VIP", "1", "2")
    audience = save(vip)
    willing.segment("VIP", "1")
    rights.actions = {"view"}
    assert answer(client, audience, verb, segment_id=vip.id, other_id=1).status_code == 403
    assert "Keep v1" not in client.get(f"/smartpush/audiences/{audience}").text


def test_an_exclusion_that_is_heeded_is_no_question_unless_somebody_would_come_back(
    client: FlaskClient, willing: People, save: Save
) -> None:
    every = willing.segment("All", "1", "2", "4")
    out = willing.segment("Out", *"3")
    audience = save(every, exclude=[out], newest=[out])
    client.application.extensions["smartpush"].settings = replace(
        client.application.extensions["smartpush"].settings, drift_threshold=5.0
    )
    willing.segment("Out", "3", "1")
    words = text_of(client.get(f"/smartpush/audiences/{audience}"))
    assert "Will apply by itself 1 joined an exclusion See who" in words
    assert "Only if you say so" not in words
    willing.segment("Out", "1")
    words = text_of(client.get(f"/smartpush/audiences/{audience}"))
    assert "Who left it comes back only if you use it." in words
    assert "Keep v1" not in words


def test_how_far_a_list_moved() -> None:
    from pyroaring import BitMap

    assert drift.moved(BitMap([1, 2]), BitMap([2, 3])) == 1.0
    assert drift.moved(BitMap(range(100)), BitMap(range(22, 100))) == 0.22
    assert (drift.moved(BitMap(), BitMap()), drift.moved(BitMap(), BitMap([1]))) == (0.0, 1.0)
    assert drift.held(0.22, 0.2) and not drift.held(0.2, 0.2)


# -- side by side, overlap, doubts


def test_email_and_sms_stand_side_by_side(client: FlaskClient, willing: People, save: Save) -> None:
    audience = save(willing.segment("One", "1", "2", "3", "4"))
    words = text_of(client.get(f"/smartpush/audiences/{audience}"))
    assert "By email 3 By SMS 2 By both 2 By either 3" in words
    assert "1 by email only + 0 by SMS only + 2 by both = 3" in words


def test_how_segments_overlap_and_what_is_probably_a_mistake(
    client: FlaskClient, willing: People, save: Save
) -> None:
    one, two = willing.segment("One", "1", "2"), willing.segment("Two", "2")
    none = willing.segment("None")
    out = willing.segment("Out", "4")
    page = client.get(f"/smartpush/audiences/{save(one, two, none, exclude=[out])}")
    cells = re.findall(r'<td class="smartpush-number[^"]*">(\d+)</td>', page.text)
    assert cells == [*"2100", *"1100", *"0000", *"0001"]
    assert "“None” adds nobody: it is empty." in text_of(page)
    assert "“Two” adds nobody: all of its people are in the others." in text_of(page)
    assert "Excluding “Out” removes nobody" in text_of(page)


def test_an_exclusion_whose_newest_list_removes_somebody_is_no_mistake(
    client: FlaskClient, willing: People, save: Save
) -> None:
    crowd = [str(number) for number in range(11, 20)]
    yes = says("subscribed", NOW)
    willing.take(*[customer(ref, email=f"p{ref}@example.com", email_consent=yes) for ref in crowd])
    one, out = willing.segment("One", "1", *crowd), willing.segment("Out")
    page = f"/smartpush/audiences/{save(one, exclude=[out], newest=[out])}"
    assert "Excluding “Out” removes nobody" in text_of(client.get(page))
    willing.segment("Out", "1")
    assert steps_of(client.get(page))[f"excluded:{out.id}"] == 1
    assert "removes nobody" not in text_of(client.get(page))


def test_nobody_left_is_not_said_to_be_for_one_reason_alone(
    client: FlaskClient, willing: People, save: Save
) -> None:
    """One is excluded, the other has not subscribed."""
    one, out = willing.segment("One", "1", "3"), willing.segment("Out", "1")
    words = text_of(client.get(f"/smartpush/audiences/{save(one, exclude=[out])}"))
    assert "Nobody is left of the chosen people, for the reasons above" in words
