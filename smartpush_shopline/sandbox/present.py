"""How numbers, times and states read on the Admin's pages."""

from __future__ import annotations

from datetime import datetime, tzinfo

from flask import Flask, g, url_for

from .links import CHANNELS, EVERYONE
from .model import BLACKLISTED, Consent, Customer, Order
from .settings import Settings
from .wire import money

CONSENTS = {1: "Subscribed", 0: "Unsubscribed", 2: "Not subscribed", 3: "Confirming"}
TONES = {1: "good", 0: "bad", 2: "plain", 3: "wait"}
SIGNS = {"TWD": "NT$", "USD": "$"}
OUTCOMES = {"delivered": "good", "waiting": "wait", "failed": "bad", "dropped": "plain"}
SAID = {
    "created": "Created.",
    "saved": "Saved.",
    "deleted": "Deleted.",
    "ordered": "Order recorded.",
    "blacklisted": "Added to the blacklist.",
    "unblacklisted": "Removed from the blacklist.",
    "uninstalled": "The app was uninstalled.",
    "moods": "The store’s moods are set.",
    "calm": "The store is calm again.",
    "planned": "The next answers are planned.",
    "expired": "Every access token has ended.",
    "changed": "Done.",
    "redact": "The erasure request was sent to the app.",
}


def amount(hundredths: int, currency: str) -> str:
    """NT$26,480 or $49.90: cents only where there are some."""
    whole, _, cents = money(hundredths).partition(".")
    shown = f"{int(whole):,}" + ("" if cents == "00" else f".{cents}")
    return f"{SIGNS.get(currency, currency + ' ')}{shown}"


def when(moment: datetime | None, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%-d %b %Y, %H:%M}" if moment else "–"


def day(moment: datetime | None, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%-d %b %Y}" if moment else "–"


def clock(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%-d %b, %H:%M:%S}"


def consent_word(consent: Consent) -> str:
    return CONSENTS[consent.state]


def consent_tone(consent: Consent) -> str:
    return TONES[consent.state]


def blacklisted(customer: Customer) -> bool:
    return customer.state == BLACKLISTED


def order_state(order: Order) -> tuple[str, str]:
    """Tone and word."""
    if order.cancelled_at:
        return "bad", "Cancelled"
    words = {"fulfilled": ("good", "Shipped"), "partial": ("wait", "Partly shipped")}
    return words.get(order.fulfilled, ("plain", "Not shipped"))


def plural(number: int, one: str, many: str = "") -> str:
    """1 customer, 2,000 customers."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def furnish(app: Flask, settings: Settings) -> None:
    """Lend all of this to the templates."""
    for function in (amount, when, day, clock, consent_word, consent_tone, order_state, plural):
        app.add_template_filter(function)
    app.add_template_test(blacklisted)

    def to(endpoint: str, **values: object) -> str:
        """The address of a page of this store's Admin."""
        return url_for(f"admin.{endpoint}", handle=g.store.handle, **values)  # type: ignore[arg-type]

    app.jinja_env.globals.update(
        to=to,
        said=SAID,
        consents=CONSENTS,
        outcomes=OUTCOMES,
        channels=CHANNELS,
        everyone=EVERYONE,
        settings=settings,
    )
