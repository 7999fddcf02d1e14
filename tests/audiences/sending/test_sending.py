"""Registered senders, run by the clock: when it is due, once, and whatever a sender does."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from smartpush_shopline import Choice, OptOut
from smartpush_shopline.errors import CannotSend, ConfigurationError
from tests.support import NOW


@pytest.fixture
def sent(campaigns):
    """What the dashboard's e-mail sender was given."""
    found = []

    @campaigns.host.smartpush.sender("email")
    def send(batch):
        found.extend(person.address for person in batch)

    return found


def scheduled(campaigns, **later):
    campaigns.save()
    campaigns.verbs.schedule("c", NOW + timedelta(**later))
    campaigns.commit()


def tick(campaigns):
    campaigns.host.tick()
    campaigns.commit()


def test_it_goes_out_when_it_is_due_and_once(campaigns, sent):
    campaigns.crowd(3)
    scheduled(campaigns, hours=1)
    tick(campaigns)
    assert (sent, campaigns.row().state) == ([], "scheduled")
    campaigns.people.clock.forward(hours=2)
    tick(campaigns)
    tick(campaigns)
    assert len(sent) == len(set(sent)) == 3
    assert campaigns.row().state == "sent"
    assert campaigns.counted() == {"sent": 3}


def test_send_now_goes_at_once_after_the_commit(campaigns, sent):
    campaigns.crowd(2)
    campaigns.save()
    campaigns.verbs.schedule("c", NOW)
    assert sent == []
    campaigns.commit()
    assert len(sent) == 2


def test_who_withdraws_before_it_is_due_does_not_get_it(campaigns, sent):
    campaigns.crowd(2)
    scheduled(campaigns, hours=1)
    campaigns.people.clock.forward(hours=2)
    campaigns.opt_out(1)
    tick(campaigns)
    assert sent == ["p2@example.com"]


def test_cancelled_before_it_is_due_it_never_goes_and_may_be_scheduled_again(campaigns, sent):
    campaigns.crowd(1)
    scheduled(campaigns, hours=1)
    campaigns.verbs.cancel("c")
    campaigns.commit()
    campaigns.people.clock.forward(hours=2)
    tick(campaigns)
    assert sent == []
    campaigns.verbs.schedule("c", campaigns.people.clock())
    campaigns.commit()
    assert len(sent) == 1


def test_discarded_it_does_not_go_although_it_was_scheduled(campaigns, sent):
    campaigns.crowd(1)
    scheduled(campaigns, hours=1)
    campaigns.verbs.discard("c")
    campaigns.commit()
    campaigns.people.clock.forward(hours=2)
    tick(campaigns)
    assert sent == []


def test_a_changed_choice_stays_scheduled(campaigns, sent):
    campaigns.crowd(2)
    scheduled(campaigns, hours=1)
    one = campaigns.people.segment("one", "1")
    audience = campaigns.verbs.get("c")
    campaigns.verbs.save(
        audience.choice.toggle("exclude", one.id, one.current_version_id), campaign_ref="c"
    )
    campaigns.commit()
    campaigns.people.clock.forward(hours=2)
    tick(campaigns)
    assert sent == ["p2@example.com"]


def test_a_sender_that_fails_parks_its_batch_and_the_others_go_on(campaigns, caplog):
    campaigns.crowd(1_001)
    tried = []

    @campaigns.host.smartpush.sender("email")
    def send(batch):
        tried.append(batch.number)
        if batch.number == 2 and tried.count(2) == 1:
            raise OSError("mailbox of ada@example.com is gone")

    with caplog.at_level(logging.CRITICAL):
        scheduled(campaigns, hours=0)
    assert tried == [1, 2, 3]
    assert campaigns.counted() == {"sent": 501, "parked": 500}
    page = campaigns.host.browser().get(f"/smartpush/audiences/{campaigns.row().id}").text
    assert "OSError: mailbox of ...@example.com is gone" in page
    assert "Send again" in page
    answer = campaigns.host.browser().post(
        f"/smartpush/audiences/{campaigns.row().id}/delivery/send-again", data={"number": "2"}
    )
    assert answer.status_code == 303
    assert tried == [1, 2, 3, 2]
    assert campaigns.counted() == {"sent": 1_001}


def test_a_segment_that_moved_too_much_holds_it(campaigns, sent):
    campaigns.crowd(4)
    vip = campaigns.people.segment("VIP", "1", "2", "3", "4")
    choice = Choice(campaigns.people.shop_id, "email").toggle(
        "include", vip.id, vip.current_version_id
    )
    choice = choice.with_policy(vip.id, "newest")
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.verbs.schedule("c", NOW + timedelta(hours=1))
    campaigns.commit()
    campaigns.people.segment("VIP", "1", "2")
    campaigns.people.clock.forward(hours=2)
    tick(campaigns)
    assert (sent, campaigns.row().state, campaigns.row().held_because) == ([], "held", "held")
    page = campaigns.host.browser().get(f"/smartpush/audiences/{campaigns.row().id}").text
    assert "Held:" in page


