"""A ready campaign goes out of the dashboard, into files when there is no mail server."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from examples.dashboard.models import Campaign, db
from examples.dashboard.plugin import smartpush
from smartpush_shopline import Choice
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.runner.ringing import tick
from tests.mailbox import mailbox
from tests.road.people import inputs_of
from tests.support import ADA, BEA, People


@pytest.fixture
def ready(app, store, monkeypatch):
    """A campaign to Ada, by e-mail and by SMS; Bea gets the SMS only."""
    monkeypatch.delenv("SMTP_HOST", raising=False)
    with app.app_context():
        People(app.extensions["smartpush"].database, store).take(ADA, BEA)

    def make(channel):
        with app.test_request_context():
            state = app.extensions["smartpush"]
            monkeypatch.setattr(state, "may", lambda action, shop: True)
            campaign = Campaign(channel=channel, name="Hello", subject="Hi {first_name}",
                                text="Dear {first_name}", status="ready")  # fmt: skip
            db.session.add(campaign)
            db.session.flush()
            choice = Choice(store, channel, scope="everyone")
            smartpush.audiences.save(choice, campaign_ref=campaign.ref)
            db.session.commit()
            return f"/campaigns/{campaign.id}"

    return make


def test_send_now_writes_a_file_that_can_be_read_and_unsubscribes(app, marketer, ready):
    page = ready("email")
    assert "Send now" in marketer.get(page).text
    assert marketer.post(f"{page}/send").status_code == 303
    tick(app)
    assert "Sent on" in marketer.get(page).text
    outbox = marketer.get("/outbox/").text
    assert "Hi Ada" in outbox
    message = marketer.get(re.search(r'href="(/outbox/[^"]+)"', outbox)[1]).text
    assert "Dear Ada" in message
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in message
    link = re.search(r'href="http://127.0.0.1:5000(/smartpush/unsubscribe/[^"]+)"', message)[1]
    app.config["WTF_CSRF_ENABLED"] = True
    stranger = app.test_client()
    assert "Do you want to unsubscribe?" in stranger.get(link).text
    assert "You are unsubscribed" in stranger.post(link).text


def test_send_now_asks_first_and_changes_nothing(marketer, viewer, ready):
    page = ready("email")
    asked = marketer.get(f"{page}/send").text
    assert 'data-smartpush-people="1"' in asked
    assert f'action="{page}/send"' in asked
    assert "Goes out" not in marketer.get(page).text
    assert viewer.get(f"{page}/send").status_code == 403


def test_what_changed_since_it_was_asked_is_not_sent(marketer, ready):
    page = ready("email")
    marketer.post(f"{page}/send", data={"revision": "7"})
    shown = marketer.get(page).text
    assert "It was not sent: These recipients were saved again meanwhile" in shown
    assert "Goes out" not in shown


def test_it_is_sent_by_smtp_where_there_is_a_server(app, marketer, ready, monkeypatch):
    page = ready("email")
    with mailbox() as box:
        monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("SMTP_PORT", str(box.port))
        marketer.post(f"{page}/send")
        tick(app)
    assert box.accepted == ["ada@example.com"]


@pytest.mark.parametrize("by", ["file", "smtp"])
def test_the_mailboxs_unsubscribe_button_finds_its_address_in_the_bytes(
    app, marketer, ready, monkeypatch, by
):
    """RFC 8058: one line, not folded, nothing of it encoded, however long the address is."""
    state, long = app.extensions["smartpush"], "https://dashboard.example.com/" + "tools/" * 12
    monkeypatch.setattr(state, "settings", replace(state.settings, public_url=long.rstrip("/")))
    page = ready("email")
    with mailbox() as box:
        if by == "smtp":
            monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
            monkeypatch.setenv("SMTP_PORT", str(box.port))
        marketer.post(f"{page}/send")
        tick(app)
    raw = box.messages or [file.read_bytes() for file in Path(app.config["OUTBOX"]).glob("*.eml")]
    head = raw[0].partition(b"\r\n\r\n")[0] + b"\r\n"
    link = re.search(rb"\r\nList-Unsubscribe: <(\S+)>\r\n", head)[1].decode()
    assert link.startswith(long) and len(link) > 100
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head
    assert re.search(rb"\r\nMessage-ID: <\S+@juniper.example>\r\n", head)
    answer = app.test_client().post(f"/smartpush/unsubscribe/{link.rpartition('/')[2]}")
    assert "You are unsubscribed" in answer.text


def test_sms_go_into_the_log(app, marketer, ready):
    marketer.post(f"{ready('sms')}/send")
    tick(app)
    outbox = marketer.get("/outbox/").text
    assert "Dear Ada" in outbox and "Dear Bea" in outbox


def test_it_is_scheduled_by_the_stores_own_clock(marketer, ready):
    page = ready("email")
    marketer.post(f"{page}/send", data={"at": "2099-01-01T10:00"})
    assert "Goes out on 1 Jan 2099, 10:00 (Asia/Taipei)." in marketer.get(page).text


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        ("2020-01-01T10:00", "Asia/Taipei", "That is past: it is "),
        ("soon", "Asia/Taipei", "Give a day and a time"),
        ("", "Asia/Taipei", "Give a day and a time"),
        ("9999-12-31T23:59", "America/New_York", "Give a day and a time"),
        ("2099-03-29T02:30", "Europe/Berlin", "The clocks go forward then: 02:30 does not exist"),
    ],
)
def test_a_time_that_is_refused_stays_in_its_field_with_the_reason(
    app, marketer, ready, store, at, zone, said
):
    page = ready("email")
    with app.extensions["smartpush"].database.begin() as session:
        session.execute(text("UPDATE smartpush_shop SET timezone = :zone"), {"zone": zone})
    answer = marketer.post(f"{page}/send", data={"at": at, "otherwise": "send"})
    assert answer.status_code == 422
    field = re.search(r'<input type="datetime-local"[^>]*>', answer.text)[0]
    assert f'value="{at}"' in field
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="at-zone at-problem"' in field
    assert said in re.search(r'id="at-problem">([^<]*)', answer.text)[1]
    assert '<option value="send" selected>' in answer.text
    assert "Goes out" not in marketer.get(page).text


def test_who_may_only_look_sends_nothing(viewer, ready):
    assert viewer.post(f"{ready('email')}/send").status_code == 403


def as_the_form_sends(marketer, page, **pressed):
    form = inputs_of(marketer.get(f"{page}/edit").text)
    return marketer.post(f"{page}/edit", data=form | pressed)


def test_a_draft_is_not_sent_whatever_it_was_scheduled_for(app, marketer, ready):
    page = ready("email")
    marketer.post(f"{page}/send", data={"at": "2099-01-01T10:00"})
    assert as_the_form_sends(marketer, page, save_draft="1").status_code == 303
    shown = marketer.get(page).text
    assert "Goes out on" not in shown
    with app.app_context():
        assert smartpush.audiences.get(f"campaign-{page.rpartition('/')[2]}").state == "cancelled"
    assert as_the_form_sends(marketer, page, mark_ready="1").status_code == 303
    marketer.post(f"{page}/send")
    tick(app)
    assert "Sent on" in marketer.get(page).text


def test_a_form_and_what_it_saved_say_that_the_schedule_is_cancelled(marketer, ready):
    page = ready("email")
    assert "It is scheduled" not in marketer.get(f"{page}/edit").text
    marketer.post(f"{page}/send", data={"at": "2099-01-01T10:00"})
    form = marketer.get(f"{page}/edit").text
    assert "It is scheduled for 1 Jan 2099, 10:00 (Asia/Taipei). “Save” keeps" in form
    as_the_form_sends(marketer, page, save_draft="1")
    said = "Its schedule, 1 Jan 2099, 10:00 (Asia/Taipei), was cancelled."
    assert said in marketer.get(page).text


@pytest.mark.parametrize(("why", "needs"), [("recently_written", False), ("held", True)])
def test_the_first_page_calls_only_for_what_somebody_can_do(app, marketer, ready, why, needs):
    page = ready("email")
    with app.app_context():
        held = db.session.get_one(Audience, smartpush.audiences.get(ref_of(page)).id)
        held.state, held.held_because = "held", why
        db.session.commit()
    assert ("Held: needs you." in marketer.get("/").text) == needs


@pytest.mark.parametrize("where", ["/", "/campaigns/"])
def test_a_list_of_campaigns_says_what_becomes_of_each_in_one_query(
    app, marketer, ready, statements, where
):
    refs = {state: ready("email") for state in ("saved", "scheduled", "cancelled", "held")}
    for state in ("scheduled", "cancelled"):
        marketer.post(f"{refs[state]}/send", data={"at": "2099-01-01T10:00"})
    with app.app_context():
        smartpush.audiences.cancel(ref_of(refs["cancelled"]))
        held = db.session.get_one(Audience, smartpush.audiences.get(ref_of(refs["held"])).id)
        held.state = "held"
        db.session.commit()
    with statements() as asked:
        shown = marketer.get(where).text
    rows = re.findall(r'<a class="strong" href="([^"]+)".*?class="status \w+">(\w+)<', shown, re.S)
    said = dict(rows)
    assert [said[page] for page in refs.values()] == ["Ready", "Scheduled", "Cancelled", "Held"]
    of_each_held = 2 if where == "/" else 0  # whether somebody has to do something about it
    assert sum("smartpush_audience" in each for each in asked) == 1 + of_each_held
    needs = f'Held: needs you. <a href="{refs["held"]}">'
    assert (needs in shown) == (where == "/")


def ref_of(page):
    return f"campaign-{page.rpartition('/')[2]}"


def test_what_nobody_would_get_is_neither_offered_nor_sent(app, marketer, ready):
    page = ready("email")
    with app.extensions["smartpush"].database.begin() as session:
        session.execute(text("UPDATE smartpush_audience SET recipients = NULL"))
    shown = marketer.get(page).text
    assert "Nobody would get this" in shown
    assert "Send now" not in shown and "Schedule</button>" not in shown
    marketer.post(f"{page}/send", data={"at": "2099-01-01T10:00"})
    assert "It was not scheduled: Nobody would get this." in marketer.get(page).text
    with app.app_context():
        assert smartpush.audiences.get(ref_of(page)).state == "saved"


def test_what_was_cancelled_half_sent_is_not_offered_again(app, marketer, ready):
    page = ready("sms")
    with app.app_context():
        for _batch in smartpush.audiences.get(ref_of(page)).batches(size=1):
            break
        smartpush.audiences.cancel(ref_of(page))
        db.session.commit()
    shown = marketer.get(page).text
    assert ">Cancelled</span>" in shown
    assert "Send now" not in shown


def test_a_draft_offers_what_comes_next(marketer, ready):
    page = ready("email")
    as_the_form_sends(marketer, page, save_draft="1")
    assert f'action="{page}/ready"' in marketer.get(page).text
    assert marketer.post(f"{page}/ready").location == page
    shown = marketer.get(page).text
    assert "Send now" in shown and f'action="{page}/ready"' not in shown


def test_a_draft_that_lacks_something_is_led_to_its_form(marketer, viewer, ready):
    page = ready("email")
    as_the_form_sends(marketer, page, save_draft="1", subject="")
    assert viewer.post(f"{page}/ready").status_code == 403
    assert marketer.post(f"{page}/ready").location == f"{page}/edit"
    assert "A ready email needs a subject line." in marketer.get(f"{page}/edit").text
    assert "Send now" not in marketer.get(page).text


def test_the_campaign_and_the_page_of_its_recipients_lead_to_each_other(marketer, ready):
    page = ready("email")
    there = re.search(r'href="(/smartpush/audiences/\d+)">Why', marketer.get(page).text)[1]
    assert f'<a class="smartpush-back" href="{page}">← Hello</a>' in marketer.get(there).text


def test_what_was_sent_stays_as_it_is(app, marketer, ready):
    page = ready("email")
    marketer.post(f"{page}/send")
    tick(app)
    answer = marketer.post(f"{page}/edit", data={"name": "Another", "save_draft": "1"})
    assert answer.status_code == 303
    shown = marketer.get(page).text
    assert "It went out, so it stays as it is." in shown
    assert "Another" not in shown and f"{page}/edit" not in shown
