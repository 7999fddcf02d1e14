"""The picker: what its buttons do, with JavaScript and without."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from smartpush_shopline.audiences.choice import Choice
from smartpush_shopline.audiences.models import Audience, AudiencePick
from smartpush_shopline.audiences.picking.offers import PAGE
from smartpush_shopline.segments.models import Segment
from smartpush_shopline.shops.models import Shop
from tests.pages.conftest import Rights
from tests.pages.reading import HTMX, adds_up, equations_of, text_of, value_of
from tests.support import Clock, People, make_shop


class Hand:
    """Somebody who presses the picker's buttons, one after the other."""

    def __init__(self, host: Flask) -> None:
        self.client = host.test_client()
        self.host = host
        self.page = self.client.get("/form")

    def press(self, command: str, field: str = "email", **more: str) -> Hand:
        data = {field: value_of(self.page, field), f"{field}-do": command}
        address = f"/smartpush/picker?field={field}"
        self.page = self.client.post(address, data=data | more, headers=HTMX)
        return self

    def choice(self, field: str = "email") -> Choice:
        with self.host.app_context():
            return Choice.load(value_of(self.page, field))

    @property
    def words(self) -> str:
        return text_of(self.page)


@pytest.fixture
def vip(cast: People) -> Segment:
    return cast.segment("VIP", "1", "2", "3")


@pytest.fixture
def hand(host: Flask, vip: Segment) -> Hand:
    return Hand(host)


def test_nothing_chosen_is_nobody(hand: Hand) -> None:
    assert "Nobody is chosen yet: nobody will receive this." in hand.words
    assert not hand.choice()


def test_choosing_a_segment_counts_everybody_once(hand: Hand, vip: Segment) -> None:
    hand.press(f"include:segment:{vip.id}")
    assert "Will receive: 1 of 3 chosen" in hand.words
    assert equations_of(hand.page) == ["3 chosen = 1 + 1 unsubscribed + 1 not subscribed"]
    assert "v1 · 24 Nov, 12:00 · 3 people" in hand.words
    assert 'aria-pressed="true"' in hand.page.text
    assert 'data-smartpush-panel="include" open' in hand.page.text


def test_pressing_again_takes_it_back(hand: Hand, vip: Segment) -> None:
    hand.press(f"include:segment:{vip.id}").press(f"include:segment:{vip.id}")
    assert not hand.choice()


def test_a_segment_is_never_on_both_sides(hand: Hand, vip: Segment) -> None:
    hand.press(f"include:segment:{vip.id}").press(f"exclude:segment:{vip.id}")
    [pick] = hand.choice().picks
    assert pick.mode == "exclude"
    assert "excluded now; choosing it here moves it" in hand.words


def test_exclusions_are_a_reason_of_their_own(hand: Hand, vip: Segment, cast: People) -> None:
    other = cast.segment("Other", "1")
    hand.press(f"include:segment:{vip.id}").press(f"exclude:segment:{other.id}")
    [equation] = equations_of(hand.page)
    assert equation == "3 chosen = 0 + 1 excluded + 1 unsubscribed + 1 not subscribed"
    assert adds_up(equation)


def test_all_subscribed_contacts_is_a_row_of_its_own(hand: Hand, vip: Segment) -> None:
    hand.press(f"include:segment:{vip.id}").press("include:everyone")
    assert hand.choice().scope == "everyone"
    assert "Will receive: 1 of 4 contacts" in hand.words
    hand.press("drop:everyone")
    assert not hand.choice()


def test_a_newer_version_is_told_and_taken_only_by_a_person(
    hand: Hand, vip: Segment, cast: People
) -> None:
    hand.press(f"include:segment:{vip.id}")
    cast.segment("VIP", "1", "4")
    hand.press("search-nothing")
    assert "v2 ready" in hand.words
    assert "v1 · 24 Nov" in hand.words
    assert "of 3 chosen" in hand.words
    hand.press(f"newest:{vip.id}")
    assert "of 2 chosen" in hand.words
    assert "v2 ready" not in hand.words


