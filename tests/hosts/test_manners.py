"""What each dashboard had before us is still its own: guard, tokens, request class, migrations."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.support import webhook

from .conftest import HOSTS, Dashboard
from .test_campaigns import Hand

HERE = Path(__file__).parent
PUBLIC = {"smartpush_shopline", "smartpush_shopline.migrations"}


@pytest.fixture(params=HOSTS)
def app(request: pytest.FixtureRequest) -> Flask:
    made: Flask = request.getfixturevalue(f"{request.param}_app")
    return made


def test_they_use_the_public_face_alone() -> None:
    files = sorted(HERE.glob("*/*.py"))
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    imported = {
        node.module
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("smartpush")
    }
    assert len(files) > 3 and imported == PUBLIC


def test_a_strangers_page_is_guarded_and_the_stores_messages_are_not(app: Flask) -> None:
    stranger, prefix = app.test_client(), app.config.get("SMARTPUSH_URL_PREFIX", "/smartpush")
    assert stranger.get(f"{prefix}/segments").status_code in (302, 401)
    unsigned = stranger.post(f"{prefix}/webhooks/shopline", data=b"{}")
    assert (unsigned.status_code, unsigned.headers.get("Location")) == (401, None)
    assert "WWW-Authenticate" not in unsigned.headers, "refused by us, not by the guard"
    signed = stranger.post(f"{prefix}/webhooks/shopline", **webhook("customers/update", {}))
    assert signed.status_code in (200, 404), "no token is asked of it"


def test_the_request_class_of_a_dashboard_survives(app: Flask) -> None:
    own = {"tests.hosts.beacon.app": "BeaconRequest", "tests.hosts.cedar.app": "SmallRequest"}
    name = own.get(app.import_name)
    classes = app.request_class.__mro__
    assert [each for each in classes if each.__name__ == "HtmxAwareRequest"]
    if name:
        assert getattr(importlib.import_module(app.import_name), name) in classes


@pytest.mark.filterwarnings("ignore:'get_engine' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", ["atlas", "cedar"])
def test_the_next_migration_of_a_dashboard_has_nothing_of_ours(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: Flask = request.getfixturevalue(f"{name}_app")
    monkeypatch.setattr("logging.config.fileConfig", lambda *_: None)  # it silences all loggers
    with app.app_context():
        app.extensions["sqlalchemy"].create_all()
        flask_migrate.init(directory=str(tmp_path / "versions_of_theirs"))
        flask_migrate.migrate(directory=str(tmp_path / "versions_of_theirs"))
    written = list((tmp_path / "versions_of_theirs" / "versions").glob("*.py"))
    assert written == [], "nothing has changed, so there is nothing to write"


@pytest.mark.parametrize("name", ["atlas", "cedar"])
def test_a_forged_form_is_refused_where_tokens_are_asked_for(
    name: str, request: pytest.FixtureRequest
) -> None:
    app: Flask = request.getfixturevalue(f"{name}_app")
    prefix = app.config.get("SMARTPUSH_URL_PREFIX", "/smartpush")
    answer = app.test_client().post(f"{prefix}/picker?field=email", data={"email": "x"})
    assert answer.status_code == 400 and b"CSRF" in answer.data


def test_what_cedar_replaced_is_drawn_and_nothing_else(
    cedar_app: Flask, request: pytest.FixtureRequest
) -> None:
    """A partial, two macros, an icon, the field; the rest of each file is still ours."""
    client = cedar_app.test_client()
    with client.session_transaction() as session:
        session["name"] = "Mia"
    assert "Ask Mia to connect the store." in client.get("/letter").text
    cedar: Dashboard = request.getfixturevalue("cedar")
    vip = cedar.people.segment("VIP", "1", "3", "5")
    page = client.get("/letter").text
    assert '<div class="boxed"><link' in page and "Ask Mia" not in page
    assert "Nobody is chosen yet" in page, "other partials are ours"
    form = {"to-do": f"include:segment:{vip.id}", "_token": value_of(page, "_token")}
    page = client.post("/letter", data=form | {"to": value_of(page, "to")}).text
    assert "3 chosen = <b>2</b> + 1 × unsubscribed" in page, "a macro that ours calls"
    assert '<meter class="cedar-meter"' in page and "smartpush-fill" in page
    assert "Unsubscribed</span>" in page, "other macros are ours"


def value_of(page: str, name: str) -> str:
    return page.split(f'name="{name}"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


@pytest.mark.parametrize("file", ["words", "icons"])
def test_every_macro_may_be_replaced_alone(file: str) -> None:
    templates = HERE.parents[1] / "templates" / "smartpush_shopline"
    text = (templates / f"_{file}.html").read_text(encoding="utf-8")
    names = [line.split("(")[0].split()[-1] for line in text.splitlines() if "{% macro" in line]
    missing = [f"{{% set {each} = own.{each} | default({each}) -%}}" for each in names]
    assert [line for line in missing if line not in text] == [], "add these at the end of the file"


@pytest.mark.browser
@pytest.mark.postgres
@pytest.mark.parametrize("dashboard", ["beacon"], indirect=True)
def test_in_a_dialog_the_new_count_is_spoken_inside_of_it(
    dashboard: Dashboard, browse: Callable[..., Any]
) -> None:
    """Outside of an open dialog a screen reader hears nothing."""
    page = browse()
    dashboard.open_form(page)
    Hand(page, dashboard).press("include", "VIP")
    voice = page.locator("dialog[open] [aria-live].smartpush-hidden")
    expect(voice).to_have_text("Will receive: 2")
    assert page.locator("link[href*='smartpush.css']").count() == 1, "the layout had it already"


@pytest.mark.browser
@pytest.mark.parametrize("dashboard", ["atlas"], indirect=True)
def test_two_pickers_on_one_page_mind_their_own_business(
    dashboard: Dashboard, browse: Callable[..., Any]
) -> None:
    page = browse()
    dashboard.open_form(page)
    Hand(page, dashboard).press("include", "VIP")
    other = Hand(page, dashboard)
    other.root = "#smartpush-picker-sms"
    other.press("include", "台北熟客")
    other.has_chips("include", "台北熟客")
    Hand(page, dashboard).has_chips("include", "VIP")
    page.click("#save")
    page.wait_for_url("**/campaigns/1")
    expect(page.locator("#email")).to_contain_text("VIP")
    expect(page.locator("#sms")).to_contain_text("台北熟客")
    expect(page.locator("#sms")).not_to_contain_text("VIP")


@pytest.mark.browser
@pytest.mark.parametrize("dashboard", ["atlas", "beacon", "cedar"], indirect=True)
def test_it_is_dark_where_the_dashboard_is(
    dashboard: Dashboard, browse: Callable[..., Any]
) -> None:
    page = browse()
    read = "getComputedStyle(document.querySelector('.smartpush-box')).backgroundColor"
    for dark, color in ((False, "rgb(255, 255, 255)"), (True, "rgb(23, 25, 28)")):
        if dark:
            dashboard.go_dark(page)
        dashboard.open_form(page)
        assert page.evaluate(read) == color
