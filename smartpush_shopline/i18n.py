"""Every text a person reads goes through here: Flask-Babel with domains of our own.

`smartpush` is for the dashboard's people, in the dashboard's language. `visitors` is for the
store's customers, in the language of their browser, which the dashboard may not speak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import babel.numbers
from babel import Locale, UnknownLocaleError
from flask import Flask
from flask_babel import (
    Babel,
    Domain,
    force_locale,
    format_datetime,
    format_decimal,
    get_locale,
)
from werkzeug.datastructures import LanguageAccept

_TRANSLATIONS = Path(__file__).resolve().parent / "translations"
domain = Domain(translation_directories=[str(_TRANSLATIONS)], domain="smartpush")
visitors = Domain(translation_directories=[str(_TRANSLATIONS)], domain="visitors")
_SCRIPTS = {"zh": "Hans"}
"""What is meant when a tag names no place."""


def gettext(text: str, **variables: object) -> str:
    return str(domain.gettext(text, **variables))


def ngettext(one: str, many: str, count: int, **variables: object) -> str:
    return str(domain.ngettext(one, many, count, **variables))


def for_page(texts_of: Domain = domain) -> dict[str, Callable[..., str]]:
    """What templates say texts and numbers with: the reader's language is looked up once."""
    texts, locale = texts_of.get_translations(), get_locale()

    def say(text: str, **variables: object) -> str:
        said: str = texts.ugettext(text)
        return said % variables if variables else said

    def say_of_many(one: str, many: str, num: int, **variables: object) -> str:
        said: str = texts.ungettext(one, many, num)
        return said % {"num": num, **variables}

    def write_number(value: int) -> str:
        return babel.numbers.format_decimal(value, locale=locale)

    return {"_": say, "ngettext": say_of_many, "number": write_number}


def init_app(app: Flask) -> None:
    if "babel" not in app.extensions:
        Babel(app)


@contextmanager
def visitor_language(accepted: LanguageAccept) -> Iterator[None]:
    """For a page whose reader is not the dashboard's user: the browser's own language.

    The first of the wanted ones that there is, else English.
    """
    found = (_visitors_catalogue(tag) for tag, quality in accepted if quality > 0)
    with force_locale(next((name for name in found if name), "en")):
        yield


def _visitors_catalogue(tag: str) -> str | None:
    """Of a tag such as "zh-TW": "zh_Hant". Babel knows in which script a place writes."""
    try:
        wanted = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return None
    script = wanted.script or _SCRIPTS.get(wanted.language)
    names = (f"{wanted.language}_{script}", wanted.language)
    return next((name for name in names if name in visitors_catalogues()), None)


@cache
def visitors_catalogues() -> frozenset[str]:
    """The languages that are there for the store's customers, such as "en" and "zh_Hant"."""
    return frozenset(each.parent.parent.name for each in _TRANSLATIONS.glob("*/*/visitors.mo"))


def language() -> str:
    """For the `lang` of a page, such as en or zh-Hant-TW."""
    return str(get_locale() or "en").replace("_", "-")


def number(value: int) -> str:
    return str(format_decimal(value))


def local_time(moment: datetime | None, zone: str, form: str = "d MMM yyyy, HH:mm") -> str:
    """A moment in the store's own time zone."""
    if moment is None:
        return ""
    at = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return str(format_datetime(at, form, rebase=False))


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago, in words: "just now", "5 minutes ago", "3 days ago"."""
    if moment is None:
        return gettext("never")
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    minutes, hours, days = (int(seconds // size) for size in (60, 3_600, 86_400))
    if days > 0:
        return ngettext("%(num)s day ago", "%(num)s days ago", days)
    if hours > 0:
        return ngettext("%(num)s hour ago", "%(num)s hours ago", hours)
    if minutes > 0:
        return ngettext("%(num)s minute ago", "%(num)s minutes ago", minutes)
    return gettext("just now")
