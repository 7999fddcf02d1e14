"""A page that is left open says by itself what became of the campaign."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.support import NOW

HTMX = {"HX-Request": "true"}


@pytest.fixture
def scheduled(campaigns):
    campaigns.crowd(3)
    campaigns.host.smartpush.sender("email")(lambda batch: None)
    campaigns.save()

    def at(moment):
        campaigns.verbs.schedule("c", moment)
        campaigns.commit()
        return campaigns

    return at


def looks_again(html):
    """Where and after how many seconds."""
    found = re.search(r'hx-get="([^"]*/delivery\?[^"]*)" hx-trigger="load delay:(\d+)s"', html)
    return (found[1].replace("&amp;", "&"), int(found[2])) if found else None


def page_of(campaigns):
    return campaigns.host.browser().get(f"/smartpush/audiences/{campaigns.row().id}").text


@pytest.mark.parametrize(
    ("due_in", "seconds"),
    [
        (timedelta(seconds=20.5), 24),
        (timedelta(minutes=10), 603),
        (timedelta(days=60), 3600),
    ],
)
def test_a_scheduled_campaign_is_looked_at_when_it_is_due(scheduled, due_in, seconds):
    assert looks_again(page_of(scheduled(NOW + due_in)))[1] == seconds


def test_until_then_the_piece_alone_is_drawn_again_and_then_the_panel(scheduled):
    campaigns = scheduled(NOW + timedelta(hours=2))
    there, _seconds = looks_again(page_of(campaigns))
    campaigns.people.clock.forward(hours=1)
    browser = campaigns.host.browser()
    same = browser.get(there, headers=HTMX)
    assert "HX-Retarget" not in same.headers and "Goes out on" in same.text
    campaigns.people.clock.forward(hours=1)
    due = browser.get(there, headers=HTMX)
    assert "Goes out now." in due.text and looks_again(due.text)[1] == 3
    campaigns.host.tick()
    over = browser.get(looks_again(due.text)[0], headers=HTMX)
    assert "audience-panel" in over.headers["HX-Retarget"] and looks_again(over.text) is None


def test_one_that_waits_for_nothing_is_not_looked_at(scheduled):
    campaigns = scheduled(NOW + timedelta(hours=2))
    campaigns.verbs.cancel("c")
    campaigns.commit()
    assert looks_again(page_of(campaigns)) is None
