"""A connected store, its deliveries, and a topic that fails when it is told to."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from smartpush_shopline.inbox.models import Delivery
from tests.support import make_shop


@pytest.fixture
def alder(host):
    make_shop(host.database, store_ref="1610418123456", timezone="Asia/Taipei")
    return host.people("alder")


@pytest.fixture
def deliveries(host):
    def rows():
        with host.database.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    return rows


@pytest.fixture
def handled(host):
    """A topic whose handler fails with these errors, one after the other; then it works."""

    class Handled(list):
        failures = []

        def __call__(self, payload, context):
            if self.failures:
                raise self.failures.pop(0)
            self.append(payload)

    handler = Handled()
    handler.failures = []
    host.state.topics.on("test/topic")(handler)
    return handler
