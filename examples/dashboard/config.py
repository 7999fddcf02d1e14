"""Where the demo lives, and the settings that follow from it."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APP_KEY = "demo_app_key"
APP_SECRET = "test_app_secret_0123456789abcdef"  # noqa: S105  known to the sandbox, worth nothing


class Misplaced(Exception):
    """PORT, SANDBOX_PORT or DATA_DIR cannot be used as given."""


@dataclass(frozen=True)
class Place:
    """The two addresses and the folder of one demo."""

    port: int = 5000
    sandbox_port: int = 5001
    data_dir: Path = Path("var")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Place:
        place = cls(
            port=_port(environment, "PORT", cls.port),
            sandbox_port=_port(environment, "SANDBOX_PORT", cls.sandbox_port),
            data_dir=Path(environment.get("DATA_DIR") or cls.data_dir).expanduser().resolve(),
        )
        if place.port == place.sandbox_port:
            raise Misplaced(
                f"PORT and SANDBOX_PORT are both {place.port}; the dashboard and the sandbox "
                "store need one each."
            )
        return place

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def app_url(self) -> str:
        """What a partner enters as App URL; the sandbox opens the app here."""
        return f"{self.url}/smartpush/shopline"


def settings(place: Place) -> dict[str, Any]:
    """The dashboard's configuration; the second half is the plugin's."""
    place.data_dir.mkdir(parents=True, exist_ok=True)
    return {
        "SECRET_KEY": kept_secret(place.data_dir / "session.key"),
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{place.data_dir / 'dashboard.sqlite'}",
        # Browsers share cookies between the ports of one host, so the name has to be ours alone.
        "SESSION_COOKIE_NAME": "juniper",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "OUTBOX": str(place.data_dir / "outbox"),
        "SMARTPUSH_APPS": {APP_KEY: [APP_SECRET]},
        "SMARTPUSH_ENCRYPTION_KEYS": [kept_secret(place.data_dir / "encryption.key")],
        "SMARTPUSH_PUBLIC_URL": place.url,
        "SMARTPUSH_STORE_BASE_URL": f"{place.sandbox_url}/{{handle}}",
        "SMARTPUSH_LOGIN_ENDPOINT": "auth.login",
        "SMARTPUSH_CAMPAIGN_FORM_ENDPOINT": "campaigns.new",
        "SMARTPUSH_BASE_TEMPLATE": "smartpush_base.html",
    }


def kept_secret(path: Path) -> str:
    """A random key (in the form that Fernet wants), made on the first start and kept."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    return key


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    given = environment.get(name) or str(default)
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise Misplaced(f"{name} is {given!r}; it should be a number from 1 to 65535.")
    return int(given)
