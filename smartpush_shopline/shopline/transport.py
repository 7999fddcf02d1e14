"""HTTP below the client: the session, its patience, and the one place where `requests` fails.

Sessions are injected everywhere; `new_session` makes the usual one.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from smartpush_shopline.errors import ShoplineError, ShoplineUnreachable, UnexpectedPayload
from smartpush_shopline.shopline.failures import error_for, trace_id_of
from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.links import next_page_info

T = TypeVar("T")

#: Seconds to connect and to wait for an answer: a queued call may start only after ten.
TIMEOUT = (10.0, 30.0)
RETRIED = frozenset({429, 500, 502, 503, 504})
PATIENCE = 20.0
SIZED = re.compile(r"[?&]limit=")


class Patience(Retry):
    """Ask again for a GET after 429, 5xx or a lost connection, for about 20 seconds in all.

    A longer `Retry-After`, a read that timed out, and a 504 of a listing (which wants a smaller
    page) are handed back at once: whoever called knows better what to do.
    """

    _until: float | None = None

    def new(self, **changes: Any) -> Patience:
        """The next state keeps the time at which patience ends."""
        fresh = super().new(**changes)
        fresh._until = self._until
        return fresh

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Patience:
        """Count one failure; raises when there is no use in another attempt."""
        if isinstance(error, ReadTimeoutError):
            raise error
        fresh = super().increment(method, url, response, error, _pool, _stacktrace)
        fresh._until = self._until or time.monotonic() + PATIENCE
        if response is not None and response.status == 504 and SIZED.search(url or ""):
            raise MaxRetryError(_pool, url or "", error)  # type: ignore[arg-type]
        asked = fresh.get_retry_after(response) if response is not None else None
        wait = asked or fresh.get_backoff_time()
        if time.monotonic() + wait > fresh._until:
            raise MaxRetryError(_pool, url or "", error)  # type: ignore[arg-type]
        return fresh

    def get_backoff_time(self) -> float:
        """1, 2, 4 ... times the factor; urllib3 itself would not wait before the first retry."""
        doubled = self.backoff_factor * 2 ** max(0, len(self.history) - 1)
        return float(min(self.backoff_max, doubled)) if self.history else 0.0

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Seconds, or None when the header is absent or nonsense."""
        try:
            return super().get_retry_after(response)
        except InvalidHeader:
            return None


class Bearer(AuthBase):
    """The token as `requests` authentication, which no `.netrc` of the machine can replace."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def new_session(*, retries: int = 3, backoff: float = 1.0) -> requests.Session:
    """A session that retries GETs patiently. `backoff=0` does not wait."""
    patience = Patience(
        total=retries,
        allowed_methods=frozenset({"GET"}),
        status_forcelist=RETRIED,
        backoff_factor=backoff,
        raise_on_status=False,
    )
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=patience))
    return session


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer, read on demand."""

    response: requests.Response

    def read(self, parse: Callable[[Fields], T]) -> T:
        """Parse the JSON object; every error then names status and trace id."""
        with traced(self.response):
            return parse(self.fields())

    def fields(self) -> Fields:
        """The body as an object at the root path."""
        try:
            body = json.loads(self.response.content, parse_float=Decimal)  # money stays exact
        except (ValueError, ArithmeticError, RecursionError):
            raise UnexpectedPayload("the answer is not JSON") from None
        return Fields.of(body)

    @property
    def next_page_info(self) -> str | None:
        """The cursor in the `link` header, if there is another page."""
        return next_page_info(self.response.headers.get("link"))


def send(http: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
    """One exchange, without following redirects; `ShoplineUnreachable` when there is no answer."""
    try:
        return http.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)
    except (requests.RequestException, HTTPError) as error:
        raise ShoplineUnreachable("SHOPLINE did not answer.") from error


def checked(response: requests.Response) -> Answer:
    """Any 2xx is an answer, everything else one of our errors."""
    if 200 <= response.status_code < 300:
        return Answer(response)
    raise error_for(response)


@contextmanager
def traced(response: requests.Response) -> Iterator[None]:
    """Give errors raised while reading an answer its status and trace id."""
    try:
        yield
    except ShoplineError as error:
        error.status = error.status or response.status_code
        error.trace_id = error.trace_id or trace_id_of(response)
        raise


def json_bytes(body: Mapping[str, object]) -> bytes:
    """Compact JSON, serialised once: the bytes that are signed are the bytes that are sent."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
