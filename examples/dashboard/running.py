"""The two servers of the demo: the dashboard in this process, the sandbox store in a child."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from flask import Flask
from werkzeug.serving import make_server

from examples.dashboard.config import Misplaced, Place


class DemoFailed(Exception):
    """The demo cannot go on; the message is for the person at the terminal."""


class Sandbox:
    """The sandbox store: another process, as a real store would be another machine."""

    def __init__(self, place: Place) -> None:
        self.url = place.sandbox_url
        self.log = place.data_dir / "sandbox.log"
        options = {
            "--port": place.sandbox_port,
            "--data": place.data_dir / "sandbox.sqlite",
            "--app-url": place.app_url,
            "--gdpr-url": f"{place.url}/smartpush/webhooks/shopline",
        }
        command = [sys.executable, "-m", "smartpush_shopline.sandbox"]
        command += [str(word) for option in options.items() for word in option]
        with self.log.open("w", encoding="utf-8") as log:
            # A session of its own, so that Ctrl-C reaches us alone and we end it in good order.
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def wait_until_up(self, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check()
            try:
                if requests.get(self.url, timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise DemoFailed(f"The sandbox store did not start. Its log is {self.log}.")

    def check(self) -> None:
        """Raise when it has died by itself."""
        if (code := self.process.poll()) is not None:
            tail = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
            said = "".join(f"\n    {line}" for line in tail)
            raise DemoFailed(
                f"The sandbox store stopped by itself (exit code {code}). "
                f"Its log is {self.log}{':' if said else '.'}{said}"
            )

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def served(app: Flask, place: Place) -> Iterator[None]:
    """The dashboard on its port, many requests at a time, until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", place.port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="dashboard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()


def check_ports(place: Place) -> None:
    for name, port in (("PORT", place.port), ("SANDBOX_PORT", place.sandbox_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise Misplaced(
                    f"Port {port} cannot be used ({(error.strerror or 'refused').lower()}). "
                    f"Stop what runs there, or choose another: make demo {name}={port + 10}"
                ) from None
