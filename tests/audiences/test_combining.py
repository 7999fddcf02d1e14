"""In any or in all of the segments, and lists that are heeded at sending."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from pyroaring import BitMap

from smartpush_shopline.audiences import recall
from smartpush_shopline.audiences.choice import Choice
from smartpush_shopline.audiences.resolve import resolve
from tests.support import ADA, BEA, CYD, DEE, NOW, as_now, people_now, says


@pytest.fixture
def willing(cast):
    """All four may be written to."""
    yes = says("subscribed", NOW)
    cast.take(
        *[replace(each, email_consent=yes, updated_at=NOW) for each in (ADA, BEA, CYD, DEE)]
    )
    return cast


def people_of(cast, choice):
    with cast.database.read() as session:
        return cast.refs(resolve(session, choice).recipients)


def refs_now(cast, look, audience):
    return cast.refs(look(audience, people_now))


def test_all_is_whoever_is_in_each_of_them(willing, choose):
    one, two = willing.segment("one", "1", "2", "3"), willing.segment("two", "2", "3", "4")
    assert people_of(willing, choose(one, two)) == {"1", "2", "3", "4"}
    assert people_of(willing, choose(one, two, combine="all")) == {"2", "3"}


def test_in_all_of_nothing_is_nobody(willing, choose):
    assert people_of(willing, choose(combine="all")) == set()


def test_in_all_of_them_and_one_has_no_list_yet_is_nobody(willing, choose):
    one, new = willing.segment("one", "1"), willing.segment("new", version=False)
    assert people_of(willing, choose(one, new, combine="all")) == set()


def test_in_all_of_them_still_leaves_out_the_excluded(willing, choose):
    one, two = willing.segment("one", "1", "2", "3"), willing.segment("two", "2", "3", "4")
    out = willing.segment("out", "3")
    assert people_of(willing, choose(one, two, exclude=[out], combine="all")) == {"2"}


def test_how_they_are_combined_is_kept(willing, look, save, choose):
    one, two = willing.segment("one", "1", "2"), willing.segment("two", "2", "3")
    audience = save(choose(one, two, combine="all"))
    assert refs_now(willing, look, audience) == {"2"}
    assert look(audience, lambda s, a: recall.choice_of(a).combine) == "all"


def test_any_instead_of_all_is_another_choice(willing, look, save, choose):
    one, two = willing.segment("one", "1", "2"), willing.segment("two", "2", "3")
    audience = save(choose(one, two, combine="all"))
    save(look(audience, lambda s, a: recall.choice_of(a)).combined("any"))
    assert refs_now(willing, look, audience) == {"1", "2", "3"}


def heeding(choice, *segments):
    for segment in segments:
        choice = choice.with_policy(segment.id, "newest")
    return choice


def test_a_heeded_exclusion_drops_who_joined_it(willing, look, save, choose):
    every, bought = willing.segment("all", "1", "2", "3"), willing.segment("bought", "1")
    audience = save(heeding(choose(every, exclude=[bought]), bought))
    willing.segment("bought", "1", "2")
    assert refs_now(willing, look, audience) == {"3"}
    counts = look(audience, lambda s, a: as_now(s, a).counts())
    assert (counts["excluded"], sum(counts.values())) == (2, 3)


def test_who_left_a_heeded_exclusion_is_not_added_by_itself(willing, look, save, choose):
    every, bought = willing.segment("all", "1", "2", "3"), willing.segment("bought", "1")
    audience = save(heeding(choose(every, exclude=[bought]), bought))
    willing.segment("bought")
    assert refs_now(willing, look, audience) == {"2", "3"}


def test_a_heeded_segment_drops_who_left_and_adds_nobody(willing, look, save, choose):
    vip = willing.segment("vip", "1", "2")
    audience = save(heeding(choose(vip), vip))
    willing.segment("vip", "2", "3")
    assert refs_now(willing, look, audience) == {"2"}
    counts = look(audience, lambda s, a: as_now(s, a).counts())
    assert (counts["left_list"], sum(counts.values())) == (1, 2)


def test_who_left_one_segment_but_is_in_the_other_stays(willing, look, save, choose):
    vip, new = willing.segment("vip", "1", "2"), willing.segment("new", "1")
    audience = save(heeding(choose(vip, new), vip))
    willing.segment("vip", "3")
    assert refs_now(willing, look, audience) == {"1"}


def test_a_pinned_segment_is_not_heeded(willing, look, save, choose):
    vip = willing.segment("vip", "1", "2")
    audience = save(choose(vip))
    willing.segment("vip", "3")
    assert refs_now(willing, look, audience) == {"1", "2"}


def test_another_policy_keeps_lists_and_people(cast, look, save, choose):
    vip = cast.segment("vip", "1", "2")
    audience = save(choose(vip))
    cast.take(replace(BEA, email_consent=says("subscribed", NOW), updated_at=NOW))
    save(look(audience, lambda s, a: recall.choice_of(a)).with_policy(vip.id, "newest"))
    assert refs_now(cast, look, audience) == {"1"}
    assert look(audience, lambda s, a: (a.picks[0].policy, a.revision)) == ("newest", 2)


@pytest.mark.parametrize("combine", ["any", "all"])
def test_whatever_happens_later_nobody_is_added(willing, look, save, choose, combine):
    """However the lists move after it was saved, the people only get fewer."""
    dice = random.Random(combine)

    def some():
        return [ref for ref in "1234" if dice.random() < 0.6]

    names = ("a", "b", "x")
    for turn in range(8):
        a, b, out = (willing.segment(f"{name}{turn}", *some()) for name in names)
        choice = heeding(choose(a, b, exclude=[out], combine=combine), a, out)
        audience = save(choice, f"campaign-{turn}")
        saved = look(audience, recall.recipients)
        for name in names:
            willing.segment(f"{name}{turn}", *some())
        now = look(audience, as_now)
        assert now.recipients <= saved
        assert sum(now.counts().values()) == now.chosen
        assert BitMap.union(now.recipients, *now.reasons.values()) >= saved


def test_a_choice_that_is_signed_keeps_both(host, choose):
    with host.app.app_context():
        choice = choose(combine="all").toggle("exclude", 5, 50).with_policy(5, "newest")
        assert Choice.load(choice.dump()) == choice
        assert choice.with_policy(5, "whatever") == choice == choice.combined("whatever")


@pytest.mark.parametrize(
    "edit",
    [
        lambda choice, out, other: choice.with_policy(out.id, "pinned"),
        lambda choice, out, other: choice.toggle("include", other.id, other.current_version_id),
        lambda choice, out, other: choice.combined("all"),
        lambda choice, out, other: choice.without(out.id),
        lambda choice, out, other: choice,
    ],
    ids=["pinned", "another segment", "in all", "not excluded", "as it is"],
)
def test_a_form_counts_what_saving_it_comes_to(willing, look, save, choose, edit):
    """Also where a list that is heeded has taken somebody away since the first saving."""
    vip, few = willing.segment("vip", *"1234"), willing.segment("few", *"123")
    out, other = willing.segment("out"), willing.segment("other", "4")
    audience = save(choose(vip, few, exclude=[out]).with_policy(out.id, "newest"))
    willing.segment("out", "2")
    form = edit(look(audience, lambda session, row: recall.choice_of(row)), out, other)
    shown = look(audience, lambda session, row: recall.resolution_of(session, form, math.inf))
    save(form)
    saved = look(audience, as_now)
    assert shown.recipients == saved.recipients
    assert shown.counts() | {"left_list": 0} == saved.counts() | {"left_list": 0}
    assert sum(shown.counts().values()) == shown.chosen == saved.chosen
