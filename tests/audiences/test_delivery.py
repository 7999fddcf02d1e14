"""Batches: each person is in exactly one place, whatever happens to whoever sends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smartpush_shopline import Choice, signals
from smartpush_shopline.errors import CannotSend, NotFound, RecipientsFixed
from tests.audiences.conftest import subscriber


def addresses(batch):
    return [person.address for person in batch]


def test_everybody_is_handed_out_once_in_batches(campaigns):
    campaigns.crowd(7)
    audience = campaigns.save()
    found = [addresses(batch) for batch in audience.batches(size=3)]
    assert [len(each) for each in found] == [3, 3, 1]
    assert [one for each in found for one in each] == [f"p{n}@example.com" for n in range(1, 8)]
    assert campaigns.counted() == {"sent": 7}
    assert campaigns.row().state == "sent"


def test_a_second_loop_has_nothing_left_to_do(campaigns):
    campaigns.crowd(3)
    audience = campaigns.save()
    assert len(list(audience.batches())) == 1
    assert list(audience.batches()) == []


def test_a_recipient_brings_what_a_message_needs(campaigns):
    campaigns.people.take(
        replace(subscriber(1), city="Taipei", language="zh-hant-tw", orders_count=3)
    )
    [batch] = campaigns.save().batches()
    [person] = batch
    assert (batch.channel, batch.campaign_ref, batch.shop.handle) == ("email", "c", "alder")
    assert (person.customer_ref, person.city, person.language) == ("1", "Taipei", "zh-hant-tw")
    assert person.fields["first_name"] == "P1"
    assert person.fields["orders_count"] == "3"
    assert person.fields["total_spent"] == ""
    assert person.unsubscribe_url.startswith("http://127.0.0.1:1/smartpush/unsubscribe/")
    assert person.headers["List-Unsubscribe"] == f"<{person.unsubscribe_url}>"


def test_who_withdraws_between_saving_and_sending_is_left_out_at_the_freeze(campaigns):
    campaigns.crowd(4)
    audience = campaigns.save()
    campaigns.opt_out(2)
    found = [addresses(batch) for batch in audience.batches()]
    assert found == [["p1@example.com", "p3@example.com", "p4@example.com"]]
    assert campaigns.verbs.receipt("c")["left_out"] == {"unsubscribed": 1}


def test_who_withdraws_while_it_is_sent_is_left_out_of_a_later_batch(campaigns):
    campaigns.crowd(4)
    loop = campaigns.save().batches(size=2)
    next(loop)
    campaigns.opt_out(1)  # has it already
    campaigns.opt_out(3)
    assert addresses(next(loop)) == ["p4@example.com"]
    assert list(loop) == []
    assert campaigns.counted() == {"sent": 3, "unsubscribed": 1}
    assert campaigns.row().state == "sent"


def test_a_batch_whose_people_all_withdrew_is_skipped(campaigns):
    campaigns.crowd(3)
    loop = campaigns.save().batches(size=1)
    next(loop)
    campaigns.opt_out(2)
    assert addresses(next(loop)) == ["p3@example.com"]


def test_who_subscribes_later_is_never_added(campaigns):
    campaigns.crowd(2)
    audience = campaigns.save()
    campaigns.crowd(5)
    assert [len(batch) for batch in audience.batches()] == [2]


def test_two_who_come_to_share_an_address_get_it_once(campaigns):
    campaigns.crowd(4)
    loop = campaigns.save().batches(size=2)
    next(loop)
    at = campaigns.people.clock()
    moved = replace(subscriber(3), email="p1@example.com", updated_at=at)
    campaigns.people.take(moved)
    assert addresses(next(loop)) == ["p4@example.com"]
    assert list(loop) == []
    assert campaigns.counted() == {"sent": 3, "same_address": 1}


def test_a_loop_that_is_left_makes_its_batch_uncertain(campaigns):
    campaigns.crowd(3)
    audience = campaigns.save()
    for _batch in audience.batches(size=1):
        break
    assert campaigns.counted() == {"uncertain": 1, "pending": 2}
    assert [addresses(batch) for batch in audience.batches()] == [
        ["p2@example.com"],
        ["p3@example.com"],
    ]
    assert campaigns.counted() == {"uncertain": 1, "sent": 2}
    assert campaigns.row().state == "sending"


def test_a_batch_confirmed_by_hand_is_sent_although_the_loop_is_left(campaigns):
    campaigns.crowd(2)
    for batch in campaigns.save().batches(size=1):
        assert batch.confirm()
        assert not batch.confirm()
        break
    assert campaigns.counted() == {"sent": 1, "pending": 1}


def test_a_claim_that_ended_is_uncertain_and_goes_to_nobody_else(campaigns):
    campaigns.crowd(2)
    audience = campaigns.save()
    dead = audience.batches(size=1, claim=timedelta(minutes=5))
    mine = next(dead)
    campaigns.people.clock.forward(minutes=6)
    assert campaigns.counted() == {"uncertain": 1, "pending": 1}
    assert [addresses(batch) for batch in audience.batches()] == [["p2@example.com"]]
    assert campaigns.counted() == {"uncertain": 1, "sent": 1}
    assert mine.confirm(), "slow, not dead: it knows best"
    assert campaigns.counted() == {"sent": 2}


def test_a_person_has_an_uncertain_batch_sent_again_under_its_old_key(campaigns):
    campaigns.crowd(2)
    audience = campaigns.save()
    loop = audience.batches(size=2)
    first = next(loop)
    loop.close()
    assert campaigns.counted() == {"uncertain": 2}
    campaigns.opt_out(2)
    assert audience.send_again(first.number) == 1
    campaigns.commit()
    [again] = audience.batches()
    assert (again.key, addresses(again)) == (first.key, ["p1@example.com"])
    assert campaigns.counted() == {"sent": 1, "unsubscribed": 1}


def test_once_a_person_decided_the_slow_worker_is_not_heard(campaigns):
    campaigns.crowd(1)
    audience = campaigns.save()
    loop = audience.batches(claim=timedelta(minutes=5))
    slow = next(loop)
    campaigns.people.clock.forward(minutes=6)
    assert audience.send_again() == 1
    campaigns.commit()
    assert not slow.confirm()
    assert campaigns.counted() == {"pending": 1}


def test_a_person_says_that_an_uncertain_batch_went_out(campaigns):
    campaigns.crowd(1)
    audience = campaigns.save()
    audience.batches().__next__()
    assert campaigns.counted() == {"uncertain": 1}
    assert audience.mark_sent() == 1
    campaigns.commit()
    assert campaigns.counted() == {"sent": 1}
    assert campaigns.row().state == "sent"


def test_paused_nothing_is_handed_out_until_it_is_resumed(campaigns):
    campaigns.crowd(3)
    audience = campaigns.save()
    loop = audience.batches(size=1)
    next(loop)
    audience.pause()
    campaigns.commit()
    assert list(loop) == []
    assert campaigns.counted() == {"sent": 1, "pending": 2}
    audience.resume()
    campaigns.commit()
    assert len(list(audience.batches())) == 2


def test_cancelled_in_the_middle_the_rest_is_never_sent(campaigns):
    campaigns.crowd(3)
    audience = campaigns.save()
    loop = audience.batches(size=1)
    next(loop)
    campaigns.verbs.cancel("c")
    campaigns.commit()
    assert list(loop) == []
    assert campaigns.counted() == {"sent": 1, "cancelled": 2}
    assert campaigns.row().state == "cancelled"
    with pytest.raises(CannotSend):
        campaigns.verbs.schedule("c", campaigns.people.clock())


def test_keys_are_different_for_every_batch_of_every_campaign(campaigns):
    campaigns.crowd(3)
    keys = [b.key for ref in "ab" for b in campaigns.save(ref).batches(size=1)]
    assert len(set(keys)) == 6


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_of_nobody_is_refused(campaigns, size):
    campaigns.crowd(1)
    with pytest.raises(ValueError, match="at least one"):
        list(campaigns.save().batches(size=size))


def test_an_empty_list_cannot_be_sent(campaigns):
    audience = campaigns.save()
    with pytest.raises(CannotSend) as refusal:
        list(audience.batches())
    assert refusal.value.reason == "nobody"
    assert campaigns.row().state == "saved"


def test_a_segment_that_waits_for_its_first_list_blocks_the_sending(campaigns):
    campaigns.crowd(1)
    waiting = campaigns.people.segment("new", version=False)
    choice = Choice(campaigns.people.shop_id, "email", scope="everyone")
    campaigns.verbs.save(choice.toggle("include", waiting.id, None), campaign_ref="c")
    campaigns.commit()
    with pytest.raises(CannotSend) as refusal:
        list(campaigns.verbs.get("c").batches())
    assert refusal.value.reason == "waiting"


def test_once_it_began_nobody_chooses_other_recipients(campaigns):
    campaigns.crowd(2)
    audience = campaigns.save()
    audience.batches(size=1).__next__()
    campaigns.save()  # the same recipients again: nothing happens
    assert campaigns.verbs.get("c").progress.total == 2
    other = campaigns.people.segment("other", "1")
    changed = audience.choice.toggle("exclude", other.id, other.current_version_id)
    with pytest.raises(RecipientsFixed):
        campaigns.verbs.save(changed, campaign_ref="c")


def test_the_freeze_and_each_batch_are_told_after_the_commit(campaigns):
    campaigns.crowd(3)
    audience = campaigns.save()
    told = []

    def hear(name):
        return lambda app, **facts: told.append((name, facts["recipients"], campaigns.counted()))

    frozen, sent = hear("frozen"), hear("sent")
    with signals.audience_frozen.connected_to(frozen), signals.batch_sent.connected_to(sent):
        list(audience.batches(size=2))
    assert told == [
        ("frozen", 3, {"pending": 3}),
        ("sent", 2, {"sent": 2, "handed_out": 1}),
        ("sent", 1, {"sent": 3}),
    ]


def test_saving_is_told_after_the_dashboard_commits_and_not_when_it_rolls_back(campaigns):
    campaigns.crowd(2)
    told = []

    def hear(app, **facts):
        told.append((facts["campaign_ref"], facts["recipients"]))

    choice = Choice(campaigns.people.shop_id, "email", scope="everyone")
    with signals.audience_pinned.connected_to(hear):
        campaigns.verbs.save(choice, campaign_ref="lost")
        campaigns.host.db.session.rollback()
        campaigns.verbs.save(choice, campaign_ref="kept")
        with campaigns.host.db.session.begin_nested():
            pass
        assert told == []
        campaigns.commit()
    campaigns.commit()
    assert told == [("kept", 2)]


def test_whoever_pins_other_people_is_told_of_too(campaigns):
    campaigns.crowd(4)
    vip, other = campaigns.people.segment("VIP", "1"), campaigns.people.segment("Other", *"234")
    fresh = campaigns.people.segment("Fresh", version=False)
    choice = Choice(campaigns.people.shop_id, "email")
    for each in (vip, fresh):
        choice = choice.toggle("include", each.id, each.current_version_id)
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.commit()
    campaigns.people.segment("VIP", "1", "2")
    at, browser = f"/smartpush/audiences/{campaigns.row().id}", campaigns.host.browser()
    told = []

    def hear(app, **facts):
        told.append((facts["campaign_ref"], facts["recipients"], facts["revision"]))
        assert len(list(campaigns.verbs.get("c").recipients())) == facts["recipients"]
        campaigns.commit()

    with signals.audience_pinned.connected_to(hear):
        browser.post(f"{at}/keep", data={"segment_id": vip.id})
        assert told == []
        browser.post(f"{at}/take", data={"segment_id": vip.id})
        browser.post(f"{at}/swap", data={"segment_id": vip.id, "other_id": other.id})
        campaigns.people.segment("Fresh", "1")
        campaigns.host.tick()
        campaigns.host.tick()
        browser.post(f"{at}/take", data={"segment_id": other.id, "revision": 1})
    campaigns.commit()
    assert told == [("c", 2, 2), ("c", 3, 3), ("c", 4, 3)]


def test_a_receipt_adds_up_and_stays_as_it_was(campaigns):
    campaigns.crowd(5)
    vip = campaigns.people.segment("VIP", "1", "2", "3", "4")
    with campaigns.people.begin() as session:
        session.get_one(type(vip), vip.id).admin_count = 6
    choice = Choice(campaigns.people.shop_id, "email")
    choice = choice.toggle("include", vip.id, vip.current_version_id)
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.commit()
    with pytest.raises(NotFound):
        campaigns.verbs.receipt("c")
    campaigns.opt_out(1)
    list(campaigns.verbs.get("c").batches(size=2))
    campaigns.people.segment("VIP", "1")
    campaigns.opt_out(2)
    receipt = campaigns.verbs.receipt("c")
    [pick] = receipt["picks"]
    assert (pick["name"], pick["version"], pick["people"], pick["admin_count"]) == ("VIP", 1, 4, 6)
    assert receipt["chosen"] == receipt["recipients"] + sum(receipt["left_out"].values()) == 4
    assert receipt["went"]["sent"] == 3
    assert receipt["digest"] == campaigns.row().frozen_digest