def test_without_a_sender_nothing_can_be_scheduled(campaigns):
    campaigns.crowd(1)
    campaigns.save()
    with pytest.raises(CannotSend) as refusal:
        campaigns.verbs.schedule("c", NOW)
    assert refusal.value.reason == "no_sender"


def test_an_empty_list_cannot_be_scheduled(campaigns, sent):
    campaigns.save()
    with pytest.raises(CannotSend, match="Nobody"):
        campaigns.verbs.schedule("c", NOW)


def test_a_time_without_a_zone_is_refused(campaigns, sent):
    campaigns.crowd(1)
    campaigns.save()
    with pytest.raises(ValueError, match="time zone"):
        campaigns.verbs.schedule("c", NOW.replace(tzinfo=None))


def test_a_sender_is_for_a_channel_and_there_is_one_of_each(campaigns, sent):
    with pytest.raises(ConfigurationError, match="Two senders"):
        campaigns.host.smartpush.sender("email")(print)
    with pytest.raises(ConfigurationError, match="fax"):
        campaigns.host.smartpush.sender("fax")


@pytest.mark.parametrize(
    ("verb", "state", "words"),
    [("pause", "sending", "Paused since"), ("cancel", "cancelled", "Cancelled on")],
)
def test_the_page_pauses_and_cancels(campaigns, verb, state, words):
    campaigns.crowd(2)
    audience = campaigns.save()
    next(audience.batches(size=1))
    at = f"/smartpush/audiences/{audience.id}"
    browser = campaigns.host.browser()
    assert "Batch 1" in browser.get(at).text
    piece = browser.post(f"{at}/delivery/{verb}", headers={"HX-Request": "true"})
    assert piece.text.lstrip().startswith('<div class="smartpush-delivery"')
    assert words in piece.text
    assert campaigns.row().state == state


@pytest.mark.parametrize("number", ["nonsense", "9" * 20, "-1", ""])
@pytest.mark.parametrize("verb", ["send-again", "mark-sent"])
def test_what_is_no_number_of_a_batch_decides_about_none(campaigns, verb, number):
    campaigns.crowd(3)
    audience = campaigns.save()
    for _batch in audience.batches(size=1):
        break
    before = campaigns.counted()
    at, browser = f"/smartpush/audiences/{audience.id}/delivery/{verb}", campaigns.host.browser()
    browser.post(at, data={"number": number})
    assert campaigns.counted() == before
    browser.post(at, data={"number": "1"})
    assert campaigns.counted() != before


@pytest.mark.parametrize("verb", ["send-again", "mark-sent"])
def test_all_batches_are_decided_only_by_who_saw_them_all(campaigns, verb):
    campaigns.crowd(3)
    audience = campaigns.save()
    for _batch in audience.batches(size=1):
        break
    for _batch in audience.batches(size=1):
        break
    before = campaigns.counted()
    at, browser = f"/smartpush/audiences/{audience.id}/delivery/{verb}", campaigns.host.browser()
    refused = browser.post(at, data={"many": "1"})
    assert (refused.status_code, campaigns.counted()) == (409, before)
    assert "There are others to decide about by now." in refused.text
    assert browser.post(at, data={"many": "2"}).status_code == 303
    assert campaigns.counted() != before


def test_nobody_without_permission_to_send_changes_anything(campaigns):
    campaigns.crowd(1)
    audience = campaigns.save()
    campaigns.host.allows = lambda action, shop: action != "send"
    browser = campaigns.host.browser()
    at = f"/smartpush/audiences/{audience.id}/delivery"
    for verb in ("pause", "resume", "cancel", "release", "send-again", "mark-sent"):
        assert browser.post(f"{at}/{verb}").status_code == 403
    assert browser.post(f"{at}/anything").status_code == 404


def test_a_receipt_is_a_page_and_json(campaigns):
    campaigns.crowd(3)
    audience = campaigns.save()
    browser, at = campaigns.host.browser(), f"/smartpush/audiences/{audience.id}/receipt"
    assert browser.get(at).status_code == 404
    campaigns.opt_out(1)
    list(audience.batches())
    assert "Unsubscribed" in browser.get(at).text
    found = browser.get(at, headers={"Accept": "application/json"}).json
    assert (found["chosen"], found["left_out"]) == (3, {"unsubscribed": 1})
    assert found["went"]["sent"] == 2


def test_it_waits_for_the_dashboards_own_opt_outs_and_goes_on_by_itself(campaigns, sent):
    campaigns.crowd(2)
    known = []

    @campaigns.host.smartpush.opt_outs
    def opted_out(since):
        if not known:
            raise OSError
        return known

    scheduled(campaigns, hours=0)
    tick(campaigns)
    assert (sent, campaigns.row().held_because) == ([], "opt_outs_unread")
    with pytest.raises(CannotSend, match="own opt-outs"):
        next(campaigns.verbs.get("c").batches())
    known.append(OptOut("email", NOW, email="P1@example.com"))
    campaigns.people.clock.forward(minutes=2)
    tick(campaigns)
    assert sent == ["p2@example.com"]
