"""The link in a message: it asks, it acts once, and it is good for nothing else."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from sqlalchemy import select

from smartpush_shopline.contacts.models import ConsentEvent
from smartpush_shopline.shops.models import Shop


@pytest.fixture
def link(campaigns):
    """The path in Ada's message."""
    campaigns.crowd(2)
    [batch] = campaigns.save().batches()
    return batch.recipients[0].unsubscribe_url.removeprefix("http://127.0.0.1:1")


def opt_outs(campaigns):
    with campaigns.host.database.read() as session:
        asked = select(ConsentEvent).where(ConsentEvent.state == "unsubscribed")
        return [(e.source, e.channel, e.evidence) for e in session.scalars(asked)]


@pytest.fixture
def browser(campaigns):
    """Nobody is signed in, and nobody may do anything."""
    campaigns.host.allows = lambda action, shop: False
    return campaigns.host.browser()


def test_opening_it_asks_and_changes_nothing(campaigns, link, browser):
    for _ in range(3):
        answer = browser.get(link)
        assert "Do you want to unsubscribe?" in answer.text
    assert browser.head(link).status_code == 200
    assert opt_outs(campaigns) == []
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_button_unsubscribes_once_however_often_it_is_pressed(campaigns, link, browser):
    for _ in range(3):
        assert "You are unsubscribed" in browser.post(link).text
    assert opt_outs(campaigns) == [("link", "email", "audience 1")]
    assert campaigns.people.verdict("1") == "unsubscribed"
    assert campaigns.people.verdict("1", "sms") == "sendable"
    assert campaigns.people.verdict("2") == "sendable"
    assert "You are unsubscribed already" in browser.get(link).text


def test_the_page_is_the_stores_and_says_how_it_stands(campaigns, link, browser):
    """A customer sees the name of the store and nothing of the dashboard."""
    state = campaigns.host.state
    state.settings = replace(state.settings, base_template="not-for-customers.html")
    with campaigns.people.begin() as session:
        shop = session.get_one(Shop, campaigns.people.shop_id)
        shop.name, shop.domain = "Alder <Goods>", "alder.example"
    for page, outcome in (
        (browser.get(link), "ask"),
        (browser.post(link), "done"),
        (browser.get(link), "already"),
        (browser.get(link[:-1]), "refused"),
    ):
        assert f'data-smartpush-outcome="{outcome}"' in page.text
        assert ("Alder &lt;Goods&gt;" in page.text) == (outcome != "refused")
        assert ('href="https://alder.example"' in page.text) == (outcome != "refused")
        assert "SmartPush" not in page.text and "<nav" not in page.text
        assert "<script" not in page.text


def test_a_mailbox_unsubscribes_with_one_click(campaigns, link, browser):
    """RFC 8058: a POST of this form, without a cookie, answered without a redirect."""
    answer = browser.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert campaigns.people.verdict("1") == "unsubscribed"


def test_the_store_does_not_lift_it_with_a_flag(campaigns, link, browser):
    browser.post(link)
    campaigns.crowd(2)
    assert campaigns.people.verdict("1") == "unsubscribed"


def test_a_changed_link_is_refused(campaigns, link, browser):
    start, _, token = link.rpartition("/")
    raw = base64.urlsafe_b64decode(token)
    other_person = raw[:7] + bytes([raw[7] ^ 1]) + raw[8:]
    for forged in ("x", token[:-1], token + "A", token.swapcase(), "é" * 32,
                   base64.urlsafe_b64encode(other_person).decode(),
                   base64.urlsafe_b64encode(raw[:8]).decode()):  # fmt: skip
        for answer in (browser.get(f"{start}/{forged}"), browser.post(f"{start}/{forged}")):
            assert answer.status_code == 404
            assert "This link does not work" in answer.text
    assert opt_outs(campaigns) == []


def test_a_link_signed_with_an_older_key_still_works(campaigns, link, browser):
    app = campaigns.host.app
    app.config["SECRET_KEY_FALLBACKS"], app.secret_key = [app.secret_key], "new"
    assert browser.post(link).status_code == 200
    assert campaigns.people.verdict("1") == "unsubscribed"


def test_a_link_of_somebody_deleted_meanwhile_is_answered_and_harmless(campaigns, link, browser):
    campaigns.people.delete("1")
    assert "You are unsubscribed" in browser.post(link).text
    assert opt_outs(campaigns) == []


def test_it_is_public_and_free_of_the_dashboards_tokens(campaigns):
    public = campaigns.host.smartpush.is_public
    assert public("smartpush.unsubscribe.ask")
    assert public("smartpush.unsubscribe.act")
    assert not public("smartpush.delivery.act")
