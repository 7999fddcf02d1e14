"""The drift guard: held until a deadline; a person decides, or what was said beforehand applies."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from smartpush_shopline import Choice, signals
from smartpush_shopline.audiences.sending import holding
from smartpush_shopline.errors import CannotSend
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import Segment
from tests import workers
from tests.support import NOW

DUE = NOW + timedelta(hours=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def sent(campaigns):
    found = []

    @campaigns.host.smartpush.sender("email")
    def send(batch):
        found.extend(person.customer_ref for person in batch)

    return found


@pytest.fixture
def told(campaigns):
    """What `audience_held` said."""
    found = []

    def listen(_app, **facts):
        assert campaigns.row(facts["campaign_ref"]).state == "held", "after the commit"
        found.append(facts)

    with signals.audience_held.connected_to(listen):
        yield found


def tick(campaigns):
    campaigns.host.tick()
    campaigns.commit()


@pytest.fixture
def held(campaigns, sent):
    """VIP lost half of its people while a campaign heeded it, and that campaign is due."""

    def make(late=timedelta(0), **said):
        campaigns.crowd(5)
        vip = campaigns.people.segment("VIP", "1", "2", "3", "4")
        choice = Choice(campaigns.people.shop_id, "email")
        choice = choice.toggle("include", vip.id, vip.current_version_id)
        campaigns.verbs.save(choice.with_policy(vip.id, "newest"), campaign_ref="c")
        campaigns.verbs.schedule("c", DUE, **said)
        campaigns.commit()
        campaigns.people.segment("VIP", "1", "2", "5")
        campaigns.people.clock.time = DUE + late
        tick(campaigns)
        return vip

    return make


def post(campaigns, verb, **form):
    at = f"/smartpush/audiences/{campaigns.row().id}/{verb}"
    answer = campaigns.host.browser().post(at, data=form, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_it_is_held_with_a_deadline_and_the_dashboard_is_told_once(campaigns, held, told, sent):
    held()
    tick(campaigns)
    row = campaigns.row()
    assert (row.state, row.held_because, sent) == ("held", "held", [])
    assert row.decide_by == DUE + timedelta(hours=2)
    [facts] = told
    assert (facts["reason"], facts["decide_by"], facts["otherwise"]) == (
        "held",
        DUE + timedelta(hours=2),
        "cancel",
    )
    assert facts["segments"] == [
        {"name": "VIP", "kind": "held", "moved": 0.75, "joined": 1, "left": 2}
    ]


@pytest.mark.parametrize(
    ("said", "state", "people"),
    [("send", "sent", ["1", "2", "3", "4"]), ("cancel", "cancelled", [])],
)
def test_when_nobody_decides_what_was_said_beforehand_applies(
    campaigns, held, sent, said, state, people
):
    held(otherwise=said)
    campaigns.people.clock.forward(hours=1, minutes=59)
    tick(campaigns)
    assert campaigns.row().state == "held"
    campaigns.people.clock.forward(minutes=1)
    tick(campaigns)
    tick(campaigns)
    assert (campaigns.row().state, sent) == (state, people)
    assert campaigns.row().held_because == "undecided"


def test_whoever_opted_out_meanwhile_is_not_in_what_was_saved(campaigns, held, sent):
    held(otherwise="send")
    campaigns.opt_out(3)
    campaigns.people.clock.forward(hours=2)
    tick(campaigns)
    assert sent == ["1", "2", "4"]


def test_when_everything_was_down_at_the_deadline_the_next_tick_decides(campaigns, held, sent):
    held(otherwise="send")
    campaigns.people.clock.forward(days=3)
    tick(campaigns)
    assert sent == ["1", "2", "3", "4"]


def test_when_everything_was_down_at_the_time_of_sending_a_person_still_has_time(
    campaigns, held
):
    held(late=timedelta(days=1))
    assert campaigns.row().state == "held"
    assert campaigns.row().decide_by == DUE + timedelta(days=1, hours=2)


def test_of_many_workers_one_decides(campaigns, held, sent, processes, url, tmp_path):
    """Eight real processes at the same moment, on both engines."""
    held()
    audience_id = campaigns.row().id
    (gate := tmp_path / "gate").mkdir()
    busy = [
        processes.submit(workers.decide_held, url, audience_id, str(gate), 8, 3)
        for _process in range(8)
    ]
    done = [each.result(timeout=60) for each in busy]
    assert sorted(done, key=str) == [None] * 7 + ["send"]
    assert (campaigns.row().state, campaigns.row().held_because) == ("scheduled", "undecided")


def test_a_worker_that_dies_while_deciding_leaves_it_to_the_next(campaigns, held, sent):
    held(otherwise="send")
    campaigns.people.clock.forward(hours=2)
    now, settings, audience_id = (
        campaigns.people.clock(),
        campaigns.host.state.settings,
        campaigns.row().id,
    )
    with campaigns.host.database.begin() as session:
        assert holding.decide(session, audience_id, now, settings) == "send"
        session.rollback()
    assert campaigns.row().state == "held"
    tick(campaigns)
    assert sent == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("verb", "people"), [("keep", ["1", "2", "3", "4"]), ("take", ["1", "2", "5"])]
)
def test_an_answer_sends_it_at_once(campaigns, held, sent, verb, people):
    vip = held()
    post(campaigns, verb, segment_id=vip.id, revision=campaigns.row().revision)
    assert sent == people
    assert campaigns.row().state == "sent"


@pytest.mark.parametrize(
    ("verb", "label", "people"),
    [("keep", "Send to 3 as saved", 3), ("take", "Send to 2 with VIP v2", 2)],
)
def test_while_it_is_held_the_answers_say_exactly_how_many_and_nothing_else_does(
    campaigns, held, sent, verb, label, people
):
    vip = held()
    campaigns.opt_out(2)
    at = f"/smartpush/audiences/{campaigns.row().id}"
    page = campaigns.host.browser().get(at).text
    assert label in page and "Not decided yet who gets this email." in page
    assert "people get this email" not in page and "left the segment" not in page
    assert "Undecided, it would be held" not in page and "recipients.csv" not in page
    assert "Would receive it as saved" in page
    listed = campaigns.host.browser().get(f"{at}/people").text
    assert "Would receive it as saved" in listed and "3 people" in listed
    post(campaigns, verb, segment_id=vip.id, revision=campaigns.row().revision)
    assert len(sent) == people


def test_of_an_exclusion_it_says_whom_it_would_take_away(campaigns, sent):
    campaigns.crowd(4)
    bought = campaigns.people.segment("Bought")
    choice = Choice(campaigns.people.shop_id, "email", scope="everyone")
    choice = choice.toggle("exclude", bought.id, bought.current_version_id)
    campaigns.verbs.save(choice.with_policy(bought.id, "newest"), campaign_ref="c")
    campaigns.commit()
    campaigns.people.segment("Bought", "1", "2")
    with campaigns.host.app.test_request_context("/"):
        asked = str(campaigns.verbs.get("c").confirmation("/send", "/campaigns/7"))
    assert "Ask, then send" in asked and "not decided yet" in asked
    assert "It asks first" in asked and "Send to" not in asked
    campaigns.verbs.schedule("c", NOW)
    campaigns.commit()
    tick(campaigns)
    page = campaigns.host.browser().get(f"/smartpush/audiences/{campaigns.row().id}").text
    assert page.count("“Bought” would take away 50 % of the recipients.") == 2
    assert "moved 50" not in page and "joined an exclusion" not in page
    assert "Send to 4 as saved" in page and "Send to 2 with Bought v2" in page


def test_the_piece_that_looks_again_brings_the_whole_panel_once_it_is_held(campaigns, held):
    held()
    at = f"/smartpush/audiences/{campaigns.row().id}"
    piece = campaigns.host.browser().get(f"{at}/delivery", headers=HTMX)
    assert piece.headers["HX-Retarget"] == f"#audience-panel-{campaigns.row().id}"
    assert "Send to 4 as saved" in piece.text
    assert 'hx-trigger="load delay:3600s"' in piece.text, "its deadline is in two hours"


def test_what_happens_when_nobody_decides_can_be_changed_while_it_is_held(campaigns, held, sent):
    held()
    revision = campaigns.row().revision
    said = post(campaigns, "otherwise", otherwise="send", hours="1", revision=revision)
    assert "Decide by Tue 24 Nov, 16:00 (Asia/Taipei), otherwise what was saved is sent." in said
    campaigns.people.clock.forward(hours=2, minutes=59)
    tick(campaigns)
    assert (campaigns.row().state, sent) == ("held", [])
    campaigns.people.clock.forward(minutes=1)
    tick(campaigns)
    tick(campaigns)
    assert (campaigns.row().state, sent) == ("sent", ["1", "2", "3", "4"])


def test_of_two_tabs_that_change_it_the_second_is_told(campaigns, held):
    held()
    seen = campaigns.row().revision
    post(campaigns, "otherwise", otherwise="send", hours="0", revision=seen)
    said = post(campaigns, "otherwise", otherwise="cancel", hours="24", revision=seen)
    assert "Somebody changed these recipients meanwhile" in said
    row = campaigns.row()
    assert (row.otherwise, row.decide_by) == ("send", DUE + timedelta(hours=2))


@pytest.mark.parametrize(
    "form",
    [{"otherwise": "perhaps", "hours": "9999"}, {"hours": "x"}, {"hours": "9" * 15}, {}],
)
def test_nonsense_changes_neither_what_happens_nor_when(campaigns, held, form):
    held()
    post(campaigns, "otherwise", revision=campaigns.row().revision, **form)
    row = campaigns.row()
    assert (row.otherwise, row.decide_by) == (None, DUE + timedelta(hours=2))


def test_what_is_not_held_has_nothing_to_change(campaigns, held, sent):
    vip = held()
    post(campaigns, "keep", segment_id=vip.id, revision=campaigns.row().revision)
    said = post(campaigns, "otherwise", otherwise="send", revision=campaigns.row().revision)
    assert "Somebody changed these recipients meanwhile" in said
    assert campaigns.row().otherwise is None


@pytest.mark.parametrize("right", ["send", "choose"])
def test_who_may_not_send_or_choose_cannot_change_what_happens(campaigns, held, right):
    held()
    campaigns.host.allows = lambda action, shop: action != right
    at = f"/smartpush/audiences/{campaigns.row().id}"
    assert "/otherwise" not in campaigns.host.browser().get(at).text
    answer = campaigns.host.browser().post(f"{at}/otherwise", data={"otherwise": "send"})
    assert (answer.status_code, campaigns.row().otherwise) == (403, None)


def test_cancelling_what_is_held_leaves_it_saved_and_unsent(campaigns, held, sent):
    vip = held()
    post(campaigns, "discard", segment_id=vip.id, revision=campaigns.row().revision)
    campaigns.people.clock.forward(hours=3)
    tick(campaigns)
    assert (campaigns.row().state, sent) == ("cancelled", [])


def test_an_answer_sends_so_it_needs_the_permission_to_send(campaigns, held, sent):
    vip = held()
    campaigns.host.allows = lambda action, shop: action != "send"
    at = f"/smartpush/audiences/{campaigns.row().id}/keep"
    answer = campaigns.host.browser().post(at, data={"segment_id": vip.id})
    assert (answer.status_code, campaigns.row().state, sent) == (403, "held", [])


def test_who_answers_after_the_deadline_is_told(campaigns, held, sent):
    vip = held()
    seen = campaigns.row().revision
    campaigns.people.clock.forward(hours=2)
    tick(campaigns)
    said = post(campaigns, "take", segment_id=vip.id, revision=seen)
    assert "Somebody changed these recipients meanwhile" in said
    assert sent == []


def test_when_the_list_moves_back_it_goes_out_by_itself(campaigns, held, sent):
    held()
    campaigns.people.segment("VIP", "1", "2", "3", "4")
    tick(campaigns)
    assert sent == ["1", "2", "3", "4"]


def test_other_recipients_saved_while_it_is_held_are_scheduled_anew(campaigns, held, sent):
    held()
    other = campaigns.people.segment("Other", "5")
    audience = campaigns.verbs.get("c")
    choice = audience.choice.toggle("include", other.id, other.current_version_id)
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.commit()
    tick(campaigns)
    assert (campaigns.row().state, campaigns.row().decide_by, sent) == ("saved", None, [])


def test_one_deleted_in_the_admin_is_held_in_the_same_place(campaigns, sent, told):
    campaigns.crowd(2)
    vip = campaigns.people.segment("VIP", "1", "2")
    choice = Choice(campaigns.people.shop_id, "email")
    choice = choice.toggle("include", vip.id, vip.current_version_id)
    campaigns.verbs.save(choice.with_policy(vip.id, "newest"), campaign_ref="c")
    campaigns.verbs.schedule("c", DUE, otherwise="send")
    campaigns.commit()
    with campaigns.people.begin() as session:
        publishing.mark_deleted(session.get_one(Segment, vip.id), NOW)
    campaigns.people.clock.time = DUE
    tick(campaigns)
    assert [each["reason"] for each in told] == ["deleted"]
    campaigns.people.clock.forward(hours=2)
    tick(campaigns)
    assert sent == ["1", "2"]


def test_the_command_line_says_until_when(campaigns, held):
    held()
    runner = campaigns.host.app.test_cli_runner()
    said = runner.invoke(args=["smartpush", "audience", "c", "--format", "json"])
    assert '"decide_by": "2026-11-24T07:00:00+00:00"' in said.stdout
    assert '"otherwise": "cancel"' in said.stdout
    assert "Held" in said.stderr and "Tue 24 Nov, 15:00 (Asia/Taipei)" in said.stderr


def test_the_command_line_says_before_it_is_due_that_nobody_decided_yet(campaigns, sent):
    campaigns.crowd(5)
    vip = campaigns.people.segment("VIP", "1", "2", "3", "4")
    choice = Choice(campaigns.people.shop_id, "email")
    choice = choice.toggle("include", vip.id, vip.current_version_id)
    campaigns.verbs.save(choice.with_policy(vip.id, "newest"), campaign_ref="c")
    campaigns.verbs.schedule("c", DUE)
    campaigns.commit()
    runner = campaigns.host.app.test_cli_runner()
    assert not runner.invoke(args=["smartpush", "audience", "c"]).stderr
    campaigns.people.segment("VIP", "1", "2", "5")
    said = runner.invoke(args=["smartpush", "audience", "c"])
    assert said.stderr == "Not decided yet: “VIP” moved 75 %.\n"
    facts = runner.invoke(args=["smartpush", "audience", "c", "--format", "json"])
    assert json.loads(facts.stdout)["undecided"] == said.stderr.strip()


def test_an_unknown_otherwise_is_refused(campaigns, sent):
    campaigns.crowd(1)
    campaigns.save()
    with pytest.raises(ValueError, match="send, cancel"):
        campaigns.verbs.schedule("c", NOW, otherwise="perhaps")


def test_what_is_held_cannot_be_looped_over_either(campaigns, held):
    held()
    with pytest.raises(CannotSend):
        list(campaigns.verbs.get("c").batches())


def page_of(campaigns):
    return campaigns.host.browser().get(f"/smartpush/audiences/{campaigns.row().id}").text


@pytest.fixture
def moved(campaigns, sent):
    """VIP lost half of its people while a scheduled campaign heeds it, which is not due yet."""
    campaigns.crowd(4)
    vip = campaigns.people.segment("VIP", "1", "2", "3", "4")
    choice = Choice(campaigns.people.shop_id, "email")
    choice = choice.toggle("include", vip.id, vip.current_version_id)
    campaigns.verbs.save(choice.with_policy(vip.id, "newest"), campaign_ref="c")
    campaigns.verbs.schedule("c", DUE)
    campaigns.commit()
    campaigns.people.segment("VIP", "1", "2")
    return vip


def test_a_cancelled_campaign_asks_nothing_and_may_be_scheduled_again(campaigns, moved):
    campaigns.verbs.cancel("c")
    page = page_of(campaigns)
    assert "people would get this email" in page and "Would receive it" in page
    assert "Cancelled before anybody was written to." in page
    for asked in ("Only if you say so", "Keep v1", "Cancel it", "people get this", "Not decided"):
        assert asked not in page
    campaigns.verbs.schedule("c", DUE)
    assert campaigns.row().state == "scheduled"
    page = page_of(campaigns)
    assert "Not decided yet who gets this email." in page and "Keep v1" in page


def test_a_scheduled_campaign_has_one_way_of_cancelling(campaigns, moved):
    page = page_of(campaigns)
    assert "Undecided, it would be held" in page
    assert "Cancel</button>" in page and "Cancel it" not in page


def test_one_that_is_due_and_will_be_held_does_not_say_that_it_goes_out(campaigns, moved):
    campaigns.people.clock.time = DUE
    page = page_of(campaigns)
    assert "It is due, but somebody has to decide first: “VIP” moved 50 %." in page
    assert "Goes out now" not in page and "it would be held" not in page


def test_one_deleted_in_the_admin_is_undecided_at_once(campaigns, sent):
    campaigns.crowd(2)
    vip = campaigns.people.segment("VIP", "1", "2")
    choice = Choice(campaigns.people.shop_id, "email")
    choice = choice.toggle("include", vip.id, vip.current_version_id)
    campaigns.verbs.save(choice.with_policy(vip.id, "newest"), campaign_ref="c")
    campaigns.commit()
    assert "Not decided yet" not in page_of(campaigns)
    with campaigns.people.begin() as session:
        publishing.mark_deleted(session.get_one(Segment, vip.id), NOW)
    page = page_of(campaigns)
    assert "Not decided yet who gets this email." in page and "people get this" not in page
    assert "Would receive it as saved" in page
    post(campaigns, "keep", segment_id=vip.id, revision=campaigns.row().revision)
    assert "people get this email" in page_of(campaigns)


def receipt_of(campaigns):
    at = f"/smartpush/audiences/{campaigns.row().id}/receipt"
    return campaigns.host.browser().get(at).text, campaigns.verbs.receipt("c")


BEGAN = "Held on Tue 24 Nov, 13:00 (Asia/Taipei): “VIP” moved 75 %."


@pytest.mark.parametrize(
    ("verb", "decided", "version"),
    [
        ("keep", "Decided on Tue 24 Nov, 13:30: “VIP” v1 was kept.", 1),
        ("take", "Decided on Tue 24 Nov, 13:30: “VIP” v2 was taken.", 2),
    ],
)
def test_what_a_person_decided_stays_told(campaigns, held, sent, verb, decided, version):
    vip = held()
    assert BEGAN not in page_of(campaigns), "it is held, which is said already"
    campaigns.people.clock.forward(minutes=30)
    post(campaigns, verb, segment_id=vip.id, revision=campaigns.row().revision)
    page, facts = receipt_of(campaigns)
    assert f"{BEGAN} {decided}" in page_of(campaigns) and f"{BEGAN} {decided}" in page
    asked = {"kind": "held", "name": "VIP", "mode": "include", "percent": 75}
    answer = {"at": (DUE + timedelta(minutes=30)).isoformat(), "did": verb}
    answer |= {"name": "VIP", "version": version}
    assert facts["held"] == [{"at": DUE.isoformat(), "asked": [asked], "answers": [answer]}]


def test_that_it_was_cancelled_stays_told_until_it_is_sent_after_all(campaigns, held, sent):
    vip = held()
    post(campaigns, "discard", segment_id=vip.id, revision=campaigns.row().revision)
    told = f"{BEGAN} Cancelled on Tue 24 Nov, 13:00."
    assert told in page_of(campaigns)
    campaigns.people.segment("VIP", "1", "2", "3", "4")
    campaigns.verbs.schedule("c", DUE)
    campaigns.commit()
    tick(campaigns)
    assert sent == ["1", "2", "3", "4"] and told in receipt_of(campaigns)[0]


@pytest.mark.parametrize(
    ("said", "became"), [("send", "what was saved was sent"), ("cancel", "it was cancelled")]
)
def test_that_nobody_decided_stays_told(campaigns, held, said, became):
    held(otherwise=said)
    campaigns.people.clock.forward(hours=5)
    tick(campaigns)
    tick(campaigns)
    assert f"{BEGAN} Nobody decided by Tue 24 Nov, 15:00, so {became}." in page_of(campaigns)


def test_that_it_went_out_by_itself_stays_told(campaigns, held, sent):
    held()
    campaigns.people.segment("VIP", "1", "2", "3", "4")
    tick(campaigns)
    told = "On Tue 24 Nov, 13:00 nothing was left to decide, so it went out."
    assert f"{BEGAN} {told}" in receipt_of(campaigns)[0]


def test_the_dashboard_itself_may_cancel_what_is_held(campaigns, held):
    held()
    campaigns.verbs.cancel("c")
    assert f"{BEGAN} Cancelled on Tue 24 Nov, 13:00." in page_of(campaigns)
