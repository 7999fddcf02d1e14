"""Create Campaign on a segment in the Admin: one link, one draft, and nobody is logged in."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.launch import opening
from smartpush_shopline.sandbox import groups
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import Segment
from tests.hosting import go


def drafts(host):
    with host.database.read() as session:
        return list(session.scalars(select(Audience)).unique())


def picks(host):
    [draft] = drafts(host)
    with host.database.read() as session:
        audience = session.get_one(Audience, draft.id)
        return [(pick.mode, pick.segment.name, pick.version_id) for pick in audience.picks]


@pytest.fixture
def vip(connected, store):
    return next(s for s in store.segments.all() if s.name == "Big spenders")


@pytest.fixture
def link(connected, sandbox, vip):
    return sandbox.signed("/launch/segment", handle="birch", segment_id=vip.id, channel="sms")


def test_the_form_opens_with_the_segment_chosen(connected, link):
    answer = go(connected.browser(), link)
    form = urlsplit(answer.headers["Location"])
    asked = parse_qs(form.query)
    [draft] = drafts(connected)
    assert (answer.status_code, form.path) == (302, "/campaign")
    assert asked == {"channel": ["sms"], "draft": [draft.launch_key]}
    segment = connected.segments()["Big spenders"]
    assert picks(connected) == [("include", "Big spenders", segment.current_version_id)]
    assert (draft.scope, draft.channel, draft.state) == ("segments", "sms", "opened")


def test_opening_a_link_has_the_segment_read_at_once(connected, sandbox, clock, link):
    clock.forward(minutes=5)
    go(connected.browser(), link)
    assert connected.segments()["Big spenders"].read_at == clock()


def test_the_same_link_twice_is_one_draft(connected, link):
    first, second = go(connected.browser(), link), go(connected.browser(), link)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(drafts(connected)) == 1


def test_the_same_link_twice_at_the_same_moment_is_one_draft(connected, link, monkeypatch):
    """Neither sees the draft of the other before it makes its own."""
    monkeypatch.setattr(opening, "find_draft", lambda session, key: None)
    answers = [go(connected.browser(), link) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.headers["Location"] for answer in answers}) == len(drafts(connected)) == 1


def test_another_click_is_another_draft(connected, sandbox, vip, clock, link):
    go(connected.browser(), link)
    clock.forward(seconds=1)
    go(
        connected.browser(),
        sandbox.signed("/launch/segment", handle="birch", segment_id=vip.id, channel="sms"),
    )
    assert len(drafts(connected)) == 2


@pytest.mark.parametrize(
    "change", [("channel=sms", "channel=email"), ("GROUP5", "GROUP6"), ("sign=", "sign=f")]
)
def test_a_changed_byte_is_refused_in_plain_words(connected, link, change):
    assert change[0] in link
    answer = go(connected.browser(), link.replace(*change))
    assert answer.status_code == 401
    assert "This link cannot be trusted" in answer.text
    assert "Traceback" not in answer.text
    assert drafts(connected) == []


def test_an_old_link_opens_what_it_made_and_makes_nothing_new(
    connected, sandbox, clock, link, vip
):
    never_opened = sandbox.signed("/launch/segment", handle="birch", segment_id=vip.id)
    go(connected.browser(), link)
    clock.forward(hours=3)
    assert go(connected.browser(), link).status_code == 302
    late = go(connected.browser(), never_opened)
    assert late.status_code == 403
    assert "This link has expired" in late.text
    assert len(drafts(connected)) == 1


def test_an_unknown_segment_is_a_friendly_page(connected, sandbox):
    link = sandbox.signed("/launch/segment", handle="birch", segment_id="GROUP1", channel="sms")
    answer = go(connected.browser(), link)
    assert answer.status_code == 404
    assert "This segment is not in the store" in answer.text
    assert drafts(connected) == []


def test_no_segment_at_all_is_a_friendly_page(connected, sandbox):
    answer = go(connected.browser(), sandbox.signed("/launch/segment", handle="birch"))
    assert answer.status_code == 404
    assert drafts(connected) == []


def test_a_segment_that_no_webhook_told_of_is_asked_of_the_store(connected, sandbox, store):
    store.moods.deliver = "never"
    made = groups.create(store, "Brand new", "orders_count:>=1")
    link = sandbox.signed("/launch/segment", handle="birch", segment_id=made.id, channel="sms")
    assert go(connected.browser(), link).status_code == 302
    [(mode, name, version)] = picks(connected)
    assert (mode, name, version) == ("include", "Brand new", None)
    assert connected.segments()["Brand new"].current_version_id is not None


def test_a_store_that_does_not_answer_is_a_friendly_page(connected, sandbox, store):
    store.answers(403, times=20, path="customer_saved_searches")
    link = sandbox.signed("/launch/segment", handle="birch", segment_id="GROUP77")
    answer = go(connected.browser(), link)
    assert answer.status_code == 502
    assert "could not be looked up" in answer.text


def test_a_segment_may_be_named_in_other_ways(connected, sandbox, vip, clock):
    ref = vip.id.removeprefix("GROUP")
    for name, value in (
        ("segmentId", vip.id),
        ("groupIds", ref),
        ("id", f"gid://shopline/CustomerSegment/{vip.id}"),
    ):
        link = sandbox.signed("/launch/segment", handle="birch", **{name: value})
        assert go(connected.browser(), link).status_code == 302, name
    with connected.database.read() as session:
        assert session.scalar(select(func.count(Segment.id))) == 4


def test_all_customers_is_all_subscribed_contacts(connected, sandbox):
    link = sandbox.signed("/launch/segment", handle="birch", segment_id="all")
    go(connected.browser(), link)
    [draft] = drafts(connected)
    assert (draft.scope, draft.channel, picks(connected)) == ("everyone", "email", [])


def test_a_person_who_may_not_choose_gets_no_draft(connected, sandbox, link):
    connected.allows = lambda action, shop: action == "view"
    answer = go(connected.browser(), link)
    assert answer.status_code == 403
    assert "You may not use this store" in answer.text
    assert drafts(connected) == []


def test_a_draft_is_not_shown_to_who_may_not_choose(connected, link):
    go(connected.browser(), link)
    connected.allows = lambda action, shop: False
    assert go(connected.browser(), link).status_code == 403


def test_a_store_that_is_not_connected_is_a_friendly_page(live, sandbox, store):
    link = sandbox.signed("/launch/segment", handle="birch", segment_id="all")
    answer = go(live.browser(), link)
    assert answer.status_code == 404
    assert "This store is not connected" in answer.text
    live.allows = lambda action, shop: False
    assert go(live.browser(), link).status_code == 403


def test_another_stores_segment_is_not_found_through_this_store(connected, sandbox, clock):
    """Alder is not even connected; its ids mean nothing here."""
    theirs = sandbox.store("alder").segments.all()[0].id
    link = sandbox.signed("/launch/segment", handle="birch", segment_id=theirs)
    assert go(connected.browser(), link).status_code == 404


def test_sign_in_leads_back_to_this_very_link(connected, link):
    from dataclasses import replace

    connected.state.settings = replace(connected.state.settings, login_endpoint="login")
    connected.allows = lambda action, shop: False
    answer = go(connected.browser(), link)
    assert 'href="/login?next=/smartpush/launch/continue/' in answer.text


@pytest.mark.parametrize("endpoint", ["", "no.such.endpoint"])
def test_without_a_campaign_form_nothing_is_written(connected, link, endpoint):
    settings = replace(connected.state.settings, campaign_form_endpoint=endpoint)
    connected.state.settings = settings
    answer = go(connected.browser(), link)
    assert answer.status_code == 501
    assert "SMARTPUSH_CAMPAIGN_FORM_ENDPOINT" in answer.text
    assert drafts(connected) == []


def test_a_segment_that_the_store_has_after_all_is_restored(connected, sandbox, vip, link):
    segment = connected.segments()["Big spenders"]
    with connected.database.begin() as session:
        publishing.mark_deleted(session.get_one(Segment, segment.id), connected.clock())
    assert go(connected.browser(), link).status_code == 302
    assert connected.segments()["Big spenders"].state == "ready"


def test_a_waiting_person_is_not_kept_by_a_second_try(connected, sandbox, store):
    link = sandbox.signed("/launch/segment", handle="birch", segment_id="GROUP1", channel="sms")
    store.answers(503, times=-1)
    sandbox.calls.clear()
    assert go(connected.browser(), link).status_code == 502
    assert len(sandbox.calls) == 1
