"""The people of the road: one at the dashboard, one in the Admin, one at the terminal.

They know addresses, forms and links, as a browser and a shell do; nothing is patched.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def until(look: Callable[[], T], seconds: float = 20) -> T:
    """The first true answer; the last one when time is up."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return seen


class Demo:
    """`make demo` without make: the very command it runs, on ports of its own."""

    def __init__(self, folder: Path, connected: bool) -> None:
        self.environment = os.environ | {
            "PORT": str(free_port()),
            "SANDBOX_PORT": str(free_port()),
            "DATA_DIR": str(folder),
            "CONNECTED": "1" if connected else "0",
            "PYTHONUNBUFFERED": "1",
        }
        self.url = f"http://127.0.0.1:{self.environment['PORT']}"
        self.store = f"http://127.0.0.1:{self.environment['SANDBOX_PORT']}/alder"
        self.said: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Demo:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "examples.dashboard.demo"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("ready"):
                return self
        raise AssertionError("The demo ended:\n" + "\n".join(self.said))

    def stop(self) -> None:
        assert self._process and self._process.stdout
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def flask(self, *words: str) -> str:
        """`flask --app examples.dashboard smartpush ...`"""
        command = [sys.executable, "-m", "flask", "--app", "examples.dashboard", "smartpush"]
        done = subprocess.run(
            [*command, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def audience(self, ref: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.flask("audience", ref, "--format", "json"))
        return found


class Admin:
    """Somebody in the SHOPLINE Admin, and a script with a private app's token."""

    def __init__(self, store: str) -> None:
        self.store = store
        self.http = requests.Session()

    def api(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(
            method,
            f"{self.store}/admin/openapi/v20260601/{path}",
            json=body,
            headers={"Authorization": "Bearer sandbox-alder"},
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.text else None

    def create_segment(self, name: str, query: str) -> str:
        made = {"customer_saved_search": {"name": name, "query": query}}
        ref: str = self.api("POST", "customer_saved_searches.json", made)["customer_saved_search"][
            "id"
        ]
        return ref

    def rename_segment(self, ref: str, name: str) -> None:
        changed = {"customer_saved_search": {"name": name}}
        self.api("PUT", f"customer_saved_searches/{ref}.json", changed)

    def change_rule(self, ref: str, name: str, query: str) -> None:
        """Only the Admin's page can: the REST API takes a name alone."""
        answer = self.http.post(
            f"{self.store}/admin/segments/{ref}", data={"name": name, "query": query}, timeout=30
        )
        assert answer.ok, answer.text

    def members(self, ref: str) -> list[dict[str, Any]]:
        return list(
            self.api("GET", f"customer_saved_searches/{ref}/customers.json?limit=250")["customers"]
        )

    def set_email_consent(self, customer_ref: str, state: int) -> None:
        self.api(
            "PUT",
            f"customers/{customer_ref}.json",
            {"customer": {"email_marketing_consent": {"state": state}}},
        )

    def campaign_link(self, ref: str, channel: str) -> str:
        """What Create Campaign opens, signed at this moment."""
        answer = self.http.get(
            f"{self.store}/admin/campaign",
            params={"segment": ref, "channel": channel},
            allow_redirects=False,
            timeout=30,
        )
        return answer.headers["Location"]


class Marketer:
    """Somebody at the dashboard, with a browser that has no JavaScript."""

    def __init__(self, url: str, email: str = "demo@example.com") -> None:
        self.url = url
        self.http = requests.Session()
        page = self.http.get(f"{url}/login", timeout=30)
        form = inputs_of(page.text) | {"email": email, "password": "demo"}
        page = self.http.post(f"{url}/login", data=form, timeout=30)
        assert "/login" not in page.url, page.text

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.http.get(urljoin(self.url, path), timeout=30, **more)

    def post(self, path: str, data: dict[str, str], **more: Any) -> requests.Response:
        return self.http.post(urljoin(self.url, path), data=data, timeout=30, **more)

    def connect(self, store: str) -> None:
        """Apps > Open, then Allow, as in the Admin."""
        url = f"{store}/admin/apps/open"
        while "oauth-web" not in url:
            url = self.http.get(url, allow_redirects=False, timeout=30).headers["Location"]
        asked = parse_qs(urlsplit(url).fragment.partition("?")[2])
        consent = {name: values[0] for name, values in asked.items()}
        page = self.http.post(f"{store}/admin/oauth-web/allow", data=consent, timeout=30)
        assert page.ok, page.text

    def status(self) -> dict[str, Any]:
        shops = self.get("/smartpush/status.json").json()["shops"]
        return shops[0] if shops else {}

    def press(self, path: str, page: str, **more: str) -> requests.Response:
        """Send the campaign's form as the page has it, with one more thing filled in or pressed."""
        return self.post(path, inputs_of(page) | more, allow_redirects=False)


def inputs_of(page: str) -> dict[str, str]:
    """What a browser would send of the page's form: hidden, text and search fields, text areas."""
    mark = next(m for m in ('name="recipients"', 'name="password"') if m in page)
    form = page[page.rindex("<form", 0, page.index(mark)) :].split("</form>")[0]
    found = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        kind = re.search(r'type="?(\w+)', tag)
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and (kind is None or kind[1] not in ("submit", "checkbox", "radio")):
            found[name[1]] = unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea\b[^>]*name="([^"]+)"[^>]*>([^<]*)', form):
        found[name] = unescape(text).strip()
    return found


def button_value(page: str, field: str, verb: str, label: str) -> str:
    """The value of the picker's button on the row with this label."""
    pattern = rf'<button[^>]*name="{field}-do"[^>]*value="({verb}:[^"]+)"[^>]*>(.*?)</button>'
    for value, inside in re.findall(pattern, page, re.S):
        if label in unescape(inside):
            return str(unescape(value))
    raise AssertionError(f"No button {verb} for {label} on the page.")
