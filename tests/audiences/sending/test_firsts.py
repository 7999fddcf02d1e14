"""A segment that is chosen and saved before it has a list takes its first one."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartpush_shopline import Choice
from smartpush_shopline.audiences import saving
from smartpush_shopline.audiences.choice import Pick
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.audiences.sending import firsts
from tests import workers
from tests.audiences.conftest import subscriber
from tests.support import NOW, as_now, customer


@pytest.fixture
def sent(campaigns):
    found = []

    @campaigns.host.smartpush.sender("email")
    def send(batch):
        found.extend(person.address for person in batch)

    return found


@pytest.fixture
def choose(campaigns):
    """`choose(segment, exclude=[...])`, saved as campaign c; a segment may have no list yet."""

    def make(*include, exclude=(), **more):
        picks = [
            Pick(mode, segment.id, segment.current_version_id)
            for mode, segments in (("include", include), ("exclude", exclude))
            for segment in segments
        ]
        choice = Choice(campaigns.people.shop_id, "email", picks=tuple(picks), **more)
        campaigns.verbs.save(choice, campaign_ref="c")
        campaigns.commit()
        return campaigns.verbs.get("c")

    return make


def tick(campaigns):
    campaigns.host.tick()
    campaigns.commit()


def who(campaigns):
    found = [person.customer_ref for person in campaigns.verbs.get("c").recipients()]
    campaigns.commit()
    return found


def test_it_takes_the_first_list_once_and_stays_on_it(campaigns, choose):
    campaigns.crowd(3)
    fresh = campaigns.people.segment("Fresh", version=False)
    choose(fresh)
    assert who(campaigns) == []
    campaigns.people.segment("Fresh", "1", "2")
    tick(campaigns)
    assert who(campaigns) == ["1", "2"]
    campaigns.people.segment("Fresh", "3")
    tick(campaigns)
    assert who(campaigns) == ["1", "2"], "it is pinned now"


def test_a_first_list_leaves_the_other_segments_where_they_are(campaigns, choose):
    campaigns.crowd(3)
    every = campaigns.people.segment("Every", "1")
    choose(every, campaigns.people.segment("Fresh", version=False))
    campaigns.people.segment("Every", "1", "3")
    campaigns.people.segment("Fresh", "2")
    tick(campaigns)
    assert who(campaigns) == ["1", "2"], "every is pinned"


def test_an_exclusion_takes_away_whom_its_first_list_has(campaigns, choose):
    campaigns.crowd(3)
    every = campaigns.people.segment("Every", "1", "2", "3")
    bought = campaigns.people.segment("Bought", version=False)
    choose(every, exclude=[bought])
    campaigns.people.segment("Bought", "2")
    tick(campaigns)
    assert who(campaigns) == ["1", "3"]
    assert campaigns.verbs.get("c").counts["excluded"] == 1


def test_whoever_subscribed_after_it_was_saved_is_not_added_with_the_list(campaigns, choose):
    campaigns.crowd(2)
    campaigns.people.take(customer("9", email="p9@example.com"))
    every = campaigns.people.segment("Every", "1", "2", "9")
    fresh = campaigns.people.segment("Fresh", version=False)
    choose(every, fresh)
    campaigns.people.take(subscriber(9))
    campaigns.people.segment("Fresh", "2")
    tick(campaigns)
    assert who(campaigns) == ["1", "2"]


def test_a_campaign_that_is_due_waits_for_it_and_goes_out_when_it_comes(
    campaigns, choose, sent
):
    campaigns.crowd(2)
    fresh = campaigns.people.segment("Fresh", version=False)
    choose(fresh)
    campaigns.verbs.schedule("c", NOW + timedelta(hours=1))
    campaigns.commit()
    campaigns.people.clock.forward(hours=1)
    tick(campaigns)
    row = campaigns.row()
    assert (row.state, row.held_because, sent) == ("held", "waiting", [])
    assert row.decide_by == NOW + timedelta(hours=3)
    campaigns.people.segment("Fresh", "2")
    tick(campaigns)
    assert sent == ["p2@example.com"]


def test_without_a_list_nothing_is_sent_at_the_deadline_whatever_was_said(
    campaigns, choose, sent
):
    campaigns.crowd(2)
    every = campaigns.people.segment("Every", "1", "2")
    choose(every, campaigns.people.segment("Fresh", version=False))
    campaigns.verbs.schedule("c", NOW, otherwise="send")
    campaigns.commit()
    tick(campaigns)
    campaigns.people.clock.forward(hours=2)
    tick(campaigns)
    assert (campaigns.row().state, campaigns.row().held_because) == ("cancelled", "undecided")
    assert sent == []


def test_a_form_that_was_drawn_before_the_list_came_can_still_be_saved(campaigns, choose):
    campaigns.crowd(2)
    fresh = campaigns.people.segment("Fresh", version=False)
    drawn = choose(fresh).choice
    campaigns.commit()
    fresh = campaigns.people.segment("Fresh", "1")
    tick(campaigns)
    again = drawn.at_version(fresh.id, fresh.current_version_id)
    campaigns.verbs.save(again, campaign_ref="c")
    campaigns.commit()
    assert who(campaigns) == ["1"]


def test_of_many_workers_one_takes_it(campaigns, choose, processes, url, tmp_path):
    campaigns.crowd(2)
    fresh = campaigns.people.segment("Fresh", version=False)
    audience_id = choose(fresh).id
    campaigns.people.segment("Fresh", "1", "2")
    (gate := tmp_path / "gate").mkdir()
    busy = [
        processes.submit(workers.take_first_list, url, audience_id, str(gate), 8)
        for _process in range(8)
    ]
    assert sorted(each.result(timeout=60) for each in busy) == [False] * 7 + [True]
    assert who(campaigns) == ["1", "2"]


TURNS = count()
SOME = st.sets(st.integers(1, 8))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(known=SOME, first=SOME, out=SOME, late=SOME, how=st.sampled_from(["any", "all"]))
def test_it_is_as_if_the_list_had_been_there_and_adds_up(
    cast, known, first, out, late, how
):
    """Naive sets of people: who was subscribed at saving, or comes with the list, minus out."""
    turn = next(TURNS)
    refs = {number: f"{turn}-{number}" for number in range(1, 9)}
    for number, ref in refs.items():
        consent = {} if number in late else {"email_consent": subscriber(1).email_consent}
        cast.take(customer(ref, email=f"{ref}@example.com", **consent))
    a = cast.segment(f"a{turn}", *(refs[n] for n in known))
    b = cast.segment(f"b{turn}", version=False)
    c = cast.segment(f"c{turn}", version=False)
    picks = (
        Pick("include", a.id, a.current_version_id),
        Pick("include", b.id, None),
        Pick("exclude", c.id, None),
    )
    choice = Choice(cast.shop_id, "email", picks=picks, combine=how)
    with cast.begin() as session:
        audience_id = saving.save(session, choice, f"campaign-{turn}", NOW).id
    for number in late:
        yes = subscriber(1).email_consent
        cast.take(customer(refs[number], email=f"{refs[number]}@example.com", email_consent=yes))
    cast.segment(f"b{turn}", *(refs[n] for n in first))
    cast.segment(f"c{turn}", *(refs[n] for n in out))
    with cast.begin() as session:
        assert firsts.take(session, audience_id)
    with cast.begin() as session:
        assert not firsts.take(session, audience_id), "once"
    with cast.database.read() as session:
        found = as_now(session, session.get_one(Audience, audience_id))
    chosen = known | first if how == "any" else known & first
    stays = {n for n in chosen - out if n in first or n not in late}
    assert cast.refs(found.recipients) == {refs[n] for n in stays}
    parts = [found.recipients, *found.reasons.values()]
    assert sum(len(part) for part in parts) == found.chosen == len(chosen)
