"""Before a campaign goes out a person is asked, with the numbers of that moment."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from smartpush_shopline import Choice
from smartpush_shopline.audiences import smart
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.errors import StaleChoice
from tests.support import NOW


@pytest.fixture
def audience(campaigns):
    campaigns.crowd(3)

    @campaigns.host.smartpush.sender("email")
    def send(batch):
        list(batch)

    return campaigns.save()


def asked(campaigns, audience):
    """What the form says, read again."""
    campaigns.commit()
    with campaigns.host.app.test_request_context("/"):
        html = str(campaigns.verbs.get("c").confirmation("/send?a=1&b=2", "/campaigns/7"))
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    people = int(re.search(r'data-smartpush-people="(\d+)"', html)[1])
    return SimpleNamespace(html=html, text=text, people=people)


def test_it_names_how_many_which_channel_and_when(campaigns, audience):
    found = asked(campaigns, audience)
    assert "Send this email now? To 3 people By Email" in found.text
    assert "at once: Tue 24 Nov, 12:00 (Asia/Taipei)" in found.text
    assert 'action="/send?a=1&amp;b=2"' in found.html
    assert 'href="/campaigns/7"' in found.html


def test_it_counts_who_gets_it_at_this_moment(campaigns, audience):
    campaigns.opt_out(2)
    assert asked(campaigns, audience).people == 2


def test_it_leaves_out_whom_smart_sending_skips(campaigns, audience):
    with campaigns.host.database.begin() as session:
        row = session.get_one(Audience, audience.id)
        row.smart_mode = "skip"
        smart.record(session, row, campaigns.people.numbers("1"), NOW - timedelta(hours=1))
    found = asked(campaigns, audience)
    assert found.people == 2 and "1 was written to recently and is left out." in found.text
    with campaigns.host.database.begin() as session:
        session.get_one(Audience, audience.id).smart_mode = "hold"
    found = asked(campaigns, audience)
    assert found.people == 3
    assert "it will wait until they are free" in found.text
    assert "When Wed 25 Nov, 12:00 (Asia/Taipei), when the last of them is free" in found.text


def test_nobody_is_not_asked_to_send_to_nobody(campaigns, audience):
    for number in (1, 2, 3):
        campaigns.opt_out(number)
    found = asked(campaigns, audience)
    assert "Nobody would get this" in found.text
    assert "<button" not in found.html


def test_what_was_confirmed_is_not_sent_to_others(campaigns, audience):
    seen = int(re.search(r'name="revision" value="(\d+)"', asked(campaigns, audience).html)[1])
    choice = Choice(campaigns.people.shop_id, "email", revision=seen)
    vip = campaigns.people.segment("VIP", "1")
    choice = choice.toggle("include", vip.id, vip.current_version_id)
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.commit()
    with pytest.raises(StaleChoice):
        campaigns.verbs.schedule("c", NOW, revision=seen)
    assert campaigns.row().state == "saved"
    assert campaigns.verbs.schedule("c", NOW, revision=seen + 1).state == "scheduled"


@pytest.fixture
def waits(campaigns, audience):
    """Held by smart sending: one of the three was written to an hour ago."""
    with campaigns.host.database.begin() as session:
        row = session.get_one(Audience, audience.id)
        smart.record(session, row, campaigns.people.numbers("1"), NOW - timedelta(hours=1))
    campaigns.verbs.schedule("c", NOW, smart_sending="hold")
    campaigns.commit()
    campaigns.host.tick()
    assert campaigns.row().state == "held"
    return f"/smartpush/audiences/{audience.id}/delivery/release"


def test_what_is_held_asks_before_it_goes_to_who_may_get_it(campaigns, waits):
    browser = campaigns.host.browser()
    page = browser.get(waits, query_string={"back": "/campaigns/7"})
    assert 'data-smartpush-people="2"' in page.text
    assert 'href="/campaigns/7"' in page.text
    assert campaigns.row().state == "held", "asking changes nothing"
    revision = campaigns.row().revision
    stale = browser.post(waits, data={"revision": revision - 1})
    assert (stale.status_code, campaigns.row().state) == (409, "held")
    done = browser.post(waits, data={"revision": revision, "back": "/campaigns/7"})
    assert (done.status_code, done.location) == (303, "/campaigns/7")
    assert campaigns.row().state in ("sent", "sending")
    late = browser.get(waits)
    assert late.status_code == 409 and "Somebody has decided about this already." in late.text
    campaigns.commit()


def test_who_may_not_send_is_not_asked(campaigns, waits):
    campaigns.host.allows = lambda action, shop: action != "send"
    assert campaigns.host.browser().get(waits).status_code == 403
