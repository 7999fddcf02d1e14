"""Servers of a dashboard as real processes, and a store that counts what it is asked and when."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Response, request
from sqlalchemy import text

from smartpush_shopline.clock import utcnow
from smartpush_shopline.database import Base, Database
from smartpush_shopline.sandbox import Settings, paging, running
from smartpush_shopline.sandbox.state import Store
from smartpush_shopline.shops.models import ShopLease
from tests.hosting import Sandbox

ROOT = Path(__file__).parents[2]


@dataclass
class Platform(Sandbox):
    """A sandbox in real time, with the limit that SHOPLINE has."""

    times: list[float] = field(default_factory=list)
    """When each call of the API came; `calls` has what it was."""
    refused: list[str] = field(default_factory=list)
    """Calls that were too many."""
    at_call: Callable[[str], None] = lambda call: None
    """Looks at each call before it is answered."""

    def note(self) -> None:
        if "/admin/openapi/" in request.path or "/admin/graph/" in request.path:
            self.times.append(time.monotonic())
            self.calls.append(request.full_path)
            self.at_call(request.full_path)

    def note_refusal(self, answer: Response) -> Response:
        if answer.status_code == 429:
            self.refused.append(request.path)
        return answer

    def busiest(self, seconds: float) -> int:
        """The most calls within so many seconds."""
        return max(
            sum(begin <= at < begin + seconds for at in self.times) for begin in self.times
        )


@contextmanager
def store_of_50() -> Iterator[tuple[Platform, Store]]:
    """A platform whose Birch has 50 customers, on three pages."""
    with running(Settings(retry_factor=0.01)) as listens, pytest.MonkeyPatch.context() as patch:
        patch.setattr(paging, "_limit", lambda usual, highest: 20)
        made = Platform(listens, utcnow)  # type: ignore[arg-type]
        listens.app.before_request(made.note)
        listens.app.after_request(made.note_refusal)
        store = made.store("birch")
        for surplus in store.customers.all()[50:]:
            store.customers.drop(surplus.id)
        yield made, store


class Browser:
    """Of somebody who sits before the dashboard."""

    def __init__(self, url: str) -> None:
        self._url, self._http = url, requests.Session()

    def get(self, path: str) -> requests.Response:
        return self._http.get(self._url + path, allow_redirects=False, timeout=30)


@dataclass
class Servers:
    """Real processes, each with an environment of its own. They end with the test."""

    environment: dict[str, str]
    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str, **more: Any) -> subprocess.Popen[bytes]:
        log = self.folder / f"server-{len(self.started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=os.environ | self.environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, **more,
            )  # fmt: skip
        self.started.append(process)
        return process

    def said(self) -> str:
        """What they logged."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("server-*.log")))

    def stop(self) -> None:
        for process in self.started:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGINT)
        for process in self.started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    made = Servers({}, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A port that is bound already."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as bound:
        yield bound


def address(door: socket.socket) -> str:
    return f"http://127.0.0.1:{door.getsockname()[1]}"


def everything(database: Database) -> dict[str, list[Any]]:
    """Every row of ours."""
    with database.read() as session:
        return {
            table: sorted(map(repr, session.execute(text(f"SELECT * FROM {table}"))))
            for table in Base.metadata.tables
        }


def holder(database: Database, shop_id: int) -> int:
    """The process that held the lease last."""
    with database.read() as session:
        return int(str(session.get_one(ShopLease, shop_id).owner).partition(" ")[0])
