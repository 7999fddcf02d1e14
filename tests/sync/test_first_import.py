"""The first import over loopback HTTP: equal to the store, and resumable."""

from __future__ import annotations

from smartpush_shopline.shops.models import ACTIVE
from tests.support import versions


def test_the_first_import_equals_the_store(connected, store):
    people = connected.people()
    everybody = {c.customer_ref: c for c in people.all()}
    assert set(everybody) == {c.id for c in store.customers.all()}
    words = ("unsubscribed", "subscribed", "not_subscribed", "pending")
    for theirs in store.customers.all():
        ours = everybody[theirs.id]
        assert (ours.email or "", ours.first_name) == (theirs.email, theirs.first_name)
        if theirs.email:
            assert ours.email_stated == words[theirs.email_consent.state]
        if theirs.phone:
            assert ours.sms_stated == words[theirs.sms_consent.state]
        assert ours.state == theirs.state
    for theirs in store.segments.all():
        segment = connected.segments()[theirs.name]
        [version] = versions(connected.database, segment.id)
        with connected.database.read() as session:
            from smartpush_shopline.segments import publishing

            members = publishing.current_version(session, segment).members
        assert people.refs(members) == {c.id for c in store.members(theirs)}
        assert (version.version, version.cause) == (1, "import")
    shop = connected.shop()
    assert (shop.status, shop.timezone) == (ACTIVE, "America/New_York")
    assert [(run.kind, run.state, run.error) for run in connected.runs()] == [
        ("import", "done", None)
    ]
