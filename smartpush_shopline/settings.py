"""`SMARTPUSH_*` of the dashboard's config, read once into one frozen object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from .contracts import CHANNELS
from .errors import ConfigurationError

PREFIX = "SMARTPUSH_"
SMART_MODES = ("off", "skip", "hold")
RUNNERS = ("apscheduler", "external", "inline")


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
    default_country: str | None = None
    smart_sending: Mapping[str, tuple[str, timedelta]] = field(default_factory=dict)
    drift_threshold: float = 0.2
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
        if any(isinstance(secrets, str) or not secrets for secrets in self.apps.values()):
            raise ConfigurationError(
                "SMARTPUSH_APPS maps each app key to a list of secrets, newest first."
            )
        if isinstance(self.encryption_keys, str):
            raise ConfigurationError("SMARTPUSH_ENCRYPTION_KEYS is a list of keys, newest first.")
        if isinstance(self.launch_params, str):
            raise ConfigurationError("SMARTPUSH_LAUNCH_PARAMS is a list of parameter names.")
        if "{handle}" not in self.store_base_url:
            raise ConfigurationError("SMARTPUSH_STORE_BASE_URL must contain {handle}.")
        self._check_smart_sending()
        if self.runner not in RUNNERS:
            raise ConfigurationError(f"SMARTPUSH_RUNNER must be one of {', '.join(RUNNERS)}.")
        self._check_amounts()
        if self.htmx not in ("vendored", "host"):
            raise ConfigurationError("SMARTPUSH_HTMX must be 'vendored' or 'host'.")

    def _check_smart_sending(self) -> None:
        shortest, longest = timedelta(hours=1), timedelta(hours=120)
        for channel, (mode, window) in self.smart_sending.items():
            known = channel in CHANNELS and mode in SMART_MODES
            if not known or not shortest <= window <= longest:
                raise ConfigurationError(
                    "SMARTPUSH_SMART_SENDING maps a channel to off, skip or hold and a window of "
                    '1 to 120 hours: {"email": ("skip", timedelta(hours=24))}.'
                )

    def _check_amounts(self) -> None:
        share = self.drift_threshold
        if not isinstance(share, (int, float)) or share < 0:
            raise ConfigurationError("SMARTPUSH_DRIFT_THRESHOLD is a share: 0.2 means 20 %.")
        if any(not isinstance(after, timedelta) or after <= timedelta(0) for after in self.reread):
            raise ConfigurationError("SMARTPUSH_REREAD is a list of timedelta, each more than 0.")
        if self.night_budget < 1:
            raise ConfigurationError("SMARTPUSH_NIGHT_BUDGET is a number of calls, 1 or more.")
        if self.keep_deliveries < timedelta(hours=72):
            raise ConfigurationError(
                "SMARTPUSH_KEEP_DELIVERIES must be 72 hours or more: until then SHOPLINE may send "
                "a message again."
            )

    def store_url(self, handle: str) -> str:
        return self.store_base_url.format(handle=handle)

    def address(self, path: str) -> str:
        """The public address of a path below our prefix."""
        return self.public_url.rstrip("/") + self.url_prefix + path
