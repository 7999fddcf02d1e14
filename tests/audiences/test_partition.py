"""After any sequence of deeds, everybody is in exactly one place and nobody got it twice."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest

from smartpush_shopline.errors import NotFound

PEOPLE, STEPS = 23, 60


def decide(campaigns, audience, dice, again):
    """A person says that they were sent, or has them sent again."""
    places = campaigns.places()
    if dice.random() < 0.5:
        audience.mark_sent()
        return
    again.update(number for number, place in places.items() if place in ("uncertain", "handed_out"))
    audience.send_again()


@pytest.mark.parametrize("seed", range(3))
def test_everybody_stays_in_exactly_one_place(campaigns, seed):
    dice = random.Random(seed)
    campaigns.crowd(PEOPLE)
    audience = campaigns.save()
    loops, got, again = [], Counter(), set()

    def begin():
        loops.append(audience.batches(size=4, claim=timedelta(minutes=10)))

    def go_on():
        if loops:
            batch = next(dice.choice(loops), None)
            if batch is not None:
                got.update(person.number for person in batch)

    def leave():
        if loops:
            loops.pop(dice.randrange(len(loops))).close()

    deeds = [begin, go_on, go_on, go_on, leave,
             lambda: decide(campaigns, audience, dice, again), audience.pause, audience.resume,
             lambda: campaigns.opt_out(dice.randint(1, PEOPLE)),
             lambda: campaigns.people.clock.forward(minutes=dice.choice([1, 11]))]  # fmt: skip
    next(audience.batches(size=4))
    got.update(n for n, place in campaigns.places().items() if place == "uncertain")
    for _step in range(STEPS):
        with suppress(NotFound):  # all of it is sent
            dice.choice(deeds)()
        campaigns.commit()
        campaigns.counted()
    assert {n for n, times in got.items() if times > 1} <= again, "sent twice, and nobody said so"
    audience.resume()
    campaigns.verbs.cancel("c")
    campaigns.commit()
    assert set(campaigns.counted()) <= {
        "sent", "handed_out", "uncertain", "cancelled", "unsubscribed"
    }  # fmt: skip
    for loop in loops:
        loop.close()
