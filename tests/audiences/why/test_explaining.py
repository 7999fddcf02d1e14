"""Why (not) this person: the first rule, since when, and from which fact."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.exceptions import Forbidden

from smartpush_shopline import Choice
from smartpush_shopline.audiences import commands
from smartpush_shopline.audiences.why import explaining, telling
from smartpush_shopline.audiences.why.explanation import UNKNOWN, Explanation
from smartpush_shopline.errors import NotFound, StaleChoice
from tests.support import ADA, BEA, CYD, DEE, LAST_YEAR, NOW, YESTERDAY, as_now, says


@pytest.fixture
def ask(look):
    def asked(audience, address):
        return look(audience, lambda s, a: explaining.explain_address(s, a, address, as_now(s, a)))

    return asked


@pytest.fixture
def every(cast):
    return cast.segment("all", "1", "2", "3", "4")


def test_who_gets_it_subscribed_then(ask, save, choose, every):
    said = ask(save(choose(every)), " ADA@example.com ")
    assert said.is_recipient
    assert (said.name, said.fact.source, said.since) == ("Ada Lin", "store", LAST_YEAR)
    assert telling.headline(said, "email", "UTC") == "Ada Lin gets this email."


def test_who_opted_out_is_told_with_the_fact(ask, save, choose, every):
    said = ask(save(choose(every)), "cyd@example.com")
    assert (said.rule, said.since, said.fact.state) == ("unsubscribed", YESTERDAY, "unsubscribed")
    assert said.fact.recorded_at == NOW


def test_the_fact_is_the_one_that_began_it(cast, ask, save, choose, every):
    for hours, state in ((1, "unsubscribed"), (2, "subscribed"), (3, "unsubscribed")):
        cast.clock.forward(hours=hours)
        at = cast.clock()
        cast.take(replace(ADA, email_consent=says(state, at), updated_at=at))
    last = cast.clock()
    cast.clock.forward(hours=1)
    cast.take(
        replace(ADA, email_consent=says("unsubscribed", cast.clock()), updated_at=cast.clock())
    )
    assert ask(save(choose(every)), "ada@example.com").since == last


def test_the_exclusion_that_decided_is_named_since_when(cast, ask, save, choose, every):
    cast.segment("bought")
    cast.clock.forward(days=1)
    joined = cast.clock()
    bought = cast.segment("bought", "1")
    cast.clock.forward(days=1)
    bought = cast.segment("bought", "1", "2")
    said = ask(save(choose(every, exclude=[bought])), "ada@example.com")
    assert (said.rule, said.segment, said.since) == ("excluded", "bought", joined)


def test_whom_nobody_chose(cast, ask, save, choose):
    vip = cast.segment("vip", "2")
    audience = save(choose(vip))
    cast.segment("vip", "1", "2")
    said = ask(audience, "ada@example.com")
    assert said.rule == "not_chosen"
    [only] = said.segments
    assert (only.version, only.has, only.newer, only.newer_has) == (1, False, 2, True)
    assert telling.segments(said) == ["vip v1: not in it; the newer v2 has them"]


def test_whom_nobody_knows(ask, save, choose, every):
    said = ask(save(choose(every)), "eve@example.com")
    assert (said.rule, said.number, said.is_recipient) == ("unknown", None, False)
    assert ask(save(choose(every), "other"), "").rule == "unknown"


def test_in_one_of_the_segments_but_not_in_all(cast, ask, save, choose, every):
    some = cast.segment("some", "1")
    said = ask(save(choose(every, some, combine="all")), "bea@example.com")
    assert said.rule == "not_in_all"


def test_one_address_is_written_to_once(cast, ask, look, save, choose, every):
    cast.take(
        replace(DEE, email="ada@example.com", email_consent=says("subscribed", NOW), updated_at=NOW)
    )
    audience = save(choose(every))
    assert ask(audience, "ada@example.com").is_recipient, "of several, the one who gets it"
    number = cast.find("4").number
    said = look(audience, lambda s, a: explaining.explain_number(s, a, number, as_now(s, a)))
    assert (said.rule, said.through) == ("same_address", "Ada Lin")


def test_one_whose_twin_was_excluded_since_stays_out_and_is_told_why(
    cast, look, save, choose, every
):
    cast.take(
        replace(DEE, email="ada@example.com", email_consent=says("subscribed", NOW), updated_at=NOW)
    )
    out = cast.segment("out")
    audience = save(choose(every, exclude=[out]).with_policy(out.id, "newest"))
    cast.segment("out", "1")
    number = cast.find("4").number
    said = look(audience, lambda s, a: explaining.explain_number(s, a, number, as_now(s, a)))
    assert (said.rule, said.through, said.through_gets) == ("same_address", "Ada Lin", False)
    assert telling.because(said, "email").startswith("Ada Lin has the same address and was to get")
    assert "until the lists are taken anew" in telling.because(said, "email")


def test_what_became_of_it_is_told_once_it_was_sent(campaigns):
    campaigns.crowd(3)

    @campaigns.host.smartpush.sender("email")
    def send(batch):
        list(batch)

    audience = campaigns.save()
    campaigns.opt_out(3)
    campaigns.verbs.schedule("c", NOW)
    campaigns.commit()
    campaigns.host.tick()
    campaigns.people.clock.forward(hours=1)
    campaigns.opt_out(2)
    page = f"/smartpush/audiences/{audience.id}"
    browser = campaigns.host.browser()
    assert "P1 got this email on 24 Nov, 12:00." in browser.get(f"{page}/why?q=p1@").text
    left = browser.get(f"{page}/why?q=p2@example.com").text
    assert "P2 got this email on 24 Nov, 12:00; has unsubscribed since." in left
    assert "P3 did not get this email." in browser.get(f"{page}/why?q=p3@").text
    assert "Received it" in browser.get(f"{page}/people").text
    assert "Will receive it" not in browser.get(f"{page}/people").text


def test_who_was_left_out_while_it_was_sent_did_not_get_it(campaigns):
    campaigns.crowd(2)
    for batch in campaigns.save().batches(size=1):
        list(batch)
        campaigns.opt_out(2)
    at = f"/smartpush/audiences/{campaigns.row().id}"
    page = campaigns.host.browser().get(f"{at}/why?q=p2@example.com").text
    assert "P2 did not get this email." in page and "Unsubscribed." in page
    assert "Fixed recipients" in campaigns.host.browser().get(f"{at}/people").text


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("eve@example.com", "Nobody in this store has the address eve@example.com."),
        ("+886912345678", "Nobody in this store has the address +886912345678."),
        ("eve", "Nobody in this store is called “eve”."),
    ],
)
def test_whom_nobody_knows_is_told_by_what_was_typed(what, told):
    said = Explanation(UNKNOWN, address=what)
    assert telling.headline(said, "email", "UTC") == told


def test_an_opt_out_of_the_same_address_is_told_by_whose_it_is(cast, look, save, choose, every):
    cast.take(replace(BEA, email="cyd@example.com", email_consent=says("subscribed", NOW),
                      updated_at=NOW))
    number = cast.find("2").number
    audience = save(choose(every))
    said = look(audience, lambda s, a: explaining.explain_number(s, a, number, as_now(s, a)))
    assert (said.rule, said.through, said.since) == ("unsubscribed", "Cyd Lin", YESTERDAY)


def test_who_subscribed_after_it_was_saved_is_not_added(cast, ask, save, choose, every):
    audience = save(choose(every))
    cast.take(replace(DEE, email_consent=says("subscribed", NOW), updated_at=NOW))
    said = ask(audience, "dee@example.com")
    assert (said.rule, said.today) == ("not_subscribed", "sendable")
    assert "nobody is added by itself" in telling.today(said)


def test_who_left_a_segment_that_is_heeded(cast, ask, save, choose, every):
    audience = save(choose(every).with_policy(every.id, "newest"))
    cast.clock.forward(hours=2)
    cast.segment("all", "2")
    said = ask(audience, "ada@example.com")
    assert (said.rule, said.segment, said.since) == ("left_list", "all", cast.clock())


@pytest.fixture
def sent_to_the_newest(campaigns):
    """VIP v2 had lost P1 and Out v2 had gained P2 when it was sent. By v3 of both they are back."""
    campaigns.crowd(12)
    vip = campaigns.people.segment("VIP", *map(str, range(1, 13)))
    out = campaigns.people.segment("Out")
    choice = Choice(campaigns.people.shop_id, "email")
    for mode, each in (("include", vip), ("exclude", out)):
        choice = choice.toggle(mode, each.id, each.current_version_id)
        choice = choice.with_policy(each.id, "newest")
    campaigns.verbs.save(choice, campaign_ref="c")
    campaigns.commit()
    campaigns.people.clock.forward(hours=1)
    campaigns.people.segment("VIP", *map(str, range(2, 13)))
    campaigns.people.segment("Out", "2")
    list(campaigns.verbs.get("c").batches())
    campaigns.people.clock.forward(hours=1)
    campaigns.people.segment("VIP", *map(str, range(1, 12)))
    campaigns.people.segment("Out", "3")
    return campaigns


@pytest.mark.parametrize(
    ("who", "rule", "segment", "line"),
    [
        ("p1", "left_list", "VIP", "VIP v1: in it; v2, which counted at sending, does not"),
        ("p2", "excluded", "Out", "Out v1: not in it (exclusion); v2, which counted at sending,"),
    ],
)
def test_once_sent_it_is_told_by_the_list_that_counted_then(
    sent_to_the_newest, who, rule, segment, line
):
    said = sent_to_the_newest.verbs.explain("c", f"{who}@example.com")
    assert (said.rule, said.segment, said.since) == (rule, segment, NOW + timedelta(hours=1))
    assert any(each.startswith(line) for each in telling.segments(said))


def test_by_telephone_number(ask, save, choose, every):
    said = ask(save(choose(every, channel="sms")), "+886 900 000 002")
    assert (said.name, said.is_recipient) == ("Bea Lin", True)


def test_somebody_who_is_gone_from_the_store(cast, ask, save, choose, every):
    audience = save(choose(every))
    cast.delete("1")
    assert ask(audience, "ada@example.com").rule == "erased"


@pytest.mark.parametrize("person", [ADA, BEA, CYD, DEE])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_every_answer_is_where_the_waterfall_counts_the_person(
    cast, look, save, choose, every, person, channel
):
    from smartpush_shopline.audiences.why import waterfall

    out = cast.segment("out", "2")
    audience = save(choose(every, exclude=[out], channel=channel))
    number = cast.find(person.ref).number
    said = look(audience, lambda s, a: explaining.explain_number(s, a, number, as_now(s, a)))
    made = look(audience, lambda s, a: waterfall.look(s, a, as_now(s, a)))
    key = "recipients" if said.is_recipient else said.rule
    key = f"excluded:{out.id}" if key == "excluded" else key
    assert number in made.people(key)
    assert telling.because(said, channel) != said.rule, "said in words"


# -- the public face and the command line


@pytest.fixture
def campaign(host, save, choose, every):
    save(choose(every), "campaign-7")
    return host


def test_the_verbs_of_the_public_face(campaign, cast):
    with campaign.app.test_request_context():
        verbs = campaign.smartpush.audiences
        assert verbs.explain("campaign-7", "ada@example.com").is_recipient
        copied = verbs.copy("campaign-7", "campaign-8")
        assert (copied.campaign_ref, copied.revision, copied.recipients_count) == (
            "campaign-8", 1, 1,
        )
        assert copied.choice.picks == verbs.get("campaign-7").choice.picks
        with pytest.raises(StaleChoice):
            verbs.copy("campaign-7", "campaign-8")
        verbs.discard("campaign-7")
        assert verbs.get("campaign-7").recipients_count == 0
        assert verbs.get("campaign-8").recipients_count == 1
        choice = verbs.get("campaign-7").choice
        assert verbs.save(choice, campaign_ref="campaign-7").recipients_count == 1
        with pytest.raises(NotFound):
            verbs.explain("campaign-9", "ada@example.com")


def test_the_verbs_ask_the_dashboards_rule(campaign):
    verbs = campaign.smartpush.audiences
    campaign.allows = lambda action, shop: action == "view"
    with campaign.app.test_request_context():
        assert verbs.explain("campaign-7", "ada@example.com").is_recipient
        with pytest.raises(Forbidden):
            verbs.discard("campaign-7")
        with pytest.raises(Forbidden):
            verbs.copy("campaign-7", "campaign-8")
        campaign.allows = lambda action, shop: False
        with pytest.raises(Forbidden):
            verbs.explain("campaign-7", "ada@example.com")


def run(app: Flask, *words: str):
    return app.test_cli_runner().invoke(args=["smartpush", "explain", *words])


def test_the_command_line_says_it_in_words(campaign):
    said = run(campaign.app, "campaign-7", "cyd@example.com")
    assert said.exit_code == 0, said.output
    assert said.output.splitlines()[:2] == ["Cyd Lin does not get this email.", "Unsubscribed."]
    assert "told by the store" in said.output
    assert "all v1: in it" in said.output


def test_the_command_line_says_it_to_scripts(campaign):
    facts = json.loads(run(campaign.app, "campaign-7", "ada@example.com", "--json").output)
    assert facts["is_recipient"] is True
    assert facts["fact"]["occurred_at"] == LAST_YEAR.isoformat()
    assert facts["segments"][0]["has"] is True
    missing = run(campaign.app, "campaign-0", "ada@example.com")
    assert missing.exit_code == 1
    assert "No recipients are saved for campaign-0." in missing.output


def test_the_command_line_looks_for_a_name_as_the_page_does(campaign):
    said = run(campaign.app, "campaign-7", "cyd")
    assert (said.exit_code, said.output.splitlines()[0]) == (0, "Cyd Lin does not get this email.")
    several = run(campaign.app, "campaign-7", "lin")
    assert several.exit_code == 1
    assert "4 people are like that." in several.output
    assert "Cyd Lin  cyd@example.com" in several.output
    facts = json.loads(run(campaign.app, "campaign-7", "lin", "--json").output)
    assert {"name": "Cyd Lin", "address": "cyd@example.com"} in facts["matches"]
    nobody = run(campaign.app, "campaign-7", "nobody")
    assert nobody.exit_code == 1 and "Nobody in this store is called “nobody”." in nobody.output


def test_the_command_line_lists_nobody_for_no_word(campaign):
    for who in ("", "  "):
        said = run(campaign.app, "campaign-7", who)
        assert said.exit_code == 2 and "Say who" in said.output
        assert "example.com" not in said.output


def test_the_command_line_says_that_there_are_more(campaign, monkeypatch):
    for most, first in ((3, "The first 3 who are like that."), (4, "4 people are like that.")):
        monkeypatch.setattr(commands, "MOST_MATCHES", most)
        said = run(campaign.app, "campaign-7", "lin").output
        assert first in said and said.count("@example.com") == most
