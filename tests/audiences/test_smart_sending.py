"""Smart sending: nobody is written to again too soon, on the same channel or under another name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smartpush_shopline.audiences import forecast, smart
from smartpush_shopline.audiences.choice import Choice
from smartpush_shopline.audiences.why import telling
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
        assert look(5) == smart.Preview(3, NOW + timedelta(hours=11)), "until the hour is over"
        assert look(6) == smart.Preview(3, NOW + timedelta(hours=12))
        assert look(120) == smart.Preview(3, NOW + timedelta(hours=126))


def test_before_it_is_sent_its_numbers_leave_out_whom_it_will_skip(campaigns, rule):
    campaigns.crowd(2)
    sent(campaigns, "a")
    campaigns.crowd(3)
    audience = campaigns.save("b")
    assert audience.counts["recently_written"] == 2
    assert audience.recipients_count == 1
    assert [person.address for person in audience.recipients()] == ["p3@example.com"]
    said = campaigns.verbs.explain("b", "p1@example.com")
    assert said.rule == "recently_written"
    assert "smart sending leaves this person out" in telling.because(said, "email")
    campaigns.commit()
    page = campaigns.host.browser().get(f"/smartpush/audiences/{audience.id}").text
    assert 'data-smartpush-step="recently_written"' in page and "Adds up" in page
    people = f"/smartpush/audiences/{audience.id}/people?step=recently_written"
    assert "2 people" in campaigns.host.browser().get(people).text


def test_it_is_counted_for_the_time_at_which_it_goes_out(campaigns, rule):
    campaigns.host.smartpush.sender("email")(print)
    campaigns.crowd(2)
    sent(campaigns, "a")
    campaigns.save("b")
    campaigns.verbs.schedule("b", NOW + timedelta(hours=25))
    campaigns.commit()
    assert campaigns.verbs.get("b").recipients_count == 2, "all are free by then"


def test_a_campaign_has_a_mode_and_a_window_of_its_own(campaigns, rule):
    campaigns.crowd(2)
    sent(campaigns, "a")
    campaigns.people.clock.forward(hours=30)
    audience = campaigns.save("b")
    at = f"/smartpush/audiences/{audience.id}/smart"
    browser = campaigns.host.browser()
    assert audience.recipients_count == 2
    campaigns.commit()
    piece = browser.get(f"{at}?mode=skip&hours=48", headers={"HX-Request": "true"}).text
    assert "2 of 2 would be skipped." in piece
    assert "The last becomes free on Thu 26 Nov, 13:00 (Asia/Taipei)." in piece
    assert browser.post(at, data={"mode": "skip", "hours": "4800"}).status_code == 303
    assert (campaigns.row("b").smart_mode, campaigns.row("b").smart_hours) == ("skip", 120)
    with pytest.raises(CannotSend, match="Nobody"):
        list(campaigns.verbs.get("b").batches())
    assert browser.post(at, data={"mode": "off"}).status_code == 303
    assert sum(len(batch) for batch in campaigns.verbs.get("b").batches()) == 2
    assert browser.post(at, data={"mode": "skip"}).status_code == 409, "it is fixed"


def test_of_two_tabs_that_set_a_window_the_second_is_told(campaigns, rule):
    campaigns.crowd(1)
    audience = campaigns.save("b")
    campaigns.commit()
    at, browser = f"/smartpush/audiences/{audience.id}/smart", campaigns.host.browser()
    first = {"mode": "skip", "hours": "12", "revision": audience.revision}
    assert browser.post(at, data=first).status_code == 303
    second = browser.post(at, data=first | {"mode": "off"})
    assert second.status_code == 409
    assert "Somebody changed them meanwhile, so nothing was kept." in second.text
    row = campaigns.row("b")
    assert (row.smart_mode, row.smart_hours, row.revision) == ("skip", 12, audience.revision + 1)
    seen = f'name="revision" value="{row.revision}"'
    assert seen in browser.get(f"/smartpush/audiences/{audience.id}").text
    looked = browser.get(f"{at}?whole=1&revision=1", headers={"HX-Request": "true"}).text
    assert 'name="revision" value="1"' in looked, "looking is not having seen"
    assert browser.post(at, data=first | {"revision": row.revision}).status_code == 303
    assert campaigns.row("b").revision == row.revision, "nothing is another"


def test_where_it_holds_nobody_is_skipped(campaigns, rule):
    rule("hold")
    campaigns.crowd(1)
    sent(campaigns, "a")
    assert campaigns.save("b").recipients_count == 1


def test_the_picker_counts_it_too(campaigns, rule):
    campaigns.crowd(2)
    sent(campaigns, "a")
    campaigns.crowd(3)
    with campaigns.host.database.read() as session:
        choice = Choice(campaigns.people.shop_id, "email", scope="everyone")
        state = campaigns.host.state
        found = forecast.of_choice(session, choice, {}, state.settings, state.now())
    assert (found.chosen, len(found.recipients)) == (3, 1)


def test_who_may_only_look_changes_no_window(campaigns, rule):
    campaigns.crowd(1)
    audience = campaigns.save("b")
    campaigns.host.allows = lambda action, shop: action == "view"
    at = f"/smartpush/audiences/{audience.id}/smart"
    assert campaigns.host.browser().post(at, data={"mode": "off"}).status_code == 403


def page_of(campaigns, ref="b"):
    return campaigns.host.browser().get(f"/smartpush/audiences/{campaigns.row(ref).id}").text


def test_its_mode_and_window_are_said_before_and_in_the_receipt(campaigns, rule):
    campaigns.crowd(1)
    sent(campaigns, "a")
    campaigns.crowd(3)
    audience = campaigns.save("b")
    campaigns.commit()
    said = "Smart sending: skip who was written to within the last 24 h."
    assert f"{said} By the setting of this dashboard." in page_of(campaigns)
    at = f"/smartpush/audiences/{audience.id}"
    campaigns.host.browser().post(f"{at}/smart", data={"mode": "skip", "hours": "48"})
    said = said.replace("24", "48")
    page = page_of(campaigns)
    assert f"{said} Kept for this campaign." in page and page.count(said) == 2
    assert "Written to within the last 48 h" in page
    list(campaigns.verbs.get("b").batches())
    rule("off")
    page = page_of(campaigns)
    assert said in page and "Written to within the last 48 h" in page, "as it was applied"
    assert campaigns.verbs.receipt("b")["smart_sending"] == {"mode": "skip", "hours": 48}
    assert said in campaigns.host.browser().get(f"{at}/receipt").text


def test_where_it_is_off_nothing_is_said_of_it(campaigns):
    campaigns.crowd(1)
    campaigns.save("b")
    page = page_of(campaigns)
    assert "data-smartpush-smart=" not in page
    assert "Smart sending: off. By the setting of this dashboard." in page


def test_what_is_only_looked_at_brings_no_token_into_the_address(campaigns, rule):
    campaigns.crowd(1)
    audience = campaigns.save("b")
    campaigns.commit()
    at, browser = f"/smartpush/audiences/{audience.id}", campaigns.host.browser()
    form = {"show": "1", "mode": "skip", "hours": "48", "revision": "1", "csrf_token": "x"}
    shown = browser.post(f"{at}/smart", data=form)
    assert (shown.status_code, shown.location) == (303, f"{at}?mode=skip&hours=48")
    assert (campaigns.row("b").smart_mode, campaigns.row("b").smart_hours) == (None, None)
    assert 'value="1">Show</button>' in browser.get(at).text


@pytest.mark.parametrize(("people", "offered"), [(1, False), (2, True)])
def test_sending_now_is_offered_where_somebody_may_get_it(campaigns, rule, people, offered):
    rule("hold")
    campaigns.crowd(1)
    sent(campaigns, "a")
    campaigns.crowd(people)
    campaigns.host.smartpush.sender("email")(print)
    campaigns.save("b")
    campaigns.verbs.schedule("b", NOW)
    campaigns.commit()
    campaigns.host.tick()
    page = page_of(campaigns)
    assert campaigns.row("b").held_because == "recently_written"
    assert "The last is free on 25 Nov 2026, 13:00 (Asia/Taipei)." in page
    assert ("Send now to who may get it" in page) == offered