def test_the_dashboards_own_segment_gets_a_version_when_chosen(hand: Hand) -> None:
    hand.press("include:native:blog:1")
    assert "Blog readers v1" in hand.words
    assert equations_of(hand.page) == ["2 chosen = 1 + 1 not subscribed"]
    hand.press("include:native:blog:1")
    assert not hand.choice().picks


def test_one_that_waits_for_its_list_says_so(hand: Hand, cast: People) -> None:
    waiting = cast.segment("Fresh", version=False)
    hand.press(f"include:segment:{waiting.id}")
    assert "“Fresh” waits for its first list" in hand.words
    assert "nothing is sent before that list is here" in hand.words


@pytest.mark.parametrize("side", ["include", "exclude"])
def test_one_that_waits_for_its_list_can_be_saved(
    hand: Hand, cast: People, vip: Segment, side: str
) -> None:
    waiting = cast.segment("Fresh", version=False)
    hand.press(f"include:segment:{vip.id}").press(f"{side}:segment:{waiting.id}")
    assert "Will receive: 1 of 3 chosen" in hand.words, "who is known already"
    data = {"email": value_of(hand.page, "email"), "sms": value_of(hand.client.get("/form"), "sms")}
    saved = hand.client.post("/form", data=data)
    assert '<p id="saved">True</p>' in saved.text


def test_both_channels_are_counted_side_by_side(hand: Hand, cast: People) -> None:
    every = cast.segment("Every", "1", "2", "3", "4")
    hand.press(f"include:segment:{every.id}")
    assert "the same choice by SMS: 2. Both ways: 1, either way: 2." in hand.words


def test_the_first_drawing_has_what_is_chosen_read_again(
    host: Flask, client: FlaskClient, vip: Segment, cast: People, clock: Clock, rung: Any
) -> None:
    with cast.begin() as session:
        session.get_one(Shop, cast.shop_id).people_changed_at = clock()
        draft = Audience(shop_id=cast.shop_id, channel="email", state="opened", launch_key="k")
        draft.created_at, draft.revision = clock(), 0
        pick = AudiencePick(mode="include", segment_id=vip.id, picked_at=clock())
        pick.version_id = vip.current_version_id
        draft.picks = [pick]
        session.add(draft)
    client.get("/form?draft=k")
    assert rung == [], "young enough"
    clock.forward(minutes=20)
    client.get("/form?draft=k")
    assert rung == [("sync", cast.shop_id)]
    with cast.database.read() as session:
        assert session.get_one(Segment, vip.id).stale_reason == "person"


def test_typing_finds_segments_and_changes_nothing(hand: Hand, cast: People, vip: Segment) -> None:
    cast.segment("台北熟客", "1")
    before = value_of(hand.page, "email")
    data = {"email": before, "email-do": "search:exclude", "email-q-exclude": "熟"}
    answer = hand.client.post("/smartpush/picker?field=email", data=data, headers=HTMX)
    assert answer.text.strip().startswith('<div class="smartpush-results"')
    assert "台北熟客" in text_of(answer)
    assert "VIP" not in text_of(answer)


def test_what_was_searched_stays_while_segments_are_chosen(
    hand: Hand, cast: People, vip: Segment
) -> None:
    cast.segment("Other", "1")
    hand.press(f"include:segment:{vip.id}", **{"email-q-include": "vi"})
    assert value_of(hand.page, "email-q-include") == "vi"
    assert hand.page.text.count('id="smartpush-picker-email-include-row-') == 1


def test_more_than_fits_asks_to_keep_typing(hand: Hand, cast: People, queries: Any) -> None:
    with queries() as few:
        hand.client.get("/form")
    for n in range(PAGE + 2):
        cast.segment(f"Number {n:03}", "1")
    with queries() as many:
        answer = hand.client.get("/form")
    assert len(many) == len(few)
    assert "3 more: keep typing" in text_of(answer)


@pytest.mark.parametrize("text", ["", "nonsense", "e30.AAAA"])
def test_a_choice_changed_on_the_way_is_refused(hand: Hand, text: str) -> None:
    answer = hand.client.post("/smartpush/picker?field=email", data={"email": text})
    assert answer.status_code == 400
    assert "These recipients cannot be read" in text_of(answer)


