"""What a newer list would make of the count is said before it is taken, to the person."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest

from smartpush_shopline import Choice
from smartpush_shopline.audiences import forecast, saving, smart
from smartpush_shopline.audiences.deciding import previewing
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.errors import NotFound
from tests.support import NOW

HTMX = {"HX-Request": "true"}


@pytest.fixture
def vip(campaigns):
    """A campaign to VIP, pinned to its first list; it has a second since."""
    campaigns.crowd(6)
    vip = campaigns.people.segment("VIP", "1", "2")
    choice = Choice(campaigns.people.shop_id, "email")
    choice = choice.toggle("include", vip.id, vip.current_version_id)
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.commit()
    return campaigns.people.segment("VIP", "2", "3", "4")


def test_it_stands_beside_the_button_and_changes_nothing(campaigns, vip):
    row, browser = campaigns.row(), campaigns.host.browser()
    there = f"/smartpush/audiences/{row.id}/take?segment_id={vip.id}"
    page = browser.get(f"/smartpush/audiences/{row.id}").text
    assert f'hx-get="{there}&amp;back=' in page
    piece = browser.get(there, headers=HTMX).text
    assert re.search(r"<span[^>]*>With v2: 2 → 3 will receive it</span>", piece)
    whole = browser.get(there).text
    assert "“VIP”: use v2?" in whole and "With v2: 2 → 3 will receive it" in whole
    assert campaigns.row().revision == row.revision
    done = browser.post(there.partition("?")[0], data={"segment_id": vip.id, "revision": 1})
    assert done.status_code == 303
    page = browser.get(f"/smartpush/audiences/{row.id}").text
    assert "data-smartpush-recipients>3<" in page


def test_the_same_count_is_said_to_be_the_same(campaigns, vip):
    campaigns.opt_out(4)
    at = f"/smartpush/audiences/{campaigns.row().id}/take?segment_id={vip.id}"
    piece = campaigns.host.browser().get(at, headers=HTMX).text
    assert "With v2: 2 will receive it, as now" in piece


def test_while_a_list_that_moved_too_much_is_undecided_it_is_compared_with_what_was_saved(
    campaigns, vip
):
    row = campaigns.row()
    with campaigns.host.database.begin() as session:
        [pick] = session.get_one(Audience, row.id).picks
        pick.policy = "newest"
    at = f"/smartpush/audiences/{row.id}/take?segment_id={vip.id}"
    piece = campaigns.host.browser().get(at, headers=HTMX).text
    assert "2 → 3 will receive it" in piece, "not 1, whom the newest list would leave"


def test_without_a_newer_list_there_is_nothing_to_say(campaigns, vip):
    at = f"/smartpush/audiences/{campaigns.row().id}/take"
    browser = campaigns.host.browser()
    assert browser.get(f"{at}?segment_id=99").status_code == 404
    browser.post(at, data={"segment_id": vip.id})
    assert browser.get(f"{at}?segment_id={vip.id}").status_code == 404


@pytest.mark.parametrize("seed", range(8))
def test_it_is_exactly_what_taking_it_comes_to(campaigns, seed):
    """Whatever is excluded, heeded, skipped or opted out meanwhile."""
    dice, people = random.Random(seed), campaigns.people
    campaigns.crowd(12)
    everybody = [str(number) for number in range(1, 13)]
    some = lambda: dice.sample(everybody, dice.randint(2, 9))  # noqa: E731
    names = ("One", "Two", "Out", "Away")
    known = [people.segment(name, *some()) for name in names]
    choice = Choice(people.shop_id, "email", combine=dice.choice(("any", "all")))
    for at, each in enumerate(known):
        side = "include" if at < 2 else "exclude"
        choice = choice.toggle(side, each.id, each.current_version_id)
        choice = choice.with_policy(each.id, dice.choice(("pinned", "newest")))
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.commit()
    newer = [people.segment(name, *some()) for name in names]
    campaigns.opt_out(dice.randint(1, 12))
    with campaigns.host.database.begin() as session:
        row = session.get_one(Audience, campaigns.row().id)
        row.smart_mode = dice.choice(("off", "skip"))
        smart.record(session, row, people.numbers(*some()[:3]), NOW - timedelta(hours=2))
    settings = campaigns.host.state.settings
    for each in newer:
        with campaigns.host.database.begin() as session:
            row = session.get_one(Audience, row.id)
            before = len(forecast.expected(session, row, settings, NOW).recipients)
            try:
                seen = previewing.of_newest(session, row, each.id, settings, NOW)
            except NotFound:
                continue
            saving.take_newer(session, row, each.id, NOW)
            taken = forecast.expected(session, row, settings, NOW).recipients
            assert (seen.before, seen.after) == (before, len(taken))
