"""How a store misbehaves at times. The first value of each is how it usually is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Temper:
    name: str
    title: str
    group: str
    values: dict[str, str]
    """Each value and what then happens."""


@dataclass(frozen=True)
class Number:
    name: str
    title: str
    group: str
    usual: float
    least: float
    most: float
    told: str


TEMPERS: tuple[Temper | Number, ...] = (
    Number(
        "chaos",
        "Failing calls",
        "API",
        0,
        0,
        100,
        "So many of a hundred API calls fail with 429, 500, 503 or 504; the seed says which.",
    ),
    Number("slow", "Slow answers", "API", 0, 0, 60, "Seconds before every answer of the API."),
    Temper(
        "bucket",
        "Full bucket",
        "API",
        {
            "refuses": "What does not fit into the leaky bucket is answered with 429 at once.",
            "queues": "Calls really wait for their turn, four a second; only the 41st gets 429.",
            "off": "No limit.",
        },
    ),
    Temper(
        "store_status",
        "Store",
        "API",
        {
            "open": "The store answers.",
            "frozen": "Every call is answered with 402.",
            "locked": "Every call is answered with 423.",
        },
    ),
    Temper(
        "tokens",
        "Access tokens",
        "Tokens",
        {
            "valid": "A token opens the API until it expires.",
            "refused": "Every token is answered with 401, a renewed one as well.",
        },
    ),
    Temper(
        "refresh",
        "Renewing a token",
        "Tokens",
        {
            "works": "The app's signature renews its token.",
            "not_installed": "Refused with STORE_NOT_INSTALL_APP.",
            "too_often": "Refused with REQUEST_FREQUENTLY.",
            "audit": "Refused with APP_AUDIT_NOT_PASS.",
            "failing": "Refused with TOKEN_CREATE_EXCEPTION.",
        },
    ),
    Temper(
        "webhooks",
        "Webhooks arrive",
        "Webhooks",
        {
            "once": "Each message is sent once, and again when it fails.",
            "duplicated": "Each message is sent twice with the same id.",
            "delayed": "Each message waits for the seconds of webhook_delay.",
            "reordered": "Messages wait until three are there and leave in another order.",
            "dropped": "Messages are lost.",
            "chaos": "Each message is sent as usual, twice, late or never; the seed says which.",
        },
    ),
    Number(
        "webhook_delay",
        "Delay of late webhooks",
        "Webhooks",
        30,
        0,
        86_400,
        "Seconds a late message waits, and the longest wait of a reordered one.",
    ),
    Temper(
        "webhook_signature",
        "Webhook signature",
        "Webhooks",
        {
            "right": "Signed with the app secret.",
            "wrong": "Signed with another secret.",
            "missing": "Not signed, like the probe of the SHOPLINE CLI.",
        },
    ),
    Temper(
        "nulls",
        "Empty fields",
        "Data",
        {"omitted": "Left out.", "null": "Sent as null."},
    ),
    Temper(
        "numbers",
        "Numbers",
        "Data",
        {
            "documented": "Numbers and texts as on the public pages.",
            "text": "Every number is sent as a text.",
            "number": "Texts that hold a number (amounts, flags, digits) are sent as numbers.",
        },
    ),
    Temper(
        "members",
        "Members while they are read",
        "Data",
        {
            "still": "A segment stays as it is between two pages.",
            "shifting": "Somebody moves to the front between two pages, so that one row comes"
            " twice and one never.",
        },
    ),
    Temper(
        "segments",
        "Segments after a list",
        "Data",
        {
            "stay": "What was listed can be read.",
            "vanish": "The newest segment is deleted right after a list; then the mood is over.",
        },
    ),
    Temper(
        "delete_offset",
        "Time of a deleted segment",
        "Data",
        {
            "plain": "customer_groups/delete tells it as +0000, without a colon.",
            "colon": "It is told like every other time.",
        },
    ),
    Number(
        "speed",
        "Speed of time",
        "Time",
        1,
        1,
        1_000_000,
        "How much shorter every wait is: retries, the life of codes and tokens, the 48 hours"
        " before merchants/redact. Clocks and time stamps stay right.",
    ),
    Number(
        "seed",
        "Seed",
        "Time",
        0,
        0,
        2**31,
        "The same seed and the same calls bring the same chaos.",
    ),
)
