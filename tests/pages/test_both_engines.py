"""Every page and button on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from smartpush_shopline.audiences import saving
from smartpush_shopline.audiences.choice import Choice
from smartpush_shopline.database import Database
from tests.pages.reading import HTMX, text_of, value_of
from tests.support import CAST, NOW, Clock, People, make_shop


@pytest.fixture
def seeded(both: Database, clock: Clock) -> People:
    people = People(both, make_shop(both, timezone="Asia/Taipei"), clock)
    people.take(*CAST)
    people.segment("VIP", "1", "2", "3")
    return people


@pytest.mark.parametrize(
    "path",
    [
        "/smartpush/",
        "/smartpush/status.json",
        "/smartpush/segments",
        "/smartpush/segments?q=vip&show=shopline",
        "/smartpush/segments?show=needs",
        "/smartpush/segments?show=deleted",
        "/smartpush/segments/1",
        "/smartpush/activity",
        "/smartpush/activity?show=working&q=vip",
        "/smartpush/activity/runs",
        "/smartpush/activity/erasures",
        "/form",
    ],
)
def test_it_answers(
    open_host: Callable[[str], Flask], url: str, seeded: People, path: str
) -> None:
    assert open_host(url).test_client().get(path).status_code == 200


def test_a_campaign_is_made_and_shown(
    open_host: Callable[[str], Flask], url: str, seeded: People
) -> None:
    host = open_host(url)
    client = host.test_client()
    page = client.get("/form")
    for command in ("include:segment:1", "exclude:native:blog:1"):
        data = {"email": value_of(page, "email"), "email-do": command}
        page = client.post("/smartpush/picker?field=email", data=data, headers=HTMX)
    assert "3 chosen" in text_of(page)
    with host.app_context():
        choice = Choice.load(value_of(page, "email"))
    with seeded.begin() as session:
        audience_id = saving.save(session, choice, "campaign-7", NOW).id
    newer = seeded.segment("VIP", "1", "4")
    path = f"/smartpush/audiences/{audience_id}"
    assert "Version 2 exists: +1 −2" in text_of(client.get(path))
    answer = client.post(f"{path}/take", data={"segment_id": newer.id}, headers=HTMX)
    assert "VIP v2" in text_of(answer)
    assert client.get(f"{path}/recipients.csv").text.startswith("\ufeffnumber,address,")
    for step in ("union", "recipients", "lost", "segment:1", "union&q=ada+lin", "union&q=ada@e"):
        assert client.get(f"{path}/people?step={step}").status_code == 200
    assert "Ada Lin" in text_of(client.get(f"{path}/people?step=union&q=lin ada"))
    for who in ("ada@example.com", "lin", "cyd", "nobody"):
        assert client.get(f"{path}/why?q={who}").status_code == 200
    assert client.get(f"{path}/swap?segment_id=1&q=v").status_code == 200
    for verb in ("keep", "discard"):
        assert client.post(f"{path}/{verb}", data={"segment_id": 1}).status_code == 303
    assert client.post("/smartpush/segments/1/check").status_code == 303


@pytest.mark.parametrize("number", ["3000000000", "9" * 25])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/smartpush/activity/{}", 404),
        ("/smartpush/activity?before={}", 200),
        ("/smartpush/segments/{}", 404),
        ("/smartpush/segments?page={}", 200),
        ("/smartpush/audiences/{}", 404),
        ("/smartpush/audiences/{}/recipients.csv", 404),
        ("/smartpush/audiences/{}/why?q=ada", 404),
    ],
)
def test_a_number_that_no_row_can_have_is_not_found(
    open_host: Callable[[str], Flask],
    url: str,
    seeded: People,
    path: str,
    status: int,
    number: str,
) -> None:
    browser = open_host(url).test_client()
    assert browser.get(path.format(number)).status_code == status


@pytest.mark.parametrize("number", ["3000000000", "9" * 25])
def test_a_button_with_such_a_number_changes_nothing(
    open_host: Callable[[str], Flask], url: str, seeded: People, number: str
) -> None:
    browser = open_host(url).test_client()
    fields = {"email": value_of(browser.get("/form"), "email")}
    for command in (f"include:segment:{number}", f"drop:{number}", f"newest:{number}"):
        pressed = fields | {"email-do": command}
        assert browser.post("/smartpush/picker?field=email", data=pressed).status_code == 200
    for path in (f"connect/{number}", f"segments/{number}/check", f"activity/{number}/replay"):
        assert browser.post(f"/smartpush/{path}").status_code == 404
