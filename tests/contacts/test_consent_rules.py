"""What facts add up to, as a table and as laws."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from smartpush_shopline.contacts.consent import STRICTEST, Fact, standing, stricter
from tests.support import NOW

IN, OUT, NEVER, PENDING, INVALID = (
    "subscribed",
    "unsubscribed",
    "not_subscribed",
    "pending",
    "invalid",
)


def fact(state, day, source="store", *, dated=True, explicit=True):
    return Fact(state, source, NOW + timedelta(days=day), dated, explicit)


CASES = [
    ("nothing is known", [], None),
    ("an opt-in", [fact(IN, 1)], IN),
    ("the newest fact", [fact(NEVER, 1), fact(IN, 2)], IN),
    ("an opt-out after an opt-in", [fact(IN, 1), fact(OUT, 2)], OUT),
    ("an opt-in after the store's opt-out", [fact(OUT, 1), fact(IN, 2)], IN),
    ("a flag lifts the store's own opt-out", [fact(OUT, 1), fact(IN, 2, explicit=False)], IN),
    ("an older opt-in lifts nothing", [fact(OUT, 2), fact(IN, 1)], OUT),
    ("a tie is an opt-out", [fact(IN, 1), fact(OUT, 1)], OUT),
    ("an undated opt-in lifts nothing", [fact(OUT, 1), fact(IN, 9, dated=False)], OUT),
    ("an undated opt-in is one, else", [fact(NEVER, 1), fact(IN, 9, dated=False)], IN),
    ("an undated opt-out counts", [fact(IN, 1), fact(OUT, 2, dated=False)], OUT),
    ("a link is not lifted by a flag", [fact(OUT, 1, "link"), fact(IN, 2, explicit=False)], OUT),
    ("a link is lifted by an act", [fact(OUT, 1, "link"), fact(IN, 2)], IN),
    ("a link is not lifted at the same moment", [fact(OUT, 1, "link"), fact(IN, 1)], OUT),
    (
        "a link stays one after the store repeats it",
        [fact(OUT, 1, "link"), fact(OUT, 2), fact(IN, 3, explicit=False)],
        OUT,
    ),
    (
        "the store's opt-out becomes a link's",
        [fact(OUT, 1), fact(OUT, 2, "complaint"), fact(IN, 3, explicit=False)],
        OUT,
    ),
    ("not subscribed does not replace an opt-out", [fact(OUT, 1), fact(NEVER, 2)], OUT),
    ("pending does not replace an opt-out", [fact(OUT, 1), fact(PENDING, 2)], OUT),
    ("pending, then confirmed", [fact(OUT, 1), fact(PENDING, 2), fact(IN, 3)], IN),
    ("out again", [fact(OUT, 1), fact(IN, 2), fact(OUT, 3)], OUT),
    ("of two at once, the stricter", [fact(IN, 1), fact(NEVER, 1)], NEVER),
]


@pytest.mark.parametrize(
    ("facts", "state"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_facts_add_up_to_one_state_in_whatever_order_they_were_recorded(facts, state):
    assert {standing(order) for order in permutations(facts)} == {state}


FACTS = some.builds(
    fact,
    some.sampled_from(STRICTEST),
    some.integers(0, 3),
    some.sampled_from(["store", "webhook", "link"]),
    dated=some.booleans(),
    explicit=some.booleans(),
)


@given(some.lists(FACTS, max_size=6), some.randoms())
def test_the_order_of_recording_never_matters(facts, dice):
    shuffled = dice.sample(facts, len(facts))
    assert standing(facts) == standing(shuffled)


@given(some.lists(FACTS, max_size=6))
def test_nobody_is_subscribed_after_an_opt_out_without_a_newer_dated_opt_in(facts):
    outs = [f.occurred_at for f in facts if f.state == OUT]
    newer = [f for f in facts if f.state == IN and f.dated and outs and f.occurred_at > max(outs)]
    if outs and not newer:
        assert standing(facts) == OUT


@given(some.lists(FACTS, max_size=6))
def test_an_opt_out_from_elsewhere_needs_an_explicit_opt_in(facts):
    ours = [f.occurred_at for f in facts if f.state == OUT and f.source == "link"]
    acts = [
        f
        for f in facts
        if f.state == IN and f.dated and f.explicit and ours and f.occurred_at > max(ours)
    ]
    if ours and not acts:
        assert standing(facts) == OUT


@given(some.lists(FACTS, max_size=6))
def test_one_more_opt_out_now_always_opts_out(facts):
    for source in ("store", "link"):
        assert standing([*facts, fact(OUT, 4, source, dated=False)]) == OUT


def test_the_stricter_of_two_words_allows_less():
    strictness = [OUT, INVALID, PENDING, NEVER, IN]
    for stands, strict in enumerate(strictness):
        for lenient in strictness[stands:]:
            assert stricter(strict, lenient) == stricter(lenient, strict) == strict


def test_a_word_that_was_never_said_binds_nobody():
    assert stricter(None, IN) == stricter(IN, None) == IN
    assert stricter(None, None) is None
