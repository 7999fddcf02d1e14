"""Listens on this machine only."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .app import close, create_app
from .settings import Clock, Settings, utc_now
from .state import World
from .webhooks import Courier

HOST = "127.0.0.1"


class PortInUse(Exception):
    """Another program listens on this port already."""


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing about calls that worked."""


def listen(app: Flask, port: int) -> BaseWSGIServer:
    """A server that is bound already; port 0 takes a free one."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HOST, port))
            bound.listen(128)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "there is no such port"
            raise PortInUse(f"Port {port} cannot be used: {reason}.") from None
        return make_server(
            HOST, port, app, threaded=True, request_handler=_Quiet, fd=bound.fileno()
        )


@dataclass(frozen=True)
class Running:
    """A sandbox that listens."""

    app: Flask
    url: str

    @property
    def world(self) -> World:
        world: World = self.app.extensions["sandbox"]
        return world

    @property
    def courier(self) -> Courier:
        courier: Courier = self.app.extensions["sandbox_courier"]
        return courier


@contextmanager
def running(
    settings: Settings | None = None, *, port: int = 0, now: Clock = utc_now
) -> Iterator[Running]:
    """A sandbox in a thread of this process, for tests."""
    app = create_app(settings, now=now)
    server = listen(app, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Running(app, f"http://{HOST}:{server.port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        close(app)
