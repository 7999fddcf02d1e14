"""Every text a person reads goes through here: Flask-Babel with a domain of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import babel.numbers
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

HERE = Path(__file__).resolve().parent
domain = Domain(translation_directories=[str(HERE / "translations")], domain="smartpush")


def gettext(text: str, **variables: object) -> str:
    return str(domain.gettext(text, **variables))


def ngettext(one: str, many: str, count: int, **variables: object) -> str:
    return str(domain.ngettext(one, many, count, **variables))


def for_page() -> dict[str, Callable[..., str]]:
    """What templates say texts and numbers with: the reader's language is looked up once."""
    texts, locale = domain.get_translations(), get_locale()

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
    """For a page whose reader is not the dashboard's user: the browser's own language."""
    translated = {each.name.replace("_", "-"): each.name for each in _catalogues()}
    with force_locale(translated.get(accepted.best_match(translated) or "", "en")):
        yield


def _catalogues() -> list[Path]:
    return [each for each in (HERE / "translations").iterdir() if each.is_dir()]


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
