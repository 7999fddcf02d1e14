"""Every HX-* word lives here."""

from __future__ import annotations

from flask import Flask, Request, Response, request
from htmx_flask.requests import HtmxAwareRequest, HtmxHeaders


def init_app(app: Flask) -> None:
    """Give the dashboard's own request class the `htmx` attribute instead of replacing it.

    htmx-flask's own `init_app` would throw a dashboard's class away.
    """
    if issubclass(app.request_class, HtmxAwareRequest):
        return
    host: type[Request] = app.request_class
    composed = HtmxAwareRequest if host is Request else type(
        "HtmxAwareRequest", (HtmxAwareRequest, host), {}
    )
    app.request_class = composed


def headers() -> HtmxHeaders:
    return HtmxHeaders(request.headers)


def wants_partial() -> bool:
    """Boosted and history-restore requests get the whole page."""
    asked = headers()
    return bool(asked) and not asked.boosted and not asked.history_restore_request


def instead(html: str, target: str) -> Response:
    """An answer that takes the place of another element than of the one that asked."""
    return Response(html, headers={"HX-Retarget": target, "HX-Reswap": "outerHTML"})
