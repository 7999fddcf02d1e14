"""What a sandbox can be told when it starts, and its one clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, in whole seconds: the platform states no fractions."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Settings:
    """The app that is known to the sandbox, and how the platform behaves towards it."""

    app_key: str = "demo_app_key"
    app_secret: str = "test_app_secret_0123456789abcdef"  # noqa: S105  the demo's, known to all
    app_url: str = "http://127.0.0.1:5000/smartpush/shopline"
    app_name: str = "SmartPush"
    data: Path | None = None
    """File that keeps the stores over a restart; without one they live in memory."""
    customers: int | None = None
    """People in the first store on its first day; a million start as fast as the usual 2,000."""
    gdpr_url: str | None = None
    """Address for the redact topics, which the Partner Portal holds (no subscription needed)."""
    webhook_hmac: str = "hex"
    """``hex`` or ``base64``: the public pages disagree, see the sandbox's moods."""
    retry_factor: float = 1.0
    """Multiplies the waits between two attempts of a webhook; 0 tries again at once."""
    bucket: int = 40
    """Calls that may be waiting per app and store; 0 switches the limit off."""
    leak: float = 4.0
    """Calls per second that leave the bucket."""

    @property
    def prefix(self) -> str:
        """The address below which the app lives: the App URL without its ``/shopline``."""
        return self.app_url.rstrip("/").removesuffix("/shopline")

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """The callback URLs entered in the Partner Portal.

        The SHOPLINE CLI registers ``/api/auth/callback``, hence the other spellings.
        """
        parts = urlsplit(self.app_url)
        return (
            f"{self.app_url.rstrip('/')}/callback",
            f"{parts.scheme}://{parts.netloc}/api/auth/callback",
            f"{self.prefix}/api/auth/callback",
        )
