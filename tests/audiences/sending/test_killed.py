"""A real process is killed while it sends by real SMTP: nobody gets it twice, nobody is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.mailbox import mailbox

ROOT = Path(__file__).parents[3]
PEOPLE, SIZE = 40, 8
SENDER = """
import smtplib, sys
from tests.support import Clock
from tests.hosting import close_host, make_host

url, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
host = make_host(url, Clock())
with host.app.app_context(), smtplib.SMTP("127.0.0.1", port) as smtp:
    for batch in host.smartpush.audiences.get("c").batches(size=size):
        for person in batch:
            smtp.sendmail("shop@example.com", [person.address], "Subject: hi\\r\\n\\r\\nhi\\r\\n")
close_host(host)
"""


def sender(url, port):
    command = [sys.executable, "-c", SENDER, url, str(port), str(SIZE)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("dies_at", [11, 2 * SIZE])
def test_killed_while_sending(campaigns, url, dies_at):
    campaigns.crowd(PEOPLE)
    audience = campaigns.save()
    running = []

    def kill(count):
        if count == dies_at:
            os.kill(running[0].pid, signal.SIGKILL)
            running[0].wait(10)

    with mailbox(kill) as box:
        running.append(sender(url, box.port))
        assert running[0].wait(30) == -signal.SIGKILL
        assert len(box.accepted) == dies_at
        campaigns.people.clock.forward(minutes=20)  # the claim of the dead one ends
        campaigns.host.tick()
        again = sender(url, box.port)
        assert again.wait(30) == 0
        accepted = list(box.accepted)
    assert len(accepted) == len(set(accepted)), "somebody got it twice"
    counted = campaigns.counted()
    assert counted.keys() == {"sent", "uncertain"}
    assert counted["uncertain"] == SIZE, "the batch that was out, and no other"
    _nobody_is_called_sent_who_was_not(campaigns, accepted)
    audience.mark_sent()
    campaigns.commit()
    assert campaigns.counted() == {"sent": PEOPLE}


def _nobody_is_called_sent_who_was_not(campaigns, accepted):
    got = {int(address.split("@")[0][1:]) for address in accepted}
    by_number = {each.number: int(each.customer_ref) for each in campaigns.people.all()}
    for number, place in campaigns.places().items():
        assert place == "uncertain" or by_number[number] in got


def test_many_senders_at_once_send_each_batch_once(campaigns, url):
    campaigns.crowd(PEOPLE)
    campaigns.save()
    with mailbox() as box:
        running = [sender(url, box.port) for _ in range(3)]
        assert [each.wait(60) for each in running] == [0] * 3
        accepted = list(box.accepted)
    assert sorted(accepted) == sorted(f"p{n}@example.com" for n in range(1, PEOPLE + 1))
    assert campaigns.counted() == {"sent": PEOPLE}
    assert campaigns.row().state == "sent"


def test_the_claim_of_a_dead_process_ends_by_itself(campaigns):
    campaigns.crowd(2)
    audience = campaigns.save()
    loop = audience.batches(size=1, claim=timedelta(minutes=1))
    next(loop)
    assert campaigns.counted() == {"handed_out": 1, "pending": 1}
    campaigns.people.clock.forward(minutes=2)
    campaigns.host.tick()
    assert campaigns.counted() == {"uncertain": 1, "pending": 1}
