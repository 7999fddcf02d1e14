"""From the Admin's list of today to who got it: exact, each line a list, and it adds up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from smartpush_shopline.audiences.choice import Choice, Pick
from smartpush_shopline.audiences.receipt.reckoning import Facts, Line, Reckoning, reckon
from smartpush_shopline.segments import publishing
from smartpush_shopline.segments.models import Segment
from tests.support import NOW, customer

PEOPLE = st.sets(st.integers(1, 12))
NOT_SENDABLE = ("blacklisted", "unsubscribed", "pending", "not_subscribed")


@st.composite
def sendings(draw):
    """What may become of one campaign, as naive sets: its lists, then and now, and each loss."""
    count = draw(st.integers(1, 3))
    then = [draw(PEOPLE) for _ in range(count)]
    now = [draw(st.one_of(st.just(each), PEOPLE)) for each in then]
    out, out_heeded = draw(PEOPLE), draw(PEOPLE)
    how = draw(st.sampled_from(["any", "all"]))
    everyone = draw(st.booleans())
    chosen = set(range(1, 13)) if everyone else combined(how, then)
    left, reasons = set(chosen), {}
    others = [(reason, draw(PEOPLE)) for reason in NOT_SENDABLE]
    for reason, people in (("excluded", out | out_heeded), *others):
        reasons[reason] = left & people
        left -= people
    saved = left | (draw(PEOPLE) & (reasons["unsubscribed"] | reasons["excluded"]))
    lost = {"unsubscribed": left & draw(PEOPLE)}
    rest = left - lost["unsubscribed"]
    places = {"sent": set(), "unsent": set(), "uncertain": set(), "cancelled": set()}
    for person in sorted(rest):
        places[draw(st.sampled_from(sorted(places)))].add(person)
    today = draw(PEOPLE) | chosen if everyone else combined(how, now)
    lists = dict(enumerate([*then, *now, out, out_heeded], 1))

    def choice(include, exclude):
        picks = [Pick("include", 100 + at, version) for at, version in enumerate(include)]
        scope = "everyone" if everyone else "segments"
        picks = ([] if everyone else picks) + [Pick("exclude", 200, exclude)]
        return Choice(1, "email", scope=scope, combine=how, picks=tuple(picks))

    pinned = choice(range(1, count + 1), 2 * count + 1)
    return Facts(
        choice=pinned,
        newest=choice(range(count + 1, 2 * count + 1), 2 * count + 1),
        heeded=choice(range(1, count + 1), 2 * count + 2),
        lists={key: BitMap(people) for key, people in lists.items()},
        today=BitMap(today),
        saved=BitMap(saved),
        frozen=BitMap(left),
        reasons={key: BitMap(people) for key, people in reasons.items()},
        lost={key: BitMap(people) for key, people in lost.items()},
        went={key: BitMap(people) for key, people in places.items()},
    )


def combined(how, lists):
    return set.union(*lists) if how == "any" else set.intersection(*lists)


@settings(max_examples=400, deadline=None)
@given(sendings())
def test_it_adds_up_person_by_person_and_nobody_is_in_two_lines_of_one_sign(facts):
    found = reckon(facts)
    assert found.adds_up
    assert len(found.today) + sum(line.change for line in found.lines) == len(found.sent)
    for sign in (-1, +1):
        people = [number for line in found.lines if line.sign == sign for number in line.people]
        assert len(people) == len(set(people))
    assert found.fewer == len(facts.today) - len(facts.went["sent"])
    assert all(found.people(line.key) == line.people for line in found.lines)


@settings(max_examples=200, deadline=None)
@given(sendings())
def test_what_changed_since_the_pinned_list_is_the_difference_of_the_two_lists(facts):
    """With one segment it is plainly newest minus pinned, and pinned minus newest."""
    included = facts.choice.of("include")
    if len(included) != 1:
        return
    old = facts.lists[included[0].version_id]
    new = facts.lists[facts.newest.of("include")[0].version_id]
    lines = {line.name: line.people for line in reckon(facts).lines}
    assert lines.get("joined", BitMap()) == new - old
    assert lines.get("left", BitMap()) == old - new
    assert "new" not in lines and "gone" not in lines


def test_it_says_so_when_it_does_not_add_up():
    today, line = BitMap([1, 2]), Line("unsubscribed", BitMap([2]))
    assert Reckoning(today, [line], BitMap([1])).adds_up
    assert not Reckoning(today, [line], BitMap([1, 2])).adds_up
    assert not Reckoning(today, [line, line], BitMap([1])).adds_up
    assert not Reckoning(today, [Line("gone", BitMap([1]), +1)], today).adds_up


@pytest.fixture
def sent_week(campaigns):
    """VIP minus Bought, sent on Thursday; VIP's list is another one since."""
    campaigns.crowd(8)
    campaigns.people.take(customer("9", email="p9@example.com"))
    vip = campaigns.people.segment("VIP", *"12345679")
    bought = campaigns.people.segment("Bought", "1", "2")
    choice = Choice(campaigns.people.shop_id, "email")
    choice = choice.toggle("include", vip.id, vip.current_version_id)
    choice = choice.toggle("exclude", bought.id, bought.current_version_id)
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.commit()
    campaigns.opt_out(3)
    campaigns.people.clock.forward(days=1)
    campaigns.people.segment("VIP", *"1234568")
    batches = campaigns.verbs.get("c").batches(size=2)
    next(batches)
    campaigns.opt_out(6)
    list(batches)
    return vip, bought


