"""A saved list of recipients only shrinks by itself; it grows when a person says so."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import text

from smartpush_shopline.audiences import recall, saving
from smartpush_shopline.audiences.choice import Pick
from smartpush_shopline.audiences.deciding import between
from smartpush_shopline.audiences.models import OPENED, Audience
from smartpush_shopline.errors import NotFound, StaleChoice
from smartpush_shopline.segments.models import DELETED, Segment, SegmentVersion
from tests.support import (
    ADA,
    BEA,
    CAST,
    CYD,
    DEE,
    NOW,
    People,
    as_now,
    make_shop,
    people_now,
    says,
    wait_for,
)


def opted(person, state, channel="email"):
    return replace(person, updated_at=NOW, **{f"{channel}_consent": says(state, NOW)})


@pytest.fixture
def every(cast):
    return cast.segment("all", "1", "2", "3", "4")


@pytest.fixture
def saved(save, choose, every):
    """All four, by SMS: Ada and Bea."""
    return save(choose(every, channel="sms"))


def people_of(cast, look, audience_id):
    return cast.refs(look(audience_id, people_now))


def questions(session, audience):
    return between.questions(session, audience, threshold=1.0)


def counts(look, audience_id):
    found = look(audience_id, as_now).counts()
    return {reason: count for reason, count in found.items() if count}


def test_the_people_are_those_who_were_reached_at_that_moment(cast, look, saved):
    assert people_of(cast, look, saved) == {"1", "2"}
    assert counts(look, saved) == {"sendable": 2, "not_subscribed": 2}


def test_who_subscribes_later_is_not_added(cast, look, saved):
    cast.take(opted(DEE, "subscribed", "sms"))
    assert people_of(cast, look, saved) == {"1", "2"}
    assert counts(look, saved) == {"sendable": 2, "not_subscribed": 2}


def test_saved_again_unchanged_the_people_stay_although_somebody_subscribed(
    cast, look, saved, save
):
    cast.take(opted(DEE, "subscribed", "sms"))
    revision = look(saved, lambda s, a: a.revision)
    assert save(look(saved, lambda s, a: recall.choice_of(a))) == saved
    assert people_of(cast, look, saved) == {"1", "2"}
    assert look(saved, lambda s, a: a.revision) == revision


def test_saved_again_with_another_choice_everybody_is_worked_out_anew(
    cast, look, saved, save, every
):
    cast.take(opted(DEE, "subscribed", "sms"))
    choice = look(saved, lambda s, a: recall.choice_of(a))
    some = cast.segment("some", "2")
    changed = choice.toggle("exclude", some.id, some.current_version_id)
    assert save(changed) == saved
    assert people_of(cast, look, saved) == {"1", "4"}
    assert counts(look, saved) == {"sendable": 2, "excluded": 1, "not_subscribed": 1}


def test_an_opt_out_shrinks_the_list_and_the_sum_stays(cast, look, saved):
    cast.take(opted(ADA, "unsubscribed", "sms"))
    assert people_of(cast, look, saved) == {"2"}
    assert counts(look, saved) == {"sendable": 1, "not_subscribed": 2, "unsubscribed": 1}


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (lambda cast: cast.delete("1"), "erased"),
        (lambda cast: cast.take(replace(ADA, state=0, updated_at=NOW)), "blacklisted"),
        (lambda cast: cast.take(replace(ADA, phone=None, updated_at=NOW)), "no_address"),
        (lambda cast: cast.take(replace(ADA, phone=BEA.phone, updated_at=NOW)), "same_address"),
    ],
)
def test_whoever_may_not_be_written_to_any_more_leaves_the_list(cast, look, saved, leave, reason):
    leave(cast)
    assert len(look(saved, people_now)) == 1
    assert counts(look, saved)[reason] == 1
    assert sum(counts(look, saved).values()) == 4


def test_a_person_who_changed_the_address_is_written_to_at_the_new_one(cast, look, saved):
    cast.take(replace(ADA, phone="+886911111111", updated_at=NOW))
    with cast.database.read() as session:
        audience = recall.find(session, "campaign-1")
        found = list(recall.iter_people(
            session, audience, people_now(session, audience)
        ))
    assert [(r.customer_ref, r.address) for r in found] == [
        ("1", "+886911111111"),
        ("2", BEA.phone),
    ]


def test_a_newer_list_is_said_and_not_taken(cast, look, saved, every):
    cast.take(opted(DEE, "subscribed", "sms"))
    cast.segment("all", "2", "3", "4")
    [newer] = look(saved, questions)
    assert newer.kind == between.NEWER
    assert (newer.current.version, newer.joined, newer.left) == (2, 0, 1)
    assert people_of(cast, look, saved) == {"1", "2"}


def test_a_person_takes_the_newer_list(cast, look, saved, every):
    cast.take(opted(DEE, "subscribed", "sms"))
    cast.segment("all", "2", "3", "4")
    with cast.begin() as session:
        audience = recall.find(session, "campaign-1")
        saving.take_newer(session, audience, every.id, NOW)
    assert people_of(cast, look, saved) == {"2", "4"}
    assert look(saved, questions) == []
    assert look(saved, lambda s, a: (a.revision, len(a.picks))) == (2, 1)


def test_nobody_takes_a_list_that_was_not_chosen(cast, saved):
    other = cast.segment("other", "3")
    with pytest.raises(NotFound), cast.begin() as session:
        saving.take_newer(session, recall.find(session, "campaign-1"), other.id, NOW)


def test_a_segment_deleted_in_the_admin_keeps_its_people_and_offers_nothing(
    cast, look, saved, every
):
    cast.segment("all", "2")
    with cast.begin() as session:
        session.get_one(Segment, every.id).state = DELETED
    assert people_of(cast, look, saved) == {"1", "2"}
    [gone] = look(saved, questions)
    assert (gone.kind, gone.current) == (between.GONE, None)


def test_a_form_that_was_drawn_before_somebody_else_saved_is_refused(cast, look, save, saved):
    old = look(saved, lambda s, a: recall.choice_of(a))
    some = cast.segment("some", "1")
    save(old.toggle("exclude", some.id, some.current_version_id))
    with pytest.raises(StaleChoice):
        save(old)
    assert people_of(cast, look, saved) == {"2"}


def test_a_second_new_form_for_the_same_campaign_is_refused(save, choose, every, saved):
    with pytest.raises(StaleChoice):
        save(choose(every))


def test_an_empty_choice_may_be_saved_and_reaches_nobody(cast, look, save, choose):
    audience = save(choose())
    assert people_of(cast, look, audience) == set()
    assert counts(look, audience) == {}


def test_everyone_is_pinned_too(cast, look, save, choose):
    audience = save(choose(channel="sms", scope="everyone"))
    cast.take(replace(CYD, ref="9", email=None, phone="+886911111111", sms_consent=says(
        "subscribed", NOW)))
    assert people_of(cast, look, audience) == {"1", "2"}


def test_two_campaigns_keep_lists_of_their_own(cast, look, save, choose, every):
    one, two = save(choose(every), "a"), save(choose(every, channel="sms"), "b")
    assert (people_of(cast, look, one), people_of(cast, look, two)) == ({"1"}, {"1", "2"})


@pytest.mark.postgres
def test_of_two_who_save_at_the_same_moment_the_second_is_told(
    open_database, postgres_url, clock
):
    from smartpush_shopline.audiences.choice import Choice, Pick

    database = open_database(postgres_url)
    people = People(database, make_shop(database), clock)
    people.take(*CAST)
    vip, rest = people.segment("vip", "1"), people.segment("rest", "2")

    def choice(segment, revision):
        pick = Pick("include", segment.id, segment.current_version_id)
        return Choice(people.shop_id, "sms", picks=(pick,), revision=revision)

    with database.begin() as session:
        saving.save(session, choice(vip, 0), "campaign-1", NOW)
    told = []

    def second():
        try:
            with database.begin() as session:
                both = choice(vip, 1).toggle("exclude", rest.id, None)
                saving.save(session, both, "campaign-1", NOW)
        except StaleChoice:
            told.append(True)

    other = threading.Thread(target=second)
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    with database.begin() as session:
        saving.save(session, choice(rest, 1), "campaign-1", NOW)
        other.start()
        with database.read() as watching:
            wait_for(lambda: watching.scalar(text(asked + "AND wait_event_type = 'Lock'")))
            watching.rollback()
    other.join()
    assert told == [True]


def test_a_list_that_was_thinned_out_cannot_be_pinned(cast, save, choose, every):
    old = choose(every)
    cast.segment("all", "1")
    with cast.begin() as session:
        session.delete(session.get_one(SegmentVersion, old.picks[0].version_id))
    with pytest.raises(NotFound, match="not kept any more"):
        save(old)


def test_a_list_of_another_store_or_another_segment_cannot_be_pinned(
    cast, save, choose, every, database, clock
):
    birch = People(database, make_shop(database, "birch"), clock)
    birch.take(*CAST)
    theirs, other = birch.segment("theirs", "1"), cast.segment("other", "1")
    wrong = [choose(theirs), choose(every).exchanged(
        every.id, replace(choose(other).picks[0], segment_id=every.id))]
    for choice in wrong:
        with pytest.raises(NotFound):
            save(choice)


def test_of_two_campaigns_saved_from_one_draft_each_keeps_its_recipients(
    cast, save, look, choose, every
):
    """A double click on Save: the first takes the draft, the second gets a list of its own."""
    with cast.begin() as session:
        draft = Audience(
            shop_id=cast.shop_id, channel="sms", state=OPENED, launch_key="k", created_at=NOW
        )
        draft.revision = 0
        session.add(draft)
        session.flush()
        drawn = replace(choose(every, channel="sms"), audience_id=draft.id)
    first, second = save(drawn, "camp-a"), save(drawn, "camp-b")
    assert first != second
    assert [look(each, lambda s, a: a.campaign_ref) for each in (first, second)] == [
        "camp-a",
        "camp-b",
    ]


def test_a_segment_that_is_not_there_cannot_be_waited_for(cast, save, choose, every):
    unknown = Pick("exclude", every.id + 1000, None)
    choice = choose(every, channel="sms")
    with pytest.raises(NotFound, match="not kept any more"):
        save(replace(choice, picks=(*choice.picks, unknown)))
