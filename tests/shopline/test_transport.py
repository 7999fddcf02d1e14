"""Patience over real loopback HTTP: waiting and time-outs happen below what a mock can show."""

import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from urllib3.exceptions import MaxRetryError
from urllib3.response import HTTPResponse

from smartpush_shopline.errors import ShoplineBusy, ShoplineFailing, ShoplineUnreachable
from smartpush_shopline.shopline import Pace, ShoplineClient, new_session
from smartpush_shopline.shopline.transport import Patience


class Script:
    """What a loopback store answers, one entry for each request; the last one repeats."""

    def __init__(self) -> None:
        self.answers = [(200, {}, b'{"count": 5}')]
        self.seen = []

    def next(self, path):
        self.seen.append(path)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def address(script):
    class Store(BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers, body = script.next(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Store) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def count(address, backoff=0.0):
    with new_session(backoff=backoff) as http:
        pace = Pace(sleep=lambda seconds: None)
        client = ShoplineClient(address, "t", api_version="v20260901", http=http, pace=pace)
        return client.fetch_customer_count()


def test_a_bad_moment_passes(address, script):
    script.answers = [(503, {}, b""), (429, {"Retry-After": "0"}, b""), *script.answers]
    assert count(address, backoff=0.01) == 5
    assert len(script.seen) == 3


def test_a_nonsense_retry_after_is_no_obstacle(address, script):
    script.answers = [(429, {"Retry-After": "soon"}, b""), *script.answers]
    assert count(address) == 5


def test_a_long_retry_after_is_handed_back_at_once(address, script):
    script.answers = [(429, {"Retry-After": "60"}, b'{"errors":"Too many request"}')]
    started = time.monotonic()
    with pytest.raises(ShoplineBusy, match="Too many request") as busy:
        count(address)
    assert busy.value.retry_after == 60
    assert time.monotonic() - started < 5
    assert len(script.seen) == 1


def test_a_bad_hour_is_given_up(address, script):
    script.answers = [(500, {"traceId": "t-5"}, b"")]
    with pytest.raises(ShoplineFailing, match="trace id t-5"):
        count(address)
    assert len(script.seen) == 4


def test_a_closed_door_is_unreachable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ShoplineUnreachable):
        count(f"http://127.0.0.1:{port}")


def test_a_read_that_timed_out_is_not_repeated(address, script):
    with socket.create_server(("127.0.0.1", 0)) as silent, new_session(backoff=0) as http:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(Exception, match="Read timed out"):
            http.get(url, timeout=0.05)
        silent.settimeout(0.05)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()


def waits_of(state):
    """The waits before each further attempt, as if every one of them had been slept."""
    bad = HTTPResponse(status=503)
    with suppress(MaxRetryError):
        while True:
            state = state.increment("GET", "/", response=bad)
            yield state.get_backoff_time()
            state._until -= state.get_backoff_time()


def test_waits_double_and_end_after_about_twenty_seconds():
    endless = Patience(total=9, status_forcelist={503}, backoff_factor=1)
    assert list(waits_of(endless)) == [1, 2, 4, 8]