def test_a_receipt_tells_it_from_the_admin_to_the_last_letter(campaigns, sent_week):
    vip, bought = sent_week
    found = campaigns.verbs.receipt("c")["reckoning"]
    campaigns.commit()
    assert [(line["line"], line["change"]) for line in found["lines"]] == [
        (f"joined:{vip.id}", -1),
        (f"left:{vip.id}", +2),
        (f"excluded:{bought.id}", -2),
        ("since:unsubscribed", -1),
        ("not_subscribed", -1),
        ("while:unsubscribed", -1),
    ]
    assert (found["admin_today"], found["sent"], found["fewer"]) == (7, 3, 4)
    assert found["adds_up"]
    joined = found["lines"][0]
    assert (joined["version"], joined["newest"]) == (1, 2)
    assert joined["changed_at"] == (NOW + timedelta(days=1)).isoformat()


def test_each_line_of_the_page_is_a_list_of_its_people(campaigns, sent_week):
    vip, _bought = sent_week
    browser, at = campaigns.host.browser(), f"/smartpush/audiences/{campaigns.row().id}"
    page = browser.get(f"{at}/receipt").text
    assert "Adds up to the person" in page and "4 fewer" in page
    assert "Sent to" in page and "of the 7 whom the Admin had in these segments on " in page
    assert "“VIP” changed Wed 25 Nov: joined, v1 → v2" in page.replace("&#34;", '"')
    for step, who in (
        (f"receipt.joined:{vip.id}", "p8@"),
        ("receipt.since:unsubscribed", "p3@"),
        ("receipt.while:unsubscribed", "p6@"),
        ("receipt.not_subscribed", "p9@"),
    ):
        assert step in page
        table = browser.get(f"{at}/people?step={step}")
        assert who in table.text and "1 person" in table.text
        file = browser.get(f"{at}/people.csv?step={step}").text.splitlines()
        assert len(file) == 2 and who in file[1]
    assert browser.get(f"{at}/people?step=receipt.nothing").status_code == 404


def test_it_says_when_our_newest_list_is_behind_the_admin(campaigns, sent_week):
    vip, bought = sent_week
    at = f"/smartpush/audiences/{campaigns.row().id}/receipt"
    assert campaigns.verbs.receipt("c")["reckoning"]["behind"] == []
    with campaigns.people.begin() as session:
        for each in (vip, bought):
            segment = session.get_one(Segment, each.id)
            segment.admin_count, segment.count_checked_at = 9, campaigns.people.clock()
    campaigns.commit()
    [fact] = campaigns.verbs.receipt("c")["reckoning"]["behind"]
    campaigns.commit()
    assert (fact["segment"], fact["version"], fact["people"]) == ("VIP", 2, 7)
    assert (
        "Our newest list of “VIP” (v2, 7 people) is behind the Admin, which counted 9 on "
        "Wed 25 Nov, 12:00; the first number is of our list."
    ) in campaigns.host.browser().get(at).text
    with campaigns.people.begin() as session:
        publishing.mark_deleted(session.get_one(Segment, vip.id), NOW)
    assert "is behind the Admin" not in campaigns.host.browser().get(at).text


def test_it_calls_the_campaign_by_the_name_that_the_dashboard_gives(campaigns, sent_week, caplog):
    at = f"/smartpush/audiences/{campaigns.row().id}/receipt"
    browser, names = campaigns.host.browser(), {"c": "Moon <festival>"}
    campaigns.host.smartpush.campaign_name(names.get)
    assert "Moon &lt;festival&gt; · Email" in browser.get(at).text
    found = campaigns.verbs.receipt("c")
    assert (found["campaign_ref"], found["campaign_name"]) == ("c", "Moon <festival>")
    names.clear()
    assert ">c · Email" in browser.get(at).text
    campaigns.host.smartpush.campaign_name(lambda ref: 1 / 0)
    assert ">c · Email" in browser.get(at).text
    assert "smartpush.campaign_name_failed" in caplog.text
    campaigns.commit()


def test_who_opted_out_before_and_after_it_was_saved_are_two_lines(campaigns):
    campaigns.crowd(3)
    campaigns.opt_out(1)
    audience = campaigns.save()
    campaigns.opt_out(2)
    list(audience.batches())
    page = campaigns.host.browser().get(f"/smartpush/audiences/{audience.id}/receipt").text
    assert "Unsubscribed since Tue 24 Nov, 12:00" in page and "Unsubscribed before" in page


def test_before_the_freeze_there_is_no_such_list(campaigns):
    campaigns.crowd(1)
    audience = campaigns.save()
    at = f"/smartpush/audiences/{audience.id}/people?step=receipt.today"
    assert campaigns.host.browser().get(at).status_code == 404


def test_everybody_without_segments_is_reckoned_from_the_customers_of_today(campaigns):
    campaigns.crowd(2)
    audience = campaigns.save()
    list(audience.batches())
    campaigns.people.take(customer("7", email="new@example.com"))
    campaigns.people.delete("1")
    found = campaigns.verbs.receipt("c")["reckoning"]
    campaigns.commit()
    assert [(line["line"], line["change"]) for line in found["lines"]] == [("new", -1), ("gone", 1)]
    assert (found["admin_today"], found["sent"], found["adds_up"]) == (2, 2, True)


def test_it_names_the_moment_at_which_it_was_compared(campaigns):
    campaigns.crowd(2)
    campaigns.save()
    list(campaigns.verbs.get("c").batches())
    campaigns.people.clock.forward(days=7)
    at = f"/smartpush/audiences/{campaigns.row().id}/receipt"
    page = campaigns.host.browser().get(at).text
    assert "In the Admin on 1 Dec, 12:00" in page and "2 in the Admin on 1 Dec, 12:00" in page
    assert "of the 2 customers of 1 Dec, 12:00" in page and " today" not in page
