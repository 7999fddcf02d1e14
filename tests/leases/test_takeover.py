"""Three hosts on one database: one is killed, one sleeps past its lease, and the work goes on."""

from __future__ import annotations

import os
import signal
import time

import pytest

from smartpush_shopline.clock import utcnow
from smartpush_shopline.shops.lease import Lease
from tests.hosting import close_host, make_host
from tests.leases.conftest import everything, holder, store_of_50
from tests.support import wait_for

LEASE = 4
PAGES = "v2/customers.json"


@pytest.fixture
def postgres(open_database, postgres_url):
    return open_database(postgres_url)


@pytest.fixture
def at_the_door(postgres_url, postgres, clock, _address):
    """The dashboard's pages, on a host where nothing else is done."""
    clock.time = utcnow()

    def opened(platform):
        store_url = f"{platform.running.url}/{{handle}}"
        settings = {"SMARTPUSH_PUBLIC_URL": _address.url, "SMARTPUSH_STORE_BASE_URL": store_url}
        host = make_host(postgres_url, clock, postgres, **settings)
        host.state.ring = lambda *_, **__: None
        _address.app, host.url = host.app, _address.url
        platform.point_at(host.url)
        hosts.append(host)
        return host

    hosts = []
    yield opened
    _address.app = None
    for host in hosts:
        close_host(host)


class Fate:
    """What happens to whoever asks for one of these pages."""

    def __init__(self, platform, database, shop_id):
        self.database, self.shop_id = database, shop_id
        self.victims, self.signals, self.times = [], [], []
        platform.at_call = self

    def __call__(self, call):
        if self.signals and PAGES in call:
            victim = holder(self.database, self.shop_id)
            os.kill(victim, self.signals.pop(0))
            self.victims.append(victim)
            self.times.append(time.monotonic())


def test_another_goes_on_and_who_slept_writes_nothing(
    postgres_url, postgres, servers, at_the_door
):
    with store_of_50() as (platform, _store):
        servers.environment |= {
            "DATABASE": postgres_url,
            "PUBLIC_URL": "http://127.0.0.1:1",
            "STORE_URL": f"{platform.running.url}/{{handle}}",
            "LEASE": str(LEASE),
            "PER_SECOND": "40",
        }
        for _ in range(3):
            servers.start("-m", "tests.serving")
        host = at_the_door(platform)
        platform.connect(host.browser(), "birch")
        shop_id = host.shop().id
        fate = Fate(platform, postgres, shop_id)
        fate.signals = [signal.SIGKILL, signal.SIGSTOP]
        wait_for(lambda: [run.state for run in host.runs()] == ["done"], 60)
        dead, asleep = fate.victims
        heir = holder(postgres, shop_id)
        assert {dead, asleep, heir} == {each.pid for each in servers.started}
        wait_for(lambda: Lease.seconds_left(postgres, shop_id) == 0)
        before = everything(postgres)
        os.kill(asleep, signal.SIGCONT)
        wait_for(lambda: "smartpush.lease_lost" in servers.said(), 20)
        assert everything(postgres) == before, "who slept wrote something"
        assert fate.times[1] - fate.times[0] < 10, "the lease, a look, and a page"
        pages = [call for call in platform.calls if PAGES in call]
        assert ["page_info" in call for call in pages] == [False, False, False, True, True]
