"""The store's customers read the page of the link in the language of their browser."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from smartpush_shopline import i18n

FOLDER = i18n._TRANSLATIONS
WANTED = [
    ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant", "您要取消訂閱嗎"),
    ("zh-Hant-HK", "zh-Hant", "您要取消訂閱嗎"),
    ("zh-CN", "zh-Hans", "您要取消订阅吗"),
    ("zh", "zh-Hans", "您要取消订阅吗"),
    ("ja-JP", "ja", "配信を停止しますか"),
    ("fr-CH, fr;q=0.9, en;q=0.8", "fr", "Voulez-vous vous désabonner"),
    ("sw, de;q=0.5", "de", "Möchten Sie sich abmelden?"),
    ("en-GB,de;q=0.8", "en", "Do you want to unsubscribe?"),
    ("de;q=0, fr;q=0.1", "fr", "Voulez-vous vous désabonner"),
    ("sw", "en", "Do you want to unsubscribe?"),
    ("*", "en", "Do you want to unsubscribe?"),
    ("a--b;q=x, ../../etc, \N{LATIN SMALL LETTER E WITH ACUTE}", "en", "Do you want to"),
    ("", "en", "Do you want to unsubscribe?"),
]


@pytest.fixture
def link(campaigns):
    campaigns.crowd(2)
    [batch] = campaigns.save().batches()
    return batch.recipients[0].unsubscribe_url.removeprefix("http://127.0.0.1:1")


@pytest.mark.parametrize(("header", "language", "words"), WANTED)
def test_it_asks_in_the_language_of_the_browser(campaigns, link, header, language, words):
    answer = campaigns.host.browser().get(link, headers={"Accept-Language": header})
    assert (answer.status_code, f'lang="{language}"' in answer.text) == (200, True)
    assert words in answer.text


def test_what_was_done_and_what_does_not_work_are_said_in_it_too(campaigns, link):
    browser, german = campaigns.host.browser(), {"Accept-Language": "de"}
    assert "Sie sind abgemeldet" in browser.post(link, headers=german).text
    assert "Sie sind bereits abgemeldet" in browser.get(link, headers=german).text
    assert "funktioniert nicht" in browser.get(link[:-3], headers=german).text


def test_a_page_of_the_dashboard_is_in_the_dashboards_language(campaigns):
    chinese = {"Accept-Language": "zh-TW"}
    assert 'lang="en"' in campaigns.host.browser().get("/smartpush/", headers=chinese).text


@pytest.mark.parametrize("language", sorted(i18n.visitors_catalogues() - {"en"}))
def test_every_sentence_is_there_and_keeps_its_names(language):
    with (FOLDER / language / "LC_MESSAGES" / "visitors.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    with (FOLDER / "visitors.pot").open("rb") as file:
        texts = [each.id for each in read_po(file) if each.id]
    assert len(texts) > 10
    for text in texts:
        translated = catalogue[text].string
        assert translated and translated != text
        assert re.findall(r"%\(\w+\)s", translated) == re.findall(r"%\(\w+\)s", text)
        assert not catalogue[text].fuzzy
