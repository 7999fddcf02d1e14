"""Our side's way to the store without a socket, and everything that can break on it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

PAGE = 4
"""People on a page, so that a handful of them is a long list."""
_LIMIT = re.compile(r"\blimit=\d+")


class Killed(BaseException):
    """The process is gone; no `except Exception` and no `finally` of its own can undo that."""


@dataclass
class Life:
    """One process of ours: it may end at any transaction and at any call."""

    name: str
    left: int | None = None
    dead: bool = False
    overslept: bool = False
    """It slept past its lease, and does not know it yet."""

    def moment(self) -> None:
        """A place where a process may be killed; the dead do nothing any more."""
        if self.left is not None and not self.dead:
            self.left -= 1
            self.dead = self.left <= 0
        if self.dead:
            raise Killed(self.name)


@dataclass
class Fault:
    """The calls after the next `after` ones go wrong, `times` times."""

    kind: str
    after: int
    times: int

    def take(self, path: str) -> str | None:
        if self.kind == "cursor refused" and "page_info=" not in path:
            return None
        if self.after:
            self.after -= 1
            return None
        self.times -= 1
        return self.kind


STATUSES = {
    "429": (429, {}),
    "429, again in 2 s": (429, {"Retry-After": "2"}),
    "429, again in 200 s": (429, {"Retry-After": "200"}),
    "500": (500, {}),
    "503": (503, {}),
    "504": (504, {}),
    "cursor refused": (400, {}),
    "broken JSON": (200, {}),
    "a page of HTML": (200, {}),
}
FAULTS = (*STATUSES, "no answer", "answer lost", "half an answer")


@dataclass
class Wire:
    """Between all processes of ours and the sandbox."""

    answer: Callable[..., Any]
    """The sandbox: takes what werkzeug's test client takes."""
    faults: list[Fault] = field(default_factory=list)
    meanwhile: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    """How many calls from now, and what happens then in the store or beside us."""
    later: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    """The same, once that call is answered: the answer is old when we get it."""
    missed: frozenset[str] = frozenset()
    """Customers whom the list of all does not show, as when rows move between two pages."""
    is_look_spoiled: bool = False
    """An answer about changed orders or their buyers went wrong: a night goes on without it."""
    calls: list[str] = field(default_factory=list)

    def session(self, life: Life) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        for scheme in ("https://", "http://"):
            session.mount(scheme, Plug(self, life))
        return session

    def pages_of(self, segment_ref: str) -> list[int]:
        """Which calls asked for the pages of a list, from its last beginning on."""
        part = f"/{segment_ref}/customers.json?"
        found = [number for number, path in enumerate(self.calls) if part in path]
        first = [number for number in found if "page_info=" not in self.calls[number]]
        return [number for number in found if number >= first[-1]] if first else []

    def exchange(self, request: requests.PreparedRequest, life: Life) -> requests.Response:
        life.moment()
        _let_happen(self.meanwhile)
        parts = urlsplit(request.url or "")
        path = f"{parts.path}?{_LIMIT.sub(f'limit={PAGE}', parts.query)}"
        self.calls.append(path)
        fault = self._fault(path)
        if fault and ("graphql" in path or "/orders" in path):
            self.is_look_spoiled = True
        if fault == "no answer":
            raise requests.ConnectionError(request=request)
        if fault in STATUSES:
            return _made(request, *STATUSES[fault], b'{"customers": [{"id"')
        told = self.answer(
            path,
            method=request.method,
            base_url=f"{parts.scheme}://{parts.netloc}",
            data=request.body,
            headers=list(request.headers.items()),
        )
        if fault == "answer lost":
            raise requests.ReadTimeout(request=request)
        body = self._without_missed(path, told.data)
        body = body[: len(body) // 2] if fault == "half an answer" else body
        _let_happen(self.later)
        life.moment()
        return _made(request, told.status_code, dict(told.headers), body)

    def _fault(self, path: str) -> str | None:
        for fault in self.faults:
            kind = fault.take(path)
            if kind is not None:
                self.faults = [each for each in self.faults if each.times > 0]
                return kind
        return None

    def _without_missed(self, path: str, body: bytes) -> bytes:
        if not self.missed or "v2/customers.json" not in path or b'"customers"' not in body:
            return body
        told = json.loads(body)
        kept = [each for each in told["customers"] if str(each["id"]) not in self.missed]
        return json.dumps(told | {"customers": kept}).encode()


def _let_happen(planned: list[tuple[int, Callable[[], None]]]) -> None:
    """What is due, once; what is left is a call nearer."""
    due = [what for left, what in planned if left <= 0]
    planned[:] = [(left - 1, what) for left, what in planned if left > 0]
    for what in due:
        what()


class Plug(BaseAdapter):
    def __init__(self, wire: Wire, life: Life) -> None:
        super().__init__()
        self._wire, self._life = wire, life

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        return self._wire.exchange(request, self._life)

    def close(self) -> None:
        """Nothing is open."""


def _made(
    request: requests.PreparedRequest, status: int, headers: dict[str, str], body: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code, response.headers = status, CaseInsensitiveDict(headers)
    response._content, response.url, response.request = body, request.url or "", request
    response.encoding = "utf-8"
    return response
