"""While a list that is heeded at sending moved too much and nobody has decided, everything that is
asked, anywhere, answers with what was saved."""

from __future__ import annotations

import csv
import json
from datetime import timedelta

import pytest

from smartpush_shopline import Choice
from tests.support import NOW

AS_SAVED = ["1", "3", "4"]


@pytest.fixture(params=["before it is due", "held"])
def undecided(request, campaigns):
    """1 to 4 were saved, 2 opted out since, and of the newest list only 1 would be left."""
    campaigns.crowd(5)
    vip = campaigns.people.segment("VIP", "1", "2", "3", "4")
    choice = Choice(campaigns.people.shop_id, "email").toggle(
        "include", vip.id, vip.current_version_id
    )
    campaigns.host.smartpush.sender("email")(lambda batch: None)
    campaigns.verbs.save(choice.with_policy(vip.id, "newest"), campaign_ref="c")
    campaigns.verbs.schedule("c", NOW + timedelta(hours=1))
    campaigns.commit()
    campaigns.people.segment("VIP", "1", "5")
    campaigns.opt_out(2)
    if request.param == "held":
        campaigns.people.clock.forward(hours=1)
        campaigns.host.tick()
    assert campaigns.row().state == ("held" if request.param == "held" else "scheduled")
    return campaigns


def get(campaigns, page=""):
    at = f"/smartpush/audiences/{campaigns.row().id}"
    answer = campaigns.host.browser().get(at + page)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def run(campaigns, *args):
    return campaigns.host.app.test_cli_runner().invoke(args=["smartpush", *args])


def refs_in(table):
    return [row["customer_ref"] for row in csv.DictReader(table.lstrip("\ufeff").splitlines())]


def test_in_code(undecided):
    found = undecided.verbs.get("c")
    assert (found.recipients_count, found.is_empty) == (3, False)
    assert [person.customer_ref for person in found.recipients()] == AS_SAVED
    assert found.counts["sendable"] == 3
    assert (found.counts["unsubscribed"], sum(found.counts.values())) == (1, 4)


def test_on_pages_and_in_their_files(undecided):
    assert "Would receive it as saved" in get(undecided)
    assert "3 people" in get(undecided, "/people")
    assert refs_in(get(undecided, "/recipients.csv")) == AS_SAVED
    assert refs_in(get(undecided, "/people.csv")) == AS_SAVED


def test_where_it_asks_before_sending(undecided):
    with undecided.host.app.test_request_context("/"):
        form = str(undecided.verbs.get("c").confirmation("/send", "/back"))
    assert 'data-smartpush-people="3"' in form and "not decided yet" in form


def test_on_the_command_line(undecided):
    said = json.loads(run(undecided, "audience", "c", "--format", "json").stdout)
    assert [person["customer_ref"] for person in said["recipients"]] == AS_SAVED
    assert (said["counts"]["sendable"], said["counts"].get("left_list", 0)) == (3, 0)


def test_why_this_person(undecided):
    said = undecided.verbs.explain("c", "p3@example.com")
    [vip] = said.segments
    assert (said.is_recipient, vip.has, vip.newer_has, vip.undecided) == (True, True, False, True)
    assert said.is_undecided
    assert "It is not decided yet whether P3 gets this email." in get(
        undecided, "/why?q=p3@example.com"
    )
    words = (
        "VIP v1: in it; the newer v2 does not have them; "
        "it moved too much, so v1 counts until somebody decides"
    )
    assert words in run(undecided, "explain", "c", "p3@example.com").output
    assert words in get(undecided, "/why?q=p3@example.com")
    assert not undecided.verbs.explain("c", "p1@example.com").is_undecided, "in both lists"
    newcomer = undecided.verbs.explain("c", "p5@example.com")
    assert (newcomer.rule, newcomer.is_undecided) == ("not_chosen", True)
    gone = undecided.verbs.explain("c", "p2@example.com")
    assert (gone.rule, gone.is_undecided) == ("unsubscribed", False)


def test_once_it_is_decided_the_newest_list_counts(undecided):
    at = f"/smartpush/audiences/{undecided.row().id}/take"
    said = {"segment_id": undecided.verbs.get("c").choice.picks[0].segment_id}
    undecided.host.browser().post(at, data=said)
    assert refs_in(get(undecided, "/recipients.csv")) == ["1", "5"]
    assert not undecided.verbs.explain("c", "p3@example.com").is_recipient
