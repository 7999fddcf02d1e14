"""A store can be called by its own domain, too: ``Host: alder.myshopline.com`` is ``/alder``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request

DOMAIN = ".myshopline.com"
PUBLIC = "sandbox.public"


class ByDomain:
    """Puts the handle in front of the path when a call comes for a store's own domain."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        host = str(environ.get("HTTP_HOST", "")).partition(":")[0].lower()
        if host.endswith(DOMAIN):
            handle = host.removesuffix(DOMAIN)
            environ[PUBLIC] = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}"
            environ["PATH_INFO"] = f"/{handle}{environ.get('PATH_INFO', '/')}"
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer


def own_address(handle: str, platform: bool = False) -> str:
    """The address of this request as its caller knows it, or as the platform would write it."""
    path = request.path.removeprefix(f"/{handle}")
    public = f"https://{handle}{DOMAIN}" if platform else request.environ.get(PUBLIC)
    return f"{public}{path}" if public else request.base_url
