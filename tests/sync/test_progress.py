"""A first import says how far it came and what failed; what failed stops nothing else."""

from __future__ import annotations

from tests.pages.reading import text_of


def overview(host):
    return text_of(host.browser().get("/smartpush/"))


def progress(host):
    [facts] = host.browser().get("/smartpush/status.json").get_json()["shops"]
    return facts["progress"]


def test_a_segment_that_fails_is_named_and_the_others_are_imported(
    live, sandbox, store, members, clock
):
    big = next(each for each in store.segments.all() if each.name == "Big spenders")
    store.moods.answer(503, -1, f"{big.id}/customers.json")
    sandbox.connect(live.browser())
    sandbox.arrived()
    others = set(live.segments()) - {"Big spenders"}
    assert all(members(name) is not None for name in others) and len(others) == 3
    told = progress(live)
    assert (told["done"], told["total"], told["failed"]) == (3, 4, ["Big spenders"])
    assert told["calls_left"] == 1
    words = overview(live)
    assert "20 of 20 customers 3 of 4 segments 1 failed " in words
    assert "Bringing in 4 segments … 1 is tried again." in words, "and no fault of anybody's"
    assert "1 call to SHOPLINE left" in words
    said = live.app.test_cli_runner().invoke(args=["smartpush", "status"]).output
    assert ", 20 of 20 customers, 3 of 4 segments, calls left: 1" in " ".join(said.split())
    assert "Big spenders SHOPLINE failed to answer properly. It is tried again" in words
    store.moods.calm()
    clock.forward(minutes=1)
    live.tick()
    assert live.runs()[0].state == "done"
    assert "All 4 segments match the Admin." in overview(live)


def test_one_that_was_given_up_is_tried_again_by_a_click(live, sandbox, store, members):
    big = next(each for each in store.segments.all() if each.name == "Big spenders")
    store.moods.answer(400, -1, f"{big.id}/customers.json")
    sandbox.connect(live.browser())
    sandbox.arrived()
    assert live.runs()[0].state == "done", "the import does not wait for it"
    assert "3 of 4 segments match the Admin. 1 needs you." in overview(live)
    assert members("Big spenders") is None
    store.moods.calm()
    number = live.segments()["Big spenders"].id
    assert f"/segments/{number}/check?back=overview" in live.browser().get("/smartpush/").text
    live.browser().post(f"/smartpush/segments/{number}/check?back=overview")
    assert members("Big spenders") == {each.id for each in store.members(big)}
    assert "All 4 segments match the Admin." in overview(live)
