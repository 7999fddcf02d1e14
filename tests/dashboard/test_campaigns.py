from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from examples.dashboard.models import Campaign, db

pytestmark = pytest.mark.usefixtures("store")

EMAIL = {"name": "Moon festival", "subject": "Mooncakes are back", "text": "Order by Friday."}


def test_a_draft_may_have_no_recipients_yet(marketer: FlaskClient, app: Flask):
    answer = marketer.post("/campaigns/new?channel=email", data=EMAIL | {"save_draft": "1"})
    assert answer.status_code == 303
    page = marketer.get(answer.location).text
    assert "Moon festival" in page
    assert "Mooncakes are back" in page


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_nobody_chosen_cannot_be_ready_and_nothing_typed_is_lost(
    marketer: FlaskClient, app: Flask, channel: str
):
    answer = marketer.post(f"/campaigns/new?channel={channel}", data=EMAIL | {"mark_ready": "1"})
    assert answer.status_code == 422
    assert "Nobody would get this yet" in answer.text
    assert "Moon festival" in answer.text
    assert "Order by Friday." in answer.text
    with app.app_context():
        assert db.session.query(Campaign).filter_by(name="Moon festival").count() == 0


def test_every_field_says_what_is_wrong_with_it(marketer: FlaskClient):
    answer = marketer.post("/campaigns/new?channel=email", data={"mark_ready": "1"})
    assert answer.status_code == 422
    for sentence in ("Give the campaign a name.", "needs a subject line", "Nobody would get this"):
        assert sentence in answer.text


def test_editing_keeps_what_was_saved(marketer: FlaskClient):
    saved = marketer.post("/campaigns/new?channel=email", data=EMAIL | {"save_draft": "1"}).location
    page = marketer.get(f"{saved}/edit").text
    for value in EMAIL.values():
        assert value in page


def test_the_form_keeps_the_draft_that_began_in_the_admin(marketer: FlaskClient):
    page = marketer.get("/campaigns/new?channel=sms&draft=d-1").text
    assert 'action="/campaigns/new?channel=sms&amp;draft=d-1"' in page


def test_a_draft_that_was_saved_already_opens_its_campaign(marketer: FlaskClient):
    answer = marketer.get("/campaigns/new?channel=email&campaign_ref=campaign-1")
    assert answer.location == "/campaigns/1/edit"


@pytest.mark.parametrize("ref", ["campaign-999", "campaign-x", "campaign-", "", "moon"])
def test_an_unknown_campaign_begins_a_new_one(marketer: FlaskClient, ref: str):
    answer = marketer.get("/campaigns/new", query_string={"channel": "email", "campaign_ref": ref})
    assert answer.status_code == 200


def test_without_a_channel_one_is_asked_for(marketer: FlaskClient):
    page = marketer.get("/campaigns/new?channel=pigeon").text
    assert "How will it reach people?" in page


def test_a_viewer_sees_campaigns_but_cannot_touch_them(viewer: FlaskClient):
    assert viewer.get("/campaigns/1").status_code == 200
    assert "Edit" not in viewer.get("/campaigns/1").text
    for address in ("/campaigns/new", "/campaigns/1/edit"):
        assert viewer.get(address).status_code == 403
        assert viewer.post(address, data=EMAIL).status_code == 403


def test_a_page_that_is_not_there_is_told_kindly(marketer: FlaskClient):
    answer = marketer.get("/campaigns/999")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
