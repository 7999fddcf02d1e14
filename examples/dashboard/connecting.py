"""Connects the demo store the way a person would: signed in, over HTTP, door by door."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from examples.dashboard.config import Place
from examples.dashboard.running import DemoFailed
from examples.dashboard.seed import DEMO_EMAIL, DEMO_PASSWORD

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Visitor:
    """A browser without eyes, signed in as the demo login."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.http = requests.Session()
        self.http.trust_env = False
        login = f"{place.url}/login"
        page = self.http.get(login, timeout=30)
        form = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "csrf_token": token_of(page)}
        answer = self.http.post(login, data=form, timeout=30)
        if answer.url.startswith(login):
            raise DemoFailed(f"The demo login was refused at {login}; was its password changed?")

    def shops(self) -> dict[str, dict[str, Any]]:
        answer = self.http.get(f"{self.place.url}/smartpush/status.json", timeout=30)
        return {shop["handle"]: shop for shop in _expect(answer).json()["shops"]}

    def connect(self, handle: str) -> None:
        """Apps > open, as in the Admin, then Allow; the plugin claims the store by itself."""
        store = f"{self.place.sandbox_url}/{handle}"
        page = self._open_app(store)
        if "oauth-web" in page.url:
            asked = parse_qs(urlsplit(page.url).fragment.partition("?")[2])
            consent = {name: values[0] for name, values in asked.items()}
            page = self._go("POST", f"{store}/admin/oauth-web/allow", data=consent)
        _expect(page)
        if handle not in self.shops():
            raise DemoFailed(f"{handle} is not connected after the visit; it ended at {page.url}.")

    def close(self) -> None:
        self.http.close()

    def _open_app(self, store: str) -> requests.Response:
        return self._go("GET", f"{store}/admin/apps/open")

    def _go(self, method: str, url: str, **more: Any) -> requests.Response:
        """Follow redirects by hand: `requests` drops the `#` that the authorize address needs."""
        for _ in range(10):
            answer = self.http.request(method, url, allow_redirects=False, timeout=60, **more)
            if not answer.is_redirect:
                answer.url = url
                return answer
            method, url, more = "GET", urljoin(url, answer.headers["Location"]), {}
        raise DemoFailed(f"Too many redirects; the last was {url}.")


def wait_for_first_sync(
    visitor: Visitor, handle: str, check: Callable[[], None], patience: float = 120
) -> Iterator[str]:
    """Yields a line whenever the sync got on; gives up when nothing moves for `patience`."""
    seen, moved = "", time.monotonic()
    while True:
        check()
        shop = visitor.shops()[handle]
        line = progress_line(shop)
        if line != seen:
            seen, moved = line, time.monotonic()
            yield line
        if not shop["syncing"]:
            return
        if time.monotonic() - moved > patience:
            raise DemoFailed(
                f"The first synchronisation of {handle} has not moved for {patience:.0f} seconds. "
                f"What it waits for is told at {visitor.place.url}/smartpush/"
            )
        time.sleep(0.25)


def progress_line(shop: dict[str, Any]) -> str:
    progress = shop.get("progress") or {}
    done, total = progress.get("done"), progress.get("total")
    if not shop["syncing"]:
        return f"{shop['handle']}: synchronised"
    if not total:
        return f"{shop['handle']}: synchronising ..."
    return f"{shop['handle']}: {done:,} of {total:,} {progress.get('label', 'read')}"


def token_of(page: requests.Response) -> str:
    found = TOKEN.search(_expect(page).text)
    if found is None:
        raise DemoFailed(f"There is no form at {page.url}.")
    return unescape(found[1])


def _expect(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        raise DemoFailed(f"{answer.url} answered {answer.status_code} where a page was expected.")
    return answer
