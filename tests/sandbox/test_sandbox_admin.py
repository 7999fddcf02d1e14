"""The pages a person clicks in the sandbox's Admin."""

from __future__ import annotations

import re

import pytest

from .conftest import ADA, DEE, Sandbox

NEWSLETTER = "GROUP5483719394486650001"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/customers",
        "/customers?q=zzz&page=9",
        "/customers/new",
        f"/customers/{ADA}",
        "/segments",
        "/segments/new",
        f"/segments/{NEWSLETTER}?page=2",
        "/segments/GROUP5483719394486650009",
        "/apps",
        "/settings",
        "/webhooks",
        "/oauth-web/",
    ],
)
def test_every_page_opens_for_both_stores_without_a_cookie(sandbox: Sandbox, path: str) -> None:
    page = sandbox.visit(path, follow_redirects=True)
    assert page.status_code == 200
    assert "Alder Goods" in page.text
    assert "Set-Cookie" not in page.headers
    if ADA not in path and "GROUP" not in path:
        birch = sandbox.app.test_client().get(f"/birch/admin{path}", follow_redirects=True)
        assert birch.status_code == 200
        assert "Birch &amp; Co." in birch.text


def test_the_first_page_leads_to_both_stores(sandbox: Sandbox) -> None:
    page = sandbox.app.test_client().get("/").text
    assert 'href="/alder/admin/"' in page
    assert 'href="/birch/admin/"' in page


def test_unknown_things_are_a_friendly_page(sandbox: Sandbox) -> None:
    for path in ("/customers/1", "/segments/GROUP1", "/nowhere"):
        page = sandbox.visit(path)
        assert page.status_code == 404
        assert "This page is not here" in page.text
    for path in ("/cedar", "/cedar/admin/customers"):
        assert sandbox.app.test_client().get(path).status_code == 404


def test_all_customers_stands_first_and_every_row_has_both_campaigns(sandbox: Sandbox) -> None:
    page = sandbox.visit("/segments").text
    names = re.findall(r'class="main-cell"><a[^>]*>([^<]*)</a>', page)
    assert names[0] == "All customers"
    assert len(names) == 10
    assert page.count("SmartPush Email Campaign") == page.count("SmartPush SMS Campaign") == 10
    assert "segment=all&amp;channel=email" in page


def test_customers_are_found_by_any_part_of_their_name(sandbox: Sandbox) -> None:
    assert "Ada Lin" in sandbox.visit("/customers?q=ada+l").text
    assert "Ada Lin" not in sandbox.visit("/customers?q=wang").text


def test_a_customer_is_changed_and_the_form_says_so(sandbox: Sandbox) -> None:
    answer = sandbox.submit(
        f"/customers/{DEE}",
        first_name="怡君",
        last_name="黃",
        email="dee@example.com",
        phone="+886 912-345-678",
        tags="vip, linen",
        note="",
        email_consent="1",
        sms_consent="2",
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("?done=saved")
    dee = sandbox.read(f"/customers/v2/{DEE}.json")["customer"]
    assert dee["nick_name"] == "黃怡君"
    assert dee["phone"] == "00886912345678"
    assert dee["email_subscribe_flag"] == 1
    assert dee["email_marketing_consent"]["consent_collected_from"] == "Admin"


def test_a_wrong_form_comes_back_with_a_sentence_and_nothing_lost(sandbox: Sandbox) -> None:
    answer = sandbox.submit(f"/customers/{DEE}", first_name="Deirdre", email="no address")
    assert answer.status_code == 422
    assert "is not an e-mail address." in answer.text
    assert 'value="Deirdre"' in answer.text
    answer = sandbox.submit("/segments/new", name="Mine", query="what:>1")
    assert answer.status_code == 422
    assert "is no field of a rule" in answer.text
    assert 'value="what:&gt;1"' in answer.text
    answer = sandbox.submit("/settings", name="Shop", timezone="Mars/Olympus")
    assert answer.status_code == 422
    assert 'value="Shop"' in answer.text
    answer = sandbox.submit("/customers/new", first_name="Nobody")
    assert answer.status_code == 422
    assert 'value="Nobody"' in answer.text


def test_an_order_moves_somebody_into_a_segment(sandbox: Sandbox) -> None:
    vip = "/customer_saved_searches/GROUP5483719394486650003/customers.json?limit=1"
    assert sandbox.submit(f"/customers/{DEE}/order", amount="25,000").status_code == 303
    (newest,) = sandbox.read(vip)["customers"]
    assert newest["id"] == DEE
    assert newest["total_spent"] == "25000.00"
    assert sandbox.submit(f"/customers/{DEE}/order", amount="much").status_code == 422


def test_a_segment_is_made_changed_and_deleted(sandbox: Sandbox) -> None:
    made = sandbox.submit("/segments/new", name="Linen", query="tags:linen")
    ref = re.findall(r"GROUP\d+", made.headers["Location"])[0]
    sandbox.submit(f"/segments/{ref}", name="Linen 亞麻", query="tags:linen;orders_count:>1")
    told = sandbox.read(f"/customer_saved_searches/{ref}.json")["customer_saved_search"]
    assert (told["name"], told["query"]) == ("Linen 亞麻", "tags:linen;orders_count:>1;")
    assert sandbox.submit(f"/segments/{ref}/delete").status_code == 303
    assert sandbox.visit(f"/segments/{ref}").status_code == 404


def test_another_site_cannot_send_forms(sandbox: Sandbox) -> None:
    client = sandbox.app.test_client()
    for path in ("apps/uninstall", "oauth-web/allow"):
        answer = client.post(f"/alder/admin/{path}", headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
