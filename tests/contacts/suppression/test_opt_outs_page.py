"""A marketer brings in a list: chooses the file, sees what it would do, lets it be done."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from smartpush_shopline.contacts import opting_out, writing_back
from smartpush_shopline.contacts.models import OptOutReading
from smartpush_shopline.contacts.suppression import files, lists
from smartpush_shopline.contacts.suppression import many as verbs
from smartpush_shopline.contacts.suppression.models import (
    SuppressionFile,
    SuppressionFilePart,
    SuppressionProblem,
)
from smartpush_shopline.doctor import examine
from tests.contacts.naive import check
from tests.hosting import close_host, make_host
from tests.support import CAST, NOW, People, make_shop

LIST = "email,date\nada@example.com,\neve@example.com,2024-01-01\nnonsense,\ncyd@example.com,\n"
HOME = "/smartpush/contacts/opt-outs"


@pytest.fixture
def here(url, both, clock):
    host = make_host(url, clock, both)
    host.people = People(both, make_shop(both), clock)
    host.people.take(*CAST)
    yield host
    check(host.people)
    close_host(host)


def upload(host, text, name="list.csv", **more):
    data = text if isinstance(text, bytes) else text.encode()
    sent = {"file": (io.BytesIO(data), name), "channels": "both", **more}
    return host.browser().post(HOME, data=sent, content_type="multipart/form-data")


def text_of(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def see(host, file_id=1):
    return text_of(host.browser().get(f"{HOME}/{file_id}"))


def decide(host, decision, file_id=1):
    return host.browser().post(f"{HOME}/{file_id}", data={"decision": decision})


def rows(host, table):
    with host.database.read() as session:
        return list(session.scalars(select(table)))


def numbers(host):
    [row] = rows(host, SuppressionFile)
    return row.state, row.lines, row.problems, {k: n for k, n in row.counts.items() if n}


def test_it_is_only_looked_at_first(here):
    answer = upload(here, LIST)
    assert (answer.status_code, answer.location) == (303, f"{HOME}/1")
    assert numbers(here) == ("checked", 4, 1, {"suppressed": 1, "already": 1, "kept": 1})
    assert here.people.verdict("1") == "sendable"
    shown = see(here)
    assert "3 addresses in 4 lines" in shown and "Would be opted out 1" in shown
    assert "Opt out 1, keep 1 for later" in shown, "the button names what is counted below it"
    assert "1 problem" in shown and "4 This is not an email address." in shown


def test_as_many_problems_are_counted_as_are_shown(here):
    upload(here, "email,phone\nnonsense,12\nada@example.com,\n")
    assert numbers(here)[2] == 2
    assert "2 problems" in see(here)


@pytest.mark.parametrize(
    ("lines", "button"),
    [
        ("ada@example.com\nbea@example.com", "Opt out 2 addresses"),
        ("ada@example.com\ncyd@example.com", "Opt out 1 address"),
        ("eve@example.com", "Keep 1 address for later"),
        ("cyd@example.com", "Take it in all the same"),
    ],
)
def test_the_button_says_what_it_does(here, lines, button):
    upload(here, f"email\n{lines}\n")
    assert f"{button} What it would do" in see(here)


def test_then_it_is_done_and_the_file_is_gone(here):
    upload(here, LIST)
    before = numbers(here)[1:]
    assert decide(here, "import").status_code == 303
    assert numbers(here) == ("done", *before)
    assert here.people.verdict("1") == "unsubscribed"
    assert not rows(here, SuppressionFilePart)
    assert "What it did" in see(here)
    decide(here, "import")  # pressed twice
    assert numbers(here)[0] == "done" and here.people.verdict("4") == "not_subscribed"


def test_or_it_is_thrown_away(here):
    upload(here, LIST)
    assert decide(here, "discard").location == HOME
    for table in (SuppressionFile, SuppressionFilePart, SuppressionProblem):
        assert not rows(here, table)
    assert here.browser().get(f"{HOME}/1").status_code == 404


def test_nobody_answers_for_a_day(here):
    upload(here, LIST)
    here.clock.forward(hours=25)
    here.tick()
    assert not rows(here, SuppressionFile) and not rows(here, SuppressionFilePart)


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"PK\x03\x04", "Excel"), (b"", "empty"), (b"name\nAda\n", "No column")],
)
def test_a_wrong_file_says_what_to_do(here, data, word):
    upload(here, data)
    assert word in see(here) and "Nothing could be read" in see(here)
    listed = here.browser().get(HOME).text
    assert word in listed and "Refused" in listed, "in the list of files, too"


def test_no_file_is_said_beside_the_field(here):
    answer = here.browser().post(HOME, data={"channels": "both"})
    assert answer.status_code == 422 and "Choose a file first." in answer.text


def test_a_file_that_is_too_large_is_not_kept(here, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    answer = upload(here, LIST)
    assert answer.status_code == 422 and "larger" in answer.text
    assert not rows(here, SuppressionFile)


def test_the_report_names_lines_and_nobody(here):
    upload(here, LIST)
    report = here.browser().get(f"{HOME}/1/problems.csv")
    assert report.text.splitlines()[1].startswith("4,not_an_email,")
    assert "nonsense" not in report.text


def test_whoever_may_only_look_sees_no_form_and_changes_nothing(here):
    upload(here, LIST)
    here.allows = lambda action, shop: action == "view"
    page = here.browser().get(HOME)
    assert page.status_code == 200 and "Check the file" not in page.text
    assert "Bring in a list" not in page.text
    assert upload(here, LIST).status_code == 403
    assert decide(here, "import").status_code == decide(here, "discard").status_code == 403
    assert numbers(here)[0] == "checked"


def test_another_stores_file_is_not_here(here):
    upload(here, LIST)
    make_shop(here.database, "birch")
    here.in_front = "birch"
    assert here.browser().get(f"{HOME}/1").status_code == 404
    assert decide(here, "import").status_code == 404


def test_a_worker_that_died_is_gone_on_from(here, monkeypatch):
    monkeypatch.setattr(verbs, "AT_ONCE", 10)
    upload(here, "email\n" + "".join(f"p{n}@example.com\n" for n in range(35)))
    real, calls = lists.work, []

    def dies(*args, **more):
        calls.append(1)
        if len(calls) == 3:
            raise OSError
        return real(*args, **more)

    monkeypatch.setattr(lists, "work", dies)
    decide(here, "import")
    assert numbers(here) == ("importing", 20, 0, {"kept": 20})
    here.tick()
    assert len(calls) == 3  # somebody else's claim is respected
    here.clock.forward(minutes=3)
    here.tick()
    assert numbers(here) == ("done", 35, 0, {"kept": 35})
    assert len(calls) == 5


def test_a_worker_that_slept_too_long_writes_nothing(here, monkeypatch):
    upload(here, LIST)
    real = lists.work

    def slept(session, *args, **more):
        session.get_one(SuppressionFile, 1).owner = "another"
        session.flush()
        return real(session, *args, **more)

    monkeypatch.setattr(lists, "work", slept)
    decide(here, "import")
    assert numbers(here)[:2] == ("importing", 0)
    assert here.people.verdict("1") == "sendable"


def test_what_lies_in_the_database_names_nobody(sqlite_url, database, clock):
    host = make_host(sqlite_url, clock, database)
    make_shop(database)
    upload(host, "email\nzebra-eve@example.com\n", name="for zebra-eve@example.com.csv")
    decide(host, "import")
    database.scrub()
    path = Path(str(make_url(sqlite_url).database))
    for file in path.parent.glob(f"{path.name}*"):
        assert b"zebra-eve" not in file.read_bytes()
    close_host(host)


# -- what a person should know ------------------------------------------------------------------


def overview(host):
    return text_of(host.browser().get("/smartpush/"))


def findings(host):
    return [finding.what for finding in examine(host.app)]


def test_a_store_that_does_not_let_us_write_is_named(here):
    here.state.settings = replace(here.state.settings, write_back=True)
    assert "does not let us tell it about opt-outs" in overview(here)
    assert "write_customers" in text_of(here.browser().get(HOME))
    assert any("SMARTPUSH_SCOPES does not ask for write_customers" in f for f in findings(here))
    scopes = (*here.state.settings.scopes, "write_customers")
    here.state.settings = replace(here.state.settings, scopes=scopes)
    assert any("did not grant" in f and "write_customers" in f for f in findings(here))
    here.state.settings = replace(here.state.settings, write_back=False)
    assert "does not let us tell" not in overview(here)


def test_opt_outs_that_the_store_refused_can_be_tried_again(here):
    here.state.settings = replace(here.state.settings, write_back=True)
    with here.database.begin() as session:
        shop_id = here.people.shop_id
        report = opting_out.Report("email", "unsubscribed", "link", NOW)
        opting_out.record(session, shop_id, [1], report, NOW)
        session.merge(here.shop("alder")).scopes = "write_customers"
        session.flush()
        due = writing_back.take(session, shop_id, NOW)
        writing_back.close(session, due, NOW, {"code": "refused", "said": "not that one"})
    assert "1 opt-out could not be written to the store" in overview(here)
    assert "SHOPLINE refused the call (not that one)." in text_of(here.browser().get(HOME))
    here.state.ring = lambda *what: None
    assert here.browser().post(f"{HOME}/tell").status_code == 303
    assert "could not be written" not in overview(here)


def test_a_dashboard_whose_opt_outs_cannot_be_read_is_told(here):
    @here.smartpush.opt_outs
    def broken(since):
        raise OSError

    here.tick()
    assert "The dashboard's own opt-outs cannot be read" in overview(here)
    assert "Nothing is sent until they were read once" in overview(here)
    assert "The dashboard's function raised OSError; the log says where." in overview(here)
    assert any("opt_outs cannot be read for alder. The dashboard's" in f for f in findings(here))
    assert rows(here, OptOutReading)[0].read_until is None
