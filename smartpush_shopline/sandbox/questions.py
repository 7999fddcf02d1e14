"""What no public page tells about apps: signatures, links, subscriptions, tokens, limits.

The first answer of each is what the sandbox assumes. ``asks`` is the number of the open question,
or of the sources that contradict each other, in the project's list of facts about the platform.
"""

from __future__ import annotations

from .questions_data import STORE_QUESTIONS, Question

APP_QUESTIONS: tuple[Question, ...] = (
    Question(
        "webhook_hmac",
        "How a webhook's HMAC is written",
        "Signatures",
        "18.4",
        {"hex": "64 hex digits.", "base64": "Base64, as the example header shows it."},
    ),
    Question(
        "query_sign",
        "What the sign of an address covers",
        "Signatures",
        "17.2",
        {"decoded": "The decoded values.", "encoded": "The percent-encoded values."},
    ),
    Question(
        "link_sign",
        "What the sign of “Create Campaign” covers",
        "Links",
        "18.2",
        {
            "all": "Every parameter.",
            "base": "App key, handle, language and time; the segment is appended afterwards.",
            "none": "There is no sign.",
        },
    ),
    Question(
        "link_target",
        "What “Create Campaign” opens",
        "Links",
        "18.1",
        {"launch": "The app's launch/segment.", "app": "The App URL itself."},
    ),
    Question(
        "link_parameter",
        "How the link names its segment",
        "Links",
        "18.1",
        {
            "segment_id": "segment_id=…",
            "segmentId": "segmentId=…",
            "id": "id=…",
            "resource_id": "resource_id=…",
            "path": "The last part of the path.",
        },
    ),
    Question(
        "link_segment",
        "How the link writes a segment's id",
        "Links",
        "18.2",
        {
            "group": "GROUP and digits.",
            "digits": "The digits alone.",
            "gid": "gid://shopline/Segment/GROUP…",
        },
    ),
    Question(
        "link_lang",
        "Whether an address tells a language",
        "Links",
        "18.3",
        {"absent": "No lang, as for an app with a window of its own.", "en": "lang=en."},
    ),
    Question(
        "quota_headers",
        "What a header tells of the limit",
        "Limits and errors",
        "18.11",
        {
            "absent": "Nothing.",
            "retry_after": "Retry-After with a 429.",
            "counted": "Retry-After, and the level of the bucket with every answer.",
        },
    ),
    Question(
        "refusal_body",
        "The body of a 401 or 403",
        "Limits and errors",
        "18.11",
        {
            "errors": 'A text: {"errors": "…"}',
            "list": 'A list: {"errors": ["…"]}',
            "code": '{"code": "401", "message": "…"}',
            "empty": "Nothing at all.",
        },
    ),
    Question(
        "page_info",
        "What page_info looks like",
        "Limits and errors",
        "15.1",
        {"json": "JSON in base64.", "opaque": "Letters that tell nothing."},
    ),
    Question(
        "page_links",
        "Where a link header leads",
        "Limits and errors",
        "15.1",
        {
            "same": "To the address that was called.",
            "platform": "To the store's own domain, whatever was called.",
        },
    ),
    Question(
        "duplicate_subscription",
        "The same topic and address a second time",
        "Webhook subscriptions",
        "18.12",
        {
            "accepted": "A second subscription, so every message comes twice.",
            "refused": "422.",
            "adopted": "The subscription that is there already.",
        },
    ),
    Question(
        "subscription_scope",
        "What a subscription needs",
        "Webhook subscriptions",
        "18.12",
        {"none": "Any token.", "matching": "The read scope of what the topic tells of."},
    ),
    Question(
        "webhook_id_header",
        "The header with a message's id",
        "Webhook subscriptions",
        "17.18",
        {
            "X-Shopline-Webhook-Id": "As in the SDK.",
            "Shopline-Webhook-Id": "Without the X, as one toolkit has it.",
        },
    ),
    Question(
        "offsets",
        "How an offset is written",
        "Webhook subscriptions",
        "17.15",
        {"colon": "+08:00", "plain": "+0800, in webhooks."},
    ),
    Question(
        "operate",
        "How an uninstall is spelled",
        "Life of an app",
        "17.11",
        {"upper": "UNINSTALL", "lower": "uninstall"},
    ),
    Question(
        "refresh_token",
        "Whether a token answer holds a refreshToken",
        "Life of an app",
        "17.3",
        {"absent": "No.", "given": "Yes; nobody needs it."},
    ),
    Question(
        "token_expiry",
        "How the end of a token is written",
        "Life of an app",
        "3.5",
        {"iso": "2026-11-01T18:00:00.000+00:00", "ms": "Milliseconds."},
    ),
    Question(
        "oauth_status",
        "The status of a refused token call",
        "Life of an app",
        "3.7",
        {"200": "200, with the reason in the body.", "400": "400.", "500": "500."},
    ),
    Question(
        "late_redact",
        "merchants/redact after a new installation",
        "Life of an app",
        "6.8",
        {
            "comes": "It comes 48 hours after the uninstall all the same.",
            "stays_away": "It is called off.",
        },
    ),
)

QUESTIONS = (*APP_QUESTIONS, *STORE_QUESTIONS)
