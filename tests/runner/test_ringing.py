"""The clock and the doorbell: a lost ring loses nothing, and rings do not pile up."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask.cli import FlaskGroup

from smartpush_shopline.books import JobBook, TopicBook
from smartpush_shopline.errors import ConfigurationError
from smartpush_shopline.runner.ringing import run_job, tick
from tests.hosting import close_host, make_host
from tests.support import wait_for


@pytest.fixture
def jobs(host):
    """Names of the jobs that ran, instead of the real ones."""
    ran = []

    def book(app, *names, fails=()):
        made = JobBook()
        for name in names:
            def job(state, shop_id=None, name=name):
                ran.append((name, shop_id))
                if name in fails:
                    raise RuntimeError(name)
            made.job(name)(job)
        app.extensions["smartpush"].jobs = made

    ran_book = book
    ran_book.ran = ran
    return ran_book


def test_a_tick_runs_every_job_in_order(host, jobs):
    jobs(host.app, "inbox", "nights", "sync")
    tick(host.app)
    assert jobs.ran == [("inbox", None), ("nights", None), ("sync", None)]


def test_a_job_that_fails_does_not_stop_the_next(host, jobs, caplog):
    jobs(host.app, "inbox", "sync", fails=("inbox",))
    tick(host.app)
    assert [name for name, _ in jobs.ran] == ["inbox", "sync"]
    assert "smartpush.job_failed job=inbox" in caplog.text


def test_the_inbox_is_looked_at_first_and_the_tidying_last(host):
    first, *middle, last = host.state.jobs
    assert (first, last) == ("inbox", "housekeeping")
    assert set(middle) >= {"nights", "sync", "redact_people", "redact_stores"}


def test_before_the_tables_are_there_a_tick_only_says_so(tmp_path, clock, caplog):
    host = make_host(f"sqlite:///{tmp_path / 'empty.sqlite'}", clock)
    host.tick()
    assert "flask smartpush db upgrade" in caplog.text
    close_host(host)


def test_inline_rings_at_once_and_leaves_what_is_for_later_to_a_tick(host, jobs):
    jobs(host.app, "sync")
    host.state.ring("sync", 7)
    host.state.ring("sync", 8, at=datetime.now(UTC))
    assert jobs.ran == [("sync", 7)]


def test_external_is_rung_by_somebody_else(database_url, clock, jobs):
    host = make_host(database_url, clock, SMARTPUSH_RUNNER="external")
    jobs(host.app, "sync")
    host.state.ring("sync", 7)
    assert jobs.ran == []
    close_host(host)


def test_a_cron_line_may_tick(host, jobs):
    jobs(host.app, "sync")
    answer = host.app.test_cli_runner().invoke(args=["smartpush", "tick"])
    assert (answer.exit_code, jobs.ran) == (0, [("sync", None)])
    assert "Messages worked: 0. Stores worked on: none." in answer.output


@pytest.fixture
def scheduled(database_url, clock):
    host = make_host(
        database_url, clock, SMARTPUSH_RUNNER="apscheduler", SMARTPUSH_TICK=timedelta(hours=1)
    )
    yield host
    host.state.ring.__self__._clock.remove_all_jobs()  # a due one would meet the closing doors
    host.state.ring.__self__._clock.shutdown(wait=True)
    close_host(host)


def later_jobs(host):
    return [
        job for job in host.state.ring.__self__._clock.get_jobs() if job.id != "smartpush-tick"
    ]


def test_a_scheduler_rings_in_the_background(scheduled, jobs):
    jobs(scheduled.app, "sync")
    scheduled.state.ring("sync", 7)
    wait_for(lambda: ("sync", 7) in jobs.ran)


def test_a_scheduler_ticks_as_soon_as_it_starts(scheduled):
    assert scheduled.state.ring.__self__._clock.running
    tick_job = scheduled.state.ring.__self__._clock.get_job("smartpush-tick")
    assert tick_job.trigger.interval == timedelta(hours=1)


def test_rings_for_later_do_not_pile_up(scheduled, jobs):
    """Every tick of a store that waits for another try rings again."""
    jobs(scheduled.app, "sync")
    at = datetime.now(UTC) + timedelta(minutes=10)
    for seconds in range(20):
        scheduled.state.ring("sync", 7, at=at + timedelta(seconds=seconds))
        scheduled.state.ring("sync", 8, at=at)
    assert len(later_jobs(scheduled)) == 2


def test_a_ring_for_later_comes(scheduled, jobs):
    jobs(scheduled.app, "sync")
    scheduled.state.ring("sync", 7, at=datetime.now(UTC) + timedelta(milliseconds=20))
    wait_for(lambda: ("sync", 7) in jobs.ran)


@pytest.mark.parametrize(
    "argv",
    [["flask", "smartpush", "segments"], ["flask", "--app", "host", "routes"], ["flask", "db"]],
)
def test_a_command_line_starts_no_clock(database_url, clock, caplog, monkeypatch, argv):
    import click

    caplog.set_level("INFO", "smartpush")
    monkeypatch.setattr("sys.argv", argv)
    with click.Context(FlaskGroup(), info_name="flask"):
        host = make_host(database_url, clock, SMARTPUSH_RUNNER="apscheduler")
    assert "smartpush.clock_held_back" in caplog.text
    assert not host.state.ring.__self__._clock.running
    host.state.ring("sync", 7)
    close_host(host)


@pytest.mark.parametrize("name", ["serve", "run"])
def test_a_command_that_serves_starts_it(database_url, clock, monkeypatch, name):
    import click

    monkeypatch.setattr("sys.argv", ["flask", "--app", "smartpush", name, "db"])
    with click.Context(FlaskGroup(), info_name="flask"):
        host = make_host(
            database_url, clock, SMARTPUSH_RUNNER="apscheduler", SMARTPUSH_TICK=timedelta(hours=1)
        )
    ticking = host.state.ring.__self__._clock
    assert ticking.running
    ticking.remove_all_jobs()
    ticking.shutdown(wait=True)
    close_host(host)


def test_many_threads_may_tick_at_once(host, jobs):
    jobs(host.app, "sync")
    ticks = [threading.Thread(target=tick, args=(host.app,)) for _ in range(8)]
    for each in ticks:
        each.start()
    for each in ticks:
        each.join()
    assert len(jobs.ran) == 8


def test_a_job_runs_in_an_app_context(host, jobs):
    from flask import current_app

    seen = []
    book = JobBook()
    book.job("look")(lambda state, shop_id=None: seen.append(current_app.name))
    host.state.jobs = book
    run_job(host.app, "look")
    assert seen == ["host"]


def test_two_handlers_of_one_topic_and_two_jobs_of_one_name_are_said():
    topics, jobs_ = TopicBook(), JobBook()
    topics.on("a")(lambda payload, context: None)
    jobs_.job("a")(lambda state, shop_id: None)
    with pytest.raises(ConfigurationError, match="Two handlers"):
        TopicBook.merged([topics, topics])
    with pytest.raises(ConfigurationError, match="Two jobs"):
        JobBook.merged([jobs_, jobs_])
