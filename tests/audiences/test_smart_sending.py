"""Smart sending: nobody is written to again too soon, on the same channel or under another name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smartpush_shopline.audiences import smart
from smartpush_shopline.contacts import reach
from smartpush_shopline.errors import CannotSend
from tests.audiences.conftest import subscriber
from tests.support import NOW

DAY = timedelta(hours=24)


@pytest.fixture
def rule(campaigns):
    def choose(mode, window=DAY):
        settings = campaigns.host.state.settings
        ours = {"email": (mode, window)}
        campaigns.host.state.settings = replace(settings, smart_sending=ours)

    choose("skip")
    return choose


def sent(campaigns, ref):
    return [p.address for batch in campaigns.save(ref).batches(size=2) for p in batch]


def test_who_was_written_to_within_the_window_is_skipped(campaigns, rule):
    campaigns.crowd(2)
    assert len(sent(campaigns, "a")) == 2
    campaigns.people.clock.forward(hours=2)
    campaigns.crowd(3)
    assert sent(campaigns, "b") == ["p3@example.com"]
    assert campaigns.verbs.receipt("b")["left_out"] == {"recently_written": 2}
    campaigns.people.clock.forward(hours=23)
    assert sorted(sent(campaigns, "c")) == ["p1@example.com", "p2@example.com"]


def test_off_everybody_gets_it(campaigns, rule):
    rule("off")
    campaigns.crowd(2)
    assert len(sent(campaigns, "a")) == len(sent(campaigns, "b")) == 2


def test_another_channel_does_not_count(campaigns, rule):
    campaigns.crowd(1)
    list(campaigns.save("a", "sms").batches())
    assert len(sent(campaigns, "b")) == 1


def test_the_same_mailbox_under_another_name_counts(campaigns, rule):
    campaigns.crowd(1)
    sent(campaigns, "a")
    campaigns.people.take(replace(subscriber(2), email="p1@example.com"))
    one = campaigns.people.segment("one", "1")
    campaigns.save("b")
    choice = campaigns.verbs.get("b").choice
    choice = choice.toggle("exclude", one.id, one.current_version_id)
    campaigns.verbs.save(choice, campaign_ref="b")
    campaigns.commit()
    with pytest.raises(CannotSend, match="Nobody"):
        list(campaigns.verbs.get("b").batches())


def test_hold_waits_until_the_last_is_free_and_then_sends(campaigns, rule):
    rule("hold")
    found = []
    campaigns.host.smartpush.sender("email")(lambda batch: found.extend(batch))
    campaigns.crowd(2)
    sent(campaigns, "a")
    campaigns.save("b")
    campaigns.verbs.schedule("b", NOW)
    campaigns.commit()
    row = campaigns.row("b")
    assert (row.state, row.held_because) == ("held", "recently_written")
    assert row.scheduled_at == NOW + timedelta(hours=25)
    campaigns.people.clock.time = row.scheduled_at
    campaigns.host.tick()
    assert (len(found), campaigns.row("b").state) == (2, "sent")


def test_a_person_sends_what_is_held_to_those_who_are_free(campaigns, rule):
    rule("hold")
    found = []
    campaigns.host.smartpush.sender("email")(lambda batch: found.extend(batch))
    campaigns.crowd(1)
    sent(campaigns, "a")
    campaigns.crowd(2)
    campaigns.save("b")
    campaigns.verbs.schedule("b", NOW)
    campaigns.commit()
    at = f"/smartpush/audiences/{campaigns.row('b').id}/delivery/release"
    assert campaigns.host.browser().post(at).status_code == 303
    assert [person.address for person in found] == ["p2@example.com"]


def test_a_window_says_how_many_it_would_skip_and_when_the_last_is_free(campaigns):
    campaigns.crowd(3)
    for ref in ("a", "b"):
        sent(campaigns, ref)
        campaigns.people.clock.forward(hours=5)
    with campaigns.host.database.read() as session:
        shop_id = campaigns.people.shop_id
        people = reach.load(session, shop_id, "email").sendable

        def look(hours):
            window, now = timedelta(hours=hours), campaigns.people.clock()
            return smart.preview(session, shop_id, "email", people, now, window)

        assert look(1) == smart.Preview(0, None)
        assert look(6) == smart.Preview(3, NOW + timedelta(hours=12))
        assert look(120) == smart.Preview(3, NOW + timedelta(hours=126))
