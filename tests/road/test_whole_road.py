"""From a segment in the Admin to a pinned list: one story, over loopback HTTP, nothing patched."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from .people import Admin, Demo, Marketer, button_value, until


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "data", connected=False).start()
    yield running
    running.stop()


def segments(demo: Demo) -> dict[str, dict[str, Any]]:
    return {each["ref"]: each for each in json.loads(demo.flask("segments", "--json"))}


def segment_page(marketer: Marketer, name: str) -> str:
    return marketer.get("/smartpush/segments", params={"q": name}).text


def test_a_segment_of_the_admin_becomes_a_pinned_list_of_recipients(demo: Demo) -> None:
    admin, marketer = Admin(demo.store), Marketer(demo.url)
    everything_is_brought_in(demo, admin, marketer)
    ref = the_admin_is_followed_at_once(admin, marketer)
    campaign = a_campaign_is_saved(demo, marketer)
    its_list_stays(demo, admin, marketer, campaign, ref)
    one_link_makes_one_draft(admin, marketer, ref)
    all_customers_are_all_subscribed_contacts(admin, marketer)
    a_missed_midnight_is_made_up_for(demo)


def everything_is_brought_in(demo: Demo, admin: Admin, marketer: Marketer) -> None:
    assert marketer.status() == {}
    marketer.connect(demo.store)
    assert until(lambda: marketer.status().get("syncing") is False, 60)
    here = segments(demo)
    listed = admin.api("GET", "customer_saved_searches.json")["customer_saved_searches"]
    assert {each["id"]: each["name"] for each in listed} == {
        ref: each["name"] for ref, each in here.items()
    }
    assert all(each["version"] == 1 and each["state"] == "ready" for each in here.values())
    chinese = next(each for each in here.values() if each["name"] == "台北熟客")
    assert chinese["members"] == len(admin.members(chinese["ref"]))
    assert chinese["sendable"]["email"] == sum(
        member["email_subscribe_flag"] == 1 and member["state"] != 0 and bool(member.get("email"))
        for member in admin.members(chinese["ref"])
    )


def shows(page: str, *words: str) -> bool:
    return all(word in page for word in words)


def the_admin_is_followed_at_once(admin: Admin, marketer: Marketer) -> str:
    ref = admin.create_segment("Big spenders", "total_spent:>20000;")
    count = f"{len(admin.members(ref)):,}"
    assert until(lambda: shows(segment_page(marketer, "Big spenders"), count, "v1"))
    admin.rename_segment(ref, "Best customers")
    assert until(lambda: "Best customers" in segment_page(marketer, "Best customers"))
    return ref


def a_campaign_is_saved(demo: Demo, marketer: Marketer) -> str:
    path = "/campaigns/new?channel=email"
    page = marketer.get(path).text
    empty = marketer.press(path, page, name="Autumn", subject="Hello", mark_ready="1")
    assert empty.status_code == 422
    assert "Autumn" in empty.text
    assert "Hello" in empty.text

    include = button_value(empty.text, "recipients", "include", "Best customers")
    page = marketer.press(path, empty.text, **{"recipients-do": include}).text
    exclude = button_value(page, "recipients", "exclude", "Webinar guests")
    page = marketer.press(path, page, **{"recipients-do": exclude}).text
    assert "Autumn" in page
    saved = marketer.press(path, page, mark_ready="1")
    assert saved.status_code == 303, saved.text
    return saved.headers["Location"]


def its_list_stays(
    demo: Demo, admin: Admin, marketer: Marketer, campaign: str, ref: str
) -> None:
    name = f"campaign-{urlsplit(campaign).path.rsplit('/', 1)[-1]}"
    before = demo.audience(name)
    people = {each["customer_ref"] for each in before["recipients"]}
    assert people
    assert before["counts"]["sendable"] == len(people)
    leaver = sorted(people)[0]
    outsider = next(m["id"] for m in admin.members(ref) if m["email_subscribe_flag"] == 2)
    admin.set_email_consent(leaver, 0)
    admin.set_email_consent(outsider, 1)
    admin.change_rule(ref, "Best customers", "total_spent:>15000;")
    assert until(lambda: "Use v2" in marketer.get(campaign).text)

    after = demo.audience(name)
    assert {each["customer_ref"] for each in after["recipients"]} == people - {leaver}
    assert after["counts"]["unsubscribed"] == before["counts"]["unsubscribed"] + 1
    rows = list(csv.DictReader(io.StringIO(demo.flask("audience", name, "--format", "csv"))))
    assert {row["customer_ref"] for row in rows} == people - {leaver}
    the_newer_list_is_taken_on_request(demo, marketer, campaign, name, outsider)


def the_newer_list_is_taken_on_request(
    demo: Demo, marketer: Marketer, campaign: str, name: str, outsider: str
) -> None:
    page = marketer.get(campaign).text
    form = page[page.index("/take") :]
    segment_id = form.split('name="segment_id" value="')[1].split('"')[0]
    token = form.split('name="csrf_token" value="')[1].split('"')[0]
    take = page[: page.index("/take")].rsplit('"', 1)[1] + "/take"
    answer = marketer.post(take, {"segment_id": segment_id, "csrf_token": token, "back": campaign})
    assert answer.ok, answer.text
    taken = demo.audience(name)
    assert taken["picks"][0]["version"] == 2
    assert outsider in {each["customer_ref"] for each in taken["recipients"]}


def one_link_makes_one_draft(admin: Admin, marketer: Marketer, ref: str) -> None:
    link = admin.campaign_link(ref, "sms")
    first, second = marketer.get(link), marketer.get(link)
    assert first.url == second.url
    assert "Best customers" in first.text
    changed = link.replace("channel=sms", "channel=email")
    refused = marketer.get(changed)
    assert refused.status_code == 401
    assert "cannot be trusted" in refused.text

    path = urlsplit(first.url).path + "?" + urlsplit(first.url).query
    saved = marketer.press(path, first.text, name="By SMS", text="Hi", save_draft="1")
    assert saved.status_code == 303, saved.text
    again = marketer.get(link)
    assert again.url.rstrip("/").endswith("/edit")
    assert "By SMS" in again.text


def all_customers_are_all_subscribed_contacts(admin: Admin, marketer: Marketer) -> None:
    page = marketer.get(admin.campaign_link("all", "email")).text
    assert "drop:everyone" in page


def a_missed_midnight_is_made_up_for(demo: Demo) -> None:
    """The store's last night lies in the past, as after a long stop of the dashboard."""
    nights = "SELECT count(*), min(state) FROM smartpush_sync_run WHERE kind = 'nightly'"
    in_database(demo, "UPDATE smartpush_shop SET last_nightly_date = '2026-01-01'")
    demo.flask("tick")  # which leaves to the dashboard what that is working at
    assert until(lambda: in_database(demo, nights) == [(1, "done")], 60)


def in_database(demo: Demo, statement: str) -> list[Any]:
    file = Path(demo.environment["DATA_DIR"]) / "dashboard.sqlite"
    with closing(sqlite3.connect(file, timeout=30)) as database, database:
        return database.execute(statement).fetchall()
