"""The waterfall adds up to the person, and equals a count made row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as some
from pyroaring import BitMap

from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.audiences.resolve import Resolution, chosen_of, excluded_of, split
from smartpush_shopline.audiences.why import waterfall
from smartpush_shopline.contacts.reach import VERDICTS, Reach
from smartpush_shopline.segments import thinning
from tests.support import ADA, BEA, DEE, NOW, as_now, says, versions

PEOPLE = range(1, 41)
LISTS = some.lists(some.sets(some.sampled_from(PEOPLE)), max_size=4)
VERDICT_OF = some.lists(some.sampled_from(VERDICTS), min_size=len(PEOPLE), max_size=len(PEOPLE))
ADDRESS_OF = some.lists(some.integers(1, 30), min_size=len(PEOPLE), max_size=len(PEOPLE))


def reach_of(verdicts, addresses):
    """Reach as it is stored, from one verdict and one address per person."""
    by_verdict = {name: BitMap() for name in VERDICTS}
    for number, verdict in zip(PEOPLE, verdicts, strict=True):
        by_verdict[verdict].add(number)
    owners = {}
    for number, address in zip(PEOPLE, addresses, strict=True):
        owners.setdefault(address, []).append(number)
    several = [numbers for numbers in owners.values() if len(numbers) > 1]
    firsts = {number: first for first, *others in several for number in others}
    return Reach(by_verdict, BitMap.union(BitMap(), *map(BitMap, several)), firsts)


def by_rows(include, exclude, verdicts, addresses, combine, everyone):
    """person → where they end, one after the other, with plain sets."""
    found, written = {}, set()
    for number, verdict, address in zip(PEOPLE, verdicts, addresses, strict=True):
        inside = [number in members for members in include]
        out = next((at for at, members in enumerate(exclude) if number in members), None)
        if not (everyone or any(inside)):
            continue
        if not everyone and combine == "all" and not all(inside):
            found[number] = "not_in_all"
        elif out is not None:
            found[number] = f"excluded:{100 + out}"
        elif verdict != "sendable":
            found[number] = verdict
        elif address in written:
            found[number] = "same_address"
        else:
            written.add(address)
            found[number] = "recipients"
    return found


@settings(max_examples=150)
@given(LISTS, LISTS, VERDICT_OF, ADDRESS_OF, some.sampled_from(["any", "all"]), some.booleans())
def test_every_person_of_the_chosen_segments_is_in_exactly_one_place(
    include, exclude, verdicts, addresses, combine, everyone
):
    here = reach_of(verdicts, addresses)
    include = [] if everyone else include
    picks = [Pick("include", at, 1 + at) for at in range(len(include))]
    picks += [Pick("exclude", 100 + at, 100 + at) for at in range(len(exclude))]
    lists = {1 + at: BitMap(members) for at, members in enumerate(include)}
    lists |= {100 + at: BitMap(members) for at, members in enumerate(exclude)}
    scope = "everyone" if everyone else "segments"
    choice = Choice(1, "email", scope, tuple(picks), combine=combine)
    chosen = chosen_of(choice, lists, here)
    found = split(None, choice, chosen, excluded_of(choice, lists, chosen), here)
    made = waterfall.fall(choice, lists, found)

    expected = by_rows(include, exclude, verdicts, addresses, combine, everyone)
    places = [("recipients", made.recipients), *((step.key, step.people) for step in made.steps)]
    assert {n: key for key, people in places for n in people} == expected
    assert len(made.union) == len(expected) == sum(len(people) for _key, people in places)
    assert made.adds_up
    left = len(made.union)
    for step in made.steps:
        left -= step.count
        assert step.count > 0 and step.left == left


def fall_now(session, audience):
    return waterfall.look(session, audience, as_now(session, audience))


@given(LISTS)
def test_the_overlap_is_whoever_is_in_more_than_one(lists):
    again = {n for n in PEOPLE if sum(n in members for members in lists) > 1}
    assert set(waterfall.more_than_once([BitMap(members) for members in lists])) == again


def test_the_first_exclusion_that_names_a_person_has_it(cast, look, save, choose):
    every, one = cast.segment("all", "1", "2", "3", "4"), cast.segment("one", "1", "2")
    two = cast.segment("two", "2", "3")
    made = look(save(choose(every, exclude=[one, two])), fall_now)
    assert [(step.key, cast.refs(step.people)) for step in made.steps] == [
        (f"excluded:{one.id}", {"1", "2"}),
        (f"excluded:{two.id}", {"3"}),
        ("not_subscribed", {"4"}),
    ]


def test_who_withdraws_later_moves_and_it_still_adds_up(cast, look, save, choose):
    cast.take(replace(BEA, email_consent=says("subscribed", NOW), updated_at=NOW))
    one, two = cast.segment("one", "1", "2"), cast.segment("two", "2", "3", "4")
    audience = save(choose(one, two))
    cast.clock.forward(hours=1)
    left = cast.clock()
    cast.take(replace(ADA, email_consent=says("unsubscribed", left), updated_at=left))
    cast.take(replace(DEE, email_consent=says("subscribed", left), updated_at=left))
    made = look(audience, fall_now)
    assert (len(made.union), cast.refs(made.overlap), made.segments) == (4, {"2"}, 2)
    assert cast.refs(made.recipients) == {"2"}
    assert cast.refs(made.people("unsubscribed")) == {"1", "3"}
    assert cast.refs(made.people("not_subscribed")) == {"4"}, "as on the day it was saved"
    assert made.people("nonsense") is None
    assert made.adds_up


def test_who_joined_a_heeded_exclusion_falls_away_under_its_name(cast, look, save, choose):
    every, bought = cast.segment("all", "1", "2"), cast.segment("bought")
    audience = save(choose(every, exclude=[bought]).with_policy(bought.id, "newest"))
    cast.segment("bought", "1")
    made = look(audience, fall_now)
    assert cast.refs(made.people(f"excluded:{bought.id}")) == {"1"}
    assert made.adds_up


def test_a_sum_that_would_not_add_up_is_seen():
    wrong = waterfall.fall(
        Choice(1, "email"), {}, Resolution(1, {"excluded": BitMap()}, BitMap([1]))
    )
    assert wrong.adds_up
    assert not replace(wrong, union=BitMap([1, 2])).adds_up


def test_once_sent_it_names_the_lists_that_were_heeded_then(campaigns):
    campaigns.crowd(6)
    bought = campaigns.people.segment("bought")
    choice = Choice(campaigns.people.shop_id, "email", scope="everyone")
    choice = choice.toggle("exclude", bought.id, bought.current_version_id)
    campaigns.host.smartpush.sender("email")(lambda batch: None)
    campaigns.verbs.save(choice.with_policy(bought.id, "newest"), campaign_ref="c")
    campaigns.verbs.schedule("c", NOW + timedelta(hours=1))
    campaigns.commit()
    campaigns.people.segment("bought", "1")
    campaigns.people.clock.forward(hours=1)
    campaigns.host.tick()
    campaigns.people.segment("bought", "2", "3")
    assert campaigns.row().state == "sent"
    at = f"/smartpush/audiences/{campaigns.row().id}/people.csv?step=excluded:{bought.id}"
    listed = campaigns.host.browser().get(at).text.splitlines()
    assert len(listed) == 2 and "p1@example.com" in listed[1]


def test_the_list_that_was_heeded_is_kept_as_long_as_the_campaign(campaigns):
    campaigns.crowd(6)
    bought = campaigns.people.segment("bought")
    choice = Choice(campaigns.people.shop_id, "email", scope="everyone")
    choice = choice.toggle("exclude", bought.id, bought.current_version_id)
    campaigns.verbs.save(choice.with_policy(bought.id, "newest"), campaign_ref="c")
    campaigns.commit()
    campaigns.people.segment("bought", "1")
    list(campaigns.verbs.get("c").batches())
    campaigns.people.clock.forward(minutes=1)
    campaigns.people.segment("bought", "2")
    campaigns.people.segment("bought", "3")
    campaigns.people.clock.forward(days=2)
    thinning.thin(campaigns.host.state)
    at = f"/smartpush/audiences/{campaigns.row().id}"
    assert "Excluded by “bought”" in campaigns.host.browser().get(at).text
    lines = campaigns.verbs.receipt("c")["reckoning"]["lines"]
    assert f"excluded:{bought.id}" in [line["line"] for line in lines]
    assert "newest at sending: v2" in campaigns.host.browser().get(f"{at}/receipt").text
    kept = [each.version for each in versions(campaigns.people.database, bought.id)]
    assert kept == [1, 2, 4], "the chosen one, the heeded one, today's"
