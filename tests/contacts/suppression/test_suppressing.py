"""A list of opt-outs is taken in: whoever is on it is not written to, now and later."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from smartpush_shopline.contacts import erase as erasing
from smartpush_shopline.contacts import people as taking
from smartpush_shopline.contacts.erase import Who
from smartpush_shopline.contacts.models import ConsentEvent
from smartpush_shopline.contacts.suppression.models import (
    Suppression,
    SuppressionFile,
    SuppressionFilePart,
    SuppressionProblem,
)
from smartpush_shopline.contracts import Person
from smartpush_shopline.shops.wiping import _delete_some
from tests.contacts.naive import check
from tests.hosting import close_host, make_host
from tests.support import ADA, BEA, CAST, DEE, NOW, YES, People, customer, make_shop, says


@pytest.fixture
def here(url, both, clock, tmp_path):
    """The cast, on both engines, and a command line in a folder of its own."""
    host = make_host(url, clock, both, SMARTPUSH_DEFAULT_COUNTRY="TW")
    people = People(both, make_shop(both, timezone="Asia/Taipei"), clock)
    people.take(*CAST)
    yield Desk(host, people, tmp_path)
    check(people)
    close_host(host)


class Desk:
    def __init__(self, host, people, folder):
        self.host, self.people, self.folder = host, people, folder

    def run(self, text, *options, name="optouts.csv"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        args = ["smartpush", "suppress", str(path), *options]
        return self.host.app.test_cli_runner().invoke(args=args)

    def facts(self, text, *options):
        done = self.run(text, "--json", *options)
        assert done.exit_code in (0, 2), done.output
        return json.loads(done.stdout)

    def counts(self, text, *options):
        return {name: n for name, n in self.facts(text, *options)["counts"].items() if n}

    def problems(self, text, *options):
        return [(p["line"], p["reason"]) for p in self.facts(text, *options)["problems"]]

    def rows(self, table):
        with self.people.database.read() as session:
            return list(session.scalars(select(table)))

    def events(self):
        return [e for e in self.rows(ConsentEvent) if e.source == "import"]


def test_whoever_is_on_the_list_is_not_written_to_any_more(here):
    assert here.counts("email\n ADA@Example.com \n") == {"suppressed": 1}
    assert here.people.verdict("1") == "unsubscribed"
    assert here.people.verdict("1", "sms") == "sendable"
    [event] = here.events()
    assert (event.evidence, event.dated) == ("optouts.csv, line 2", False)


def test_a_number_as_people_write_it_at_home(here):
    assert here.counts("phone\n0900 000-001\n") == {"suppressed": 1}
    assert here.people.verdict("1", "sms") == "unsubscribed"
    assert here.people.verdict("1") == "sendable"


def test_a_dry_run_says_the_same_and_does_nothing(here):
    text = (
        "email;phone;date;reason\n"
        "ada@example.com;;2024-03-01;asked\n"
        "ada@example.com;;;twice\n"
        "cyd@example.com;;;\n"
        "eve@example.com;+886900000009;;\n"
        "nonsense;;;\n"
    )
    planned = here.facts(text, "--dry-run")
    assert not here.events() and not here.rows(Suppression) and not here.rows(SuppressionFile)
    assert here.people.verdict("1") == "sendable"
    done = here.facts(text)
    assert planned | {"dry_run": False} == done
    # Ada opted in last year, after the first line's day; the second line has none, so it is news.
    expected = {"suppressed": 1, "already": 1, "kept": 2, "opted_in_since": 1}
    assert done["counts"] == expected
    assert done["problems"][0]["line"] == 6


def test_the_same_file_twice_changes_nothing(here):
    text = "email,phone,date\nada@example.com,,\nbea@example.com,,2026-01-01\neve@example.com,,\n"
    here.run(text)
    before = (len(here.events()), [(r.digest, r.recorded_at) for r in here.rows(Suppression)])
    here.people.clock.forward(days=1)
    assert here.counts(text) == {"already": 3}
    after = (len(here.events()), [(r.digest, r.recorded_at) for r in here.rows(Suppression)])
    assert after == before


def test_an_older_opt_out_does_not_undo_a_newer_opt_in(here):
    assert here.counts("email,date\nada@example.com,2024-03-01\n") == {"opted_in_since": 1}
    assert here.people.verdict("1") == "sendable"
    assert [e.occurred_at.year for e in here.events()] == [2024]


def test_only_an_explicit_newer_opt_in_lifts_it(here):
    here.run("email\nada@example.com\n")
    here.people.clock.forward(days=1)
    later = here.people.clock()
    here.people.take(replace(ADA, updated_at=later, email_consent=says("subscribed")))
    assert here.people.verdict("1") == "unsubscribed"
    here.people.take(replace(ADA, updated_at=later, email_consent=says("subscribed", later)))
    assert here.people.verdict("1") == "sendable"


def test_no_import_lifts_an_opt_out(here):
    text = "email,status\ncyd@example.com,Subscribed\nada@example.com,yes\ndee@example.com,out\n"
    assert here.problems(text) == [(2, "cannot_lift"), (3, "says_subscribed")]
    assert here.people.verdict("3") == "unsubscribed"
    assert here.people.verdict("1") == "sendable"
    kept = [(problem.line, problem.reason) for problem in here.rows(SuppressionProblem)]
    assert kept == [(2, "cannot_lift"), (3, "says_subscribed")]


def test_an_address_that_nobody_has_binds_whoever_comes_with_it(here):
    assert here.counts("email,phone\nEve@example.com,+886900000009\n") == {"kept": 2}
    assert len(here.people.all()) == len(CAST)
    eve = replace(DEE, ref="9", email="eve@EXAMPLE.com", phone="+886900000009")
    here.people.take(replace(eve, email_consent=YES, sms_consent=YES, updated_at=NOW))
    assert here.people.verdict("9") == here.people.verdict("9", "sms") == "unsubscribed"
    assert [e.evidence for e in here.events()] == ["optouts.csv, line 2"] * 2


def test_it_binds_somebody_known_who_gets_the_address(here):
    here.run("email\nnew@example.com\n")
    here.people.take(replace(ADA, email="new@example.com", updated_at=NOW))
    assert here.people.verdict("1") == "unsubscribed"


def test_it_binds_a_person_of_the_dashboard(here):
    here.run("email\neve@example.com\n")
    with here.people.begin() as session:
        person = Person("guest-1", email="Eve@example.com")
        taking.numbers_of_people(session, here.people.shop_id, [person], NOW)
    [eve] = [c for c in here.people.all() if c.host_ref]
    assert eve.email_standing == "unsubscribed"


def test_nobody_can_read_the_kept_addresses(here):
    here.run("email\neve@example.com\n")
    [row] = here.rows(Suppression)
    assert "eve" not in " ".join(str(value) for value in vars(row).values())


def test_an_opt_out_outlives_the_erasure_of_the_person(here):
    here.run("email,reason\nada@example.com,wrote to ada@example.com\n")
    with here.people.begin() as session:
        erasing.erase(session, here.people.shop_id, Who(customer_ref="1"), NOW)
    assert not [e.evidence for e in here.events() if e.evidence]
    here.people.take(replace(ADA, ref="9", email_consent=says("subscribed"), updated_at=NOW))
    assert here.people.verdict("9") == "unsubscribed"
    here.people.clock.forward(days=1)
    again = says("subscribed", here.people.clock())
    here.people.take(
        replace(ADA, ref="9", email_consent=again, updated_at=here.people.clock())
    )
    assert here.people.verdict("9") == "sendable"


def test_the_erasure_of_somebody_who_is_only_on_a_list_leaves_the_opt_out(here):
    here.run("email,reason\neve@example.com,eve@example.com called\n")
    with here.people.begin() as session:
        erasing.erase(session, here.people.shop_id, Who(email="eve@example.com"), NOW)
    assert [row.evidence for row in here.rows(Suppression)] == [""]
    here.people.take(customer("9", email="eve@example.com", email_consent=YES))
    assert here.people.verdict("9") == "unsubscribed"


def test_an_opt_out_stays_when_the_store_deletes_the_customer_and_they_sign_up_again(here):
    here.run("email\nada@example.com\n")
    here.people.delete("1")
    here.people.delete("2")  # who never opted out
    again = replace(ADA, ref="9", email_consent=says("subscribed"), updated_at=NOW)
    here.people.take(again, replace(BEA, ref="8", email_consent=YES, updated_at=NOW))
    assert here.people.verdict("9") == "unsubscribed"
    assert here.people.verdict("8") == "sendable"


def test_only_the_channel_that_is_asked_for(here):
    text = "email,phone\nada@example.com,+886900000001\nnonsense,+886900000002\n,+886900000002\n"
    assert here.counts(text, "--channel", "sms") == {"suppressed": 2, "already": 1}
    assert here.people.verdict("1") == "sendable"
    assert here.problems("email,channel\nada@example.com,push\n") == [(2, "other_channel")]
    assert here.counts("email,phone,channel\nada@example.com,0900000001,Email\n") == {
        "suppressed": 1
    }


def test_every_wrong_line_is_named_and_the_others_are_done(here, tmp_path):
    text = (
        "email,phone,date\n"
        "ada@example.com,12,03/04/2024\n"
        ",,\n"
        ",-,2024-01-01\n"
        "who@what,,\n"
        "bea@example.com,,\n"
    )
    report = tmp_path / "report.csv"
    done = here.run(text, "--report", str(report))
    assert done.exit_code == 2 and "line 2:" in done.output
    assert here.people.verdict("1") == here.people.verdict("2") == "unsubscribed"
    rows = [row.split(",")[:2] for row in report.read_text("utf-8-sig").splitlines()]
    assert rows == [
        ["line", "reason"],
        ["2", "not_a_phone"],
        ["2", "date_unread"],
        ["4", "no_address"],
        ["5", "not_an_email"],
    ]


def test_the_value_that_is_wrong_is_shown_and_not_kept(here, tmp_path):
    report = tmp_path / "report.csv"
    long = f"{'x' * 60}@what"
    dates = "ada@example.com,03/04/2024\nbea@example.com,2030-01-01\n"
    text = f"email,date\nwho@what,\n{dates}{long},\n"
    done = here.run(text, "--report", str(report))
    assert "line 2: “who@what”: This is not an email address." in done.stderr
    assert "line 3: “03/04/2024”: The date cannot be read for sure" in done.stderr
    assert "line 4: “2030-01-01”: The date lies in the future" in done.stderr
    assert f"line 5: “{'x' * 39}…”" in done.stderr
    assert "“who@what”" in report.read_text("utf-8-sig")
    kept = [value for row in here.rows(SuppressionProblem) for value in vars(row).values()]
    assert "not_an_email" in kept and not any("who@what" in str(each) for each in kept)


@pytest.mark.parametrize("place", ["nowhere/report.csv", ".", "optouts.csv"])
def test_nothing_is_taken_when_the_report_cannot_be_written(here, tmp_path, place):
    text = "email\nada@example.com\nnonsense\n"
    done = here.run(text, "--report", str(tmp_path / place))
    assert done.exit_code == 1 and done.stderr.count("\n") == 1
    assert "Nothing was taken." in done.stderr
    assert not here.rows(SuppressionFile) and here.people.verdict("1") == "sendable"
    assert (tmp_path / "optouts.csv").read_text() == text


def test_a_file_that_is_not_there_is_code_1_like_any_that_cannot_be_read(here, tmp_path):
    args = ["smartpush", "suppress", str(tmp_path / "none.csv")]
    done = here.host.app.test_cli_runner().invoke(args=args)
    assert done.exit_code == 1 and "cannot be read: No such file" in done.stderr


@pytest.mark.parametrize(
    ("data", "word"), [(b"", "empty"), (b"PK\x03\x04", "Excel"), (b"<html>", "web page")]
)
def test_a_wrong_file_is_refused_in_words(here, data, word):
    done = here.run(data)
    assert done.exit_code == 1 and word in done.output
    assert not here.rows(SuppressionFile)


def test_more_lines_than_one_batch_add_up(here):
    text = "email\n" + "".join(f"p{n % 900}@example.com\n" for n in range(1_700))
    for options in (["--dry-run"], []):
        assert here.counts(text, *options) == {"kept": 900, "already": 800}


def test_everybody_with_the_address_gets_it(here):
    here.people.take(replace(BEA, email=ADA.email, email_consent=YES, updated_at=NOW))
    assert here.counts("email\nada@example.com\n") == {"suppressed": 1}
    assert len(here.events()) == 2


def test_a_store_that_is_erased_takes_the_lists_along(here):
    here.run("email\nnonsense\neve@example.com\n")
    with here.people.begin() as session:
        session.add(SuppressionFilePart(file_id=1, number=0, sealed=b"x"))
    with here.people.begin() as session:
        while _delete_some(session, here.people.shop_id):
            pass
    assert not here.rows(Suppression) and not here.rows(SuppressionFile)


def test_a_store_must_be_named_when_there_are_several(here):
    make_shop(here.people.database, "birch")
    assert "--store" in here.run("email\nada@example.com\n").output
    assert here.counts("email\nada@example.com\n", "--store", "birch") == {"kept": 1}
    assert here.people.verdict("1") == "sendable"