def test_a_strange_field_name_is_refused(hand: Hand) -> None:
    assert hand.client.post('/smartpush/picker?field="><script>').status_code == 400


@pytest.mark.parametrize(
    "command", ["include:segment:x", "newest:77", "drop:", "include:native:none", "what:ever"]
)
def test_an_unknown_button_changes_nothing(hand: Hand, command: str) -> None:
    hand.press(command)
    assert hand.page.status_code in (200, 400)
    if hand.page.status_code == 200:
        assert not hand.choice().picks


def test_a_segment_of_another_store_cannot_be_chosen(hand: Hand, cast: People) -> None:
    birch = make_shop(cast.database, "birch", name="Birch")
    theirs = People(cast.database, birch).segment("Secret list")
    hand.press(f"include:segment:{theirs.id}")
    assert not hand.choice().picks
    assert "Secret list" not in hand.words


def test_who_may_not_choose_gets_no_picker(hand: Hand, rights: Rights, vip: Segment) -> None:
    rights.actions.remove("choose")
    assert hand.press(f"include:segment:{vip.id}").page.status_code == 403


def test_without_javascript_the_form_comes_back_with_the_change(
    hand: Hand, client: FlaskClient, vip: Segment
) -> None:
    values = {name: value_of(hand.page, name) for name in ("email", "sms")}
    press = {"email-do": f"include:segment:{vip.id}", "name": "Autumn", "save": ""}
    answer = client.post("/form", data=values | press)
    assert "Will receive: 1 of 3 chosen" in text_of(answer)
    assert value_of(answer, "name") == "Autumn"
    assert '<p id="saved">False</p>' in answer.text


def test_saving_after_it_is_no_press_of_the_picker(
    hand: Hand, client: FlaskClient, vip: Segment
) -> None:
    hand.press(f"include:segment:{vip.id}")
    values = {"email": value_of(hand.page, "email"), "sms": value_of(client.get("/form"), "sms")}
    answer = client.post("/form", data=values | {"name": "Autumn", "save": "1"})
    assert '<p id="saved">True</p>' in answer.text


def test_enter_in_a_field_saves_and_in_the_search_box_searches(
    hand: Hand, client: FlaskClient, vip: Segment
) -> None:
    values = {name: value_of(hand.page, name) for name in ("email", "sms")}
    enter = {"smartpush-enter": "1", "email-q-include-was": "", "email-q-include": ""}
    assert '<p id="saved">True</p>' in client.post("/form", data=values | enter).text
    answer = client.post("/form", data=values | enter | {"email-q-include": "zzz"})
    assert '<p id="saved">False</p>' in answer.text
    assert "No segment is called “zzz”." in text_of(answer)


def test_enter_presses_a_neutral_button_first(hand: Hand) -> None:
    buttons = hand.page.text.split("<button")[1:]
    assert 'name="smartpush-enter"' in buttons[0]
    assert 'tabindex="-1" aria-hidden="true"' in buttons[0]


def test_two_pickers_share_style_and_script_and_no_ids(hand: Hand) -> None:
    html = hand.page.text
    assert html.count("smartpush.css") == html.count("htmx.min.js") == 1
    ids = [part.split('"')[0] for part in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


def test_a_swapped_picker_brings_no_style_and_script(hand: Hand, vip: Segment) -> None:
    assert "<script" not in hand.press(f"include:segment:{vip.id}").page.text


def test_a_dashboard_with_htmx_of_its_own_gets_no_second(host: Flask, vip: Segment) -> None:
    from dataclasses import replace

    mine = host.extensions["smartpush"]
    mine.settings = replace(mine.settings, htmx="host")
    html = host.test_client().get("/form").text
    assert "htmx.min.js" not in html
    assert "smartpush.js" in html


def test_without_a_store_the_picker_says_so(client: FlaskClient) -> None:
    answer = client.get("/form")
    assert answer.status_code == 200
    assert "No store is connected yet" in text_of(answer)
