from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from examples.dashboard.plugin import smartpush

DEMO = {"email": "demo@example.com", "password": "demo"}


def test_a_stranger_is_sent_to_the_login_and_back_to_where_they_wanted(stranger: FlaskClient):
    answer = stranger.get("/campaigns/new?channel=email&draft=abc")
    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=")
    answer = stranger.post(answer.location, data=DEMO)
    assert answer.location == "/campaigns/new?channel=email&draft=abc"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example",
     "javascript:alert(1)", "/\t/evil.example", "////evil.example",
     "http://localhost:81/", "https://localhost/", "ftp://localhost/"],
)  # fmt: skip
def test_the_way_back_never_leads_to_another_site(stranger: FlaskClient, target: str):
    answer = stranger.post("/login", query_string={"next": target}, data=DEMO)
    assert (answer.status_code, answer.location) == (303, "/")


def test_a_wrong_password_is_told_and_lets_nobody_in(stranger: FlaskClient):
    answer = stranger.post("/login", data=DEMO | {"password": "demi"})
    assert answer.status_code == 422
    assert "do not go together" in answer.text
    assert stranger.get("/").status_code == 302


def test_a_piece_of_a_page_sends_the_whole_page_to_the_login(stranger: FlaskClient):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/smartpush/?shop=1"}
    answer = stranger.get("/", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/smartpush/?shop%3D1"


def test_what_the_plugin_calls_public_needs_no_login(app: Flask, stranger: FlaskClient):
    public = [rule for rule in app.url_map.iter_rules() if smartpush.is_public(rule.endpoint)]
    assert public
    for rule in public:
        if not rule.arguments and "GET" in (rule.methods or ()):
            answer = stranger.get(rule.rule)
            assert not (answer.location or "").startswith("/login?next="), rule


def test_the_plugins_pages_need_one(stranger: FlaskClient):
    assert stranger.get("/smartpush/").location == "/login?next=/smartpush/"


def test_signing_out_ends_it(marketer: FlaskClient):
    assert marketer.get("/").status_code == 200
    marketer.post("/logout")
    assert marketer.get("/").status_code == 302


def test_a_form_without_its_token_is_refused_with_a_way_back(app: Flask, stranger: FlaskClient):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = stranger.post("/login?next=/campaigns/", data=DEMO)
    assert answer.status_code == 400
    assert 'href="/login?next=/campaigns/"' in answer.text
