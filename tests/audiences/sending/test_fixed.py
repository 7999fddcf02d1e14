"""Once the sending began nothing about the recipients is offered any more, and refusals say why."""

from __future__ import annotations

import pytest

from smartpush_shopline import Choice
from smartpush_shopline.audiences.models import Audience

HTMX = {"HX-Request": "true"}


@pytest.fixture
def sent(campaigns):
    """Sent to VIP v1, which a person had kept although there is a v2."""
    campaigns.crowd(3)

    @campaigns.host.smartpush.sender("email")
    def send(batch):
        list(batch)

    vip = campaigns.people.segment("VIP", "1", "2")
    choice = Choice(campaigns.people.shop_id, "email")
    choice = choice.toggle("include", vip.id, vip.current_version_id)
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.commit()
    campaigns.people.segment("VIP", "1", "3")
    at = f"/smartpush/audiences/{campaigns.row().id}"
    browser = campaigns.host.browser()
    browser.post(f"{at}/keep", data={"segment_id": vip.id})
    assert "v2 exists; you kept v1." in browser.get(at).text
    campaigns.verbs.schedule("c", campaigns.people.clock())
    campaigns.commit()
    campaigns.host.tick()
    assert campaigns.row().state == "sent"
    return vip


def test_no_newer_list_is_offered_for_what_was_sent(campaigns, sent):
    page = campaigns.host.browser().get(f"/smartpush/audiences/{campaigns.row().id}").text
    assert "v2 exists" not in page and "Use v2" not in page


@pytest.mark.parametrize("verb", ["take", "keep"])
@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("sent", "It was sent, so its recipients are fixed."),
        ("sending", "It is being sent, so its recipients are fixed."),
        ("cancelled", "It was cancelled while it was being sent, so its recipients are fixed."),
    ],
)
def test_an_answer_that_comes_too_late_is_told_how_far_it_is(campaigns, sent, verb, state, why):
    with campaigns.host.database.begin() as session:
        session.get_one(Audience, campaigns.row().id).state = state
    at = f"/smartpush/audiences/{campaigns.row().id}/{verb}"
    told = campaigns.host.browser().post(at, data={"segment_id": sent.id}, headers=HTMX)
    assert why in told.text
