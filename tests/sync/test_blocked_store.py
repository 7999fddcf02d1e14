"""When SHOPLINE says how long to stay away, the whole store is left alone that long."""

from __future__ import annotations

from datetime import timedelta

from smartpush_shopline.shopline import Pace
from smartpush_shopline.shops import reserve
from smartpush_shopline.shops.models import ACTIVE
from smartpush_shopline.sync import failing, staleness
from smartpush_shopline.sync.jobs import synchronise
from tests.hosting import APP_KEY


def make_stale(host, *names):
    with host.database.begin() as session:
        for segment in host.segments().values():
            if segment.name in names:
                mine = session.merge(segment)
                staleness.mark_stale(session, mine, staleness.PERSON, host.clock())


def test_a_block_puts_off_every_task_of_the_store_for_five_minutes(connected, sandbox, store):
    first, second, *_ = connected.segments()
    sandbox.calls.clear()
    store.answers_once(433)
    with connected.app.app_context():
        make_stale(connected, first, second)
        synchronise(connected.state, connected.shop().id)
        assert len(sandbox.calls) == 1
        with connected.database.read() as session:
            later = failing.next_try_at(session, connected.shop().id)
        assert later == connected.clock() + timedelta(seconds=300)
        connected.clock.forward(seconds=299)
        synchronise(connected.state, connected.shop().id)
        assert len(sandbox.calls) == 1
        connected.clock.forward(seconds=2)
        synchronise(connected.state, connected.shop().id)
    assert connected.shop().status == ACTIVE
    assert [segment.stale_reason for segment in connected.segments().values()] == [None] * 4


def test_token_calls_and_look_ups_have_a_pace_of_their_own(connected):
    state = connected.state
    mine = connected.shop().id
    assert reserve.pace_of(state, mine) is reserve.pace_of_installing(state, APP_KEY, "birch")
    assert reserve.pace_of(state, mine) is not reserve.pace_of(state, mine + 1)
    assert reserve.pace_of(state, mine) is not state.paces.setdefault(mine, Pace())
    alder = reserve.pace_of_installing(state, APP_KEY, "alder")
    assert alder is reserve.pace_of_installing(state, APP_KEY, "alder")
