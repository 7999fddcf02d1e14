"""`SMARTPUSH_*` of the dashboard's config, read once into one frozen object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from .contracts import CHANNELS
from .errors import ConfigurationError

PREFIX = "SMARTPUSH_"
SMART_MODES = ("off", "skip", "hold")
OTHERWISE = ("send", "cancel")
RUNNERS = ("apscheduler", "external", "inline")
Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Settings:
    """One field per setting; the README's table is this list in words."""

    apps: Mapping[str, Sequence[str]] = field(default_factory=dict)
    encryption_keys: Sequence[str] = ()
    public_url: str = ""
    url_prefix: str = "/smartpush"
    scopes: Sequence[str] = ("read_customers", "read_orders", "read_store_information")
    api_version: str = "v20260601"
    webhook_api_version: str = "v20260601"
    store_base_url: str = "https://{handle}.myshopline.com"
    campaign_form_endpoint: str = ""
    login_endpoint: str = ""
    launch_params: Sequence[str] = ()
    launch_base_signature: bool = False
    unsigned_probe: bool = False
    base_template: str = "smartpush_shopline/base.html"
    htmx: str = "vendored"
    runner: str = "apscheduler"
    tick: timedelta = timedelta(minutes=1)
    night_budget: int = 3 * 60 * 60 * 3
    reread: Sequence[timedelta] = tuple(timedelta(minutes=m) for m in (2, 10, 60))
    fresh: timedelta = timedelta(minutes=15)
    changes_after: timedelta = timedelta(seconds=10)
    changes_every: timedelta = timedelta(minutes=2)
    default_country: str | None = None
    write_back: bool = False
    smart_sending: Mapping[str, tuple[str, timedelta]] = field(default_factory=dict)
    drift_threshold: float = 0.2
    decide_within: timedelta = timedelta(hours=2)
    otherwise: str = "cancel"
    keep_parked: timedelta = timedelta(days=30)
    keep_deliveries: timedelta = timedelta(days=14)

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Settings:
        """Raises ConfigurationError with a sentence for an unknown, missing or wrong setting."""
        given = {key: config[key] for key in config if key.startswith(PREFIX)}
        known = {PREFIX + each.name.upper(): each.name for each in fields(cls)}
        for stray in given.keys() - known.keys():
            names = [name.removeprefix(PREFIX) for name in known]
            close = get_close_matches(stray.removeprefix(PREFIX), names, 1)
            hint = PREFIX + close[0] if close else "something in the README's table"
            raise ConfigurationError(f"{stray} is not a SmartPush setting; did you mean {hint}?")
        settings = cls(**{known[key]: value for key, value in given.items()})
        settings._check()
        return settings

    def _check(self) -> None:
        for name in ("apps", "encryption_keys", "public_url"):
            if not getattr(self, name):
                raise ConfigurationError(f"{PREFIX}{name.upper()} is missing; see the README.")
        for each in fields(self):
            fits, what = _KINDS[str(each.type)]
            if not fits(getattr(self, each.name)):
                raise ConfigurationError(f"{PREFIX}{each.name.upper()} {what}.")
        for name, (fits, what) in _RULES.items():
            if not fits(getattr(self, name)):
                raise ConfigurationError(f"{PREFIX}{name.upper()} {what}.")

    def store_url(self, handle: str) -> str:
        return self.store_base_url.format(handle=handle)

    def address(self, path: str) -> str:
        """The public address of a path below our prefix."""
        return self.public_url.rstrip("/") + self.url_prefix + path


def _is_list(value: Any) -> bool:
    is_list = isinstance(value, (list, tuple))
    return is_list and all(isinstance(each, str) and each for each in value)


def _is_apps(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and key and secrets and _is_list(secrets)
        for key, secrets in value.items()
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _is_smart_sending(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        channel in CHANNELS
        and mode in SMART_MODES
        and timedelta(hours=1) <= window <= timedelta(hours=120)
        for channel, (mode, window) in value.items()
    )


def _is_store_address(value: str) -> bool:
    rest = value.replace("{handle}", "")
    return "{handle}" in value and _has_scheme(value) and not {"{", "}"} & set(rest)


def _has_scheme(value: str) -> bool:
    address = urlsplit(value)
    return address.scheme in ("http", "https") and bool(address.netloc)


_KINDS: Mapping[str, tuple[Test, str]] = {
    "Mapping[str, Sequence[str]]": (
        _is_apps,
        "maps each app key to a list of secrets, newest first: {'key': ['secret']}",
    ),
    "Mapping[str, tuple[str, timedelta]]": (
        _is_smart_sending,
        "maps a channel to off, skip or hold and a window of 1 to 120 hours: "
        "{'email': ('skip', timedelta(hours=24))}",
    ),
    "Sequence[timedelta]": (
        lambda value: all(isinstance(after, timedelta) and after > timedelta(0) for after in value),
        "is a list of timedelta, each longer than nothing",
    ),
    "int": (lambda value: type(value) is int and value > 0, "is a number, 1 or more"),
    "Sequence[str]": (_is_list, "is a list of texts, such as ['one', 'two']"),
    "str": (_is_text, "is a text"),
    "str | None": (lambda value: value is None or _is_text(value), "is a text, or None"),
    "bool": (lambda value: isinstance(value, bool), "is True or False"),
    "float": (_is_share, "is a share: 0.2 means 20 %"),
    "timedelta": (
        lambda value: isinstance(value, timedelta) and value > timedelta(0),
        "is a timedelta longer than nothing, such as timedelta(minutes=1)",
    ),
}
"""By the kind of a field: what fits, and how to say it of one that does not."""

_RULES: Mapping[str, tuple[Test, str]] = {
    "public_url": (_has_scheme, "begins with https:// and names a host, such as https://dashboard.example"),
    "url_prefix": (
        lambda value: value.startswith("/") and not value.endswith("/"),
        "begins with a slash and does not end with one, such as /smartpush",
    ),
    "scopes": (bool, "names at least read_customers"),
    "store_base_url": (
        _is_store_address,
        "is an address that contains {handle}, such as https://{handle}.myshopline.com, and no "
        "other placeholder",
    ),
    "base_template": (bool, "names a template; leave it out for our own"),
    "htmx": (lambda value: value in ("vendored", "host"), "must be 'vendored' or 'host'"),
    "runner": (lambda value: value in RUNNERS, f"must be one of {', '.join(RUNNERS)}"),
    "otherwise": (lambda value: value in OTHERWISE, f"must be one of {', '.join(OTHERWISE)}"),
    "keep_deliveries": (
        lambda value: value >= timedelta(hours=72),
        "must be 72 hours or more: until then SHOPLINE may send a message again",
    ),
}
"""What one setting must keep to besides."""
