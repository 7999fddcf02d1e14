"""The README's app.py, pasted into an empty folder, with the README's commands: it runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.road.people import ROOT, Marketer, free_port, until

README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALLED = os.environ | {"PYTHONPATH": str(ROOT)}
SECTION = README.partition("### The smallest dashboard there is\n")[2].partition("\n### ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", SECTION, re.S | re.M)


def commands() -> list[list[str]]:
    lines = [line.partition("#")[0].strip("$ &\n") for line in blocks("console")[0].splitlines()]
    return [line.split() for line in lines]


@contextmanager
def running(folder: Path, *words: str) -> Iterator[None]:
    with (folder / f"{words[1]}.log").open("w") as log:
        command = [sys.executable, *words]
        process = subprocess.Popen(command, cwd=folder, env=INSTALLED, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


class Visitor(Marketer):
    """Somebody in a browser; this dashboard has no login."""

    def __init__(self, url: str) -> None:
        self.url, self.http = url, requests.Session()


def up(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code < 500
    except requests.ConnectionError:
        return False


def test_the_readmes_app_runs_and_shows_the_segments_of_the_sandbox(tmp_path: Path) -> None:
    here, store = str(free_port()), str(free_port())
    [code] = blocks("python")
    code = code.replace("127.0.0.1:5000", f"127.0.0.1:{here}")
    (tmp_path / "app.py").write_text(code.replace("127.0.0.1:5001", f"127.0.0.1:{store}"))
    upgrade, sandbox, serve = commands()
    command = [sys.executable, "-m", *upgrade]
    subprocess.run(command, cwd=tmp_path, env=INSTALLED, capture_output=True, check=True)
    healthy = [sys.executable, "-m", "flask", "smartpush", "doctor"]
    said = subprocess.run(healthy, cwd=tmp_path, env=INSTALLED, capture_output=True, check=True)
    assert b"Left out: Create Campaign" in said.stdout and b"Everything is in order." in said.stdout
    of_here = ("--port", store, "--app-url", f"http://127.0.0.1:{here}/smartpush/shopline")
    with (
        running(tmp_path, *sandbox[1:], *of_here, "--bucket", "0", "--customers", "20"),
        running(tmp_path, "-m", *serve, "--port", here),
    ):
        visitor = Visitor(f"http://127.0.0.1:{here}")
        assert until(lambda: up(f"{visitor.url}/smartpush/") and up(f"http://127.0.0.1:{store}/"))
        assert "Connect your SHOPLINE store" in visitor.get("/smartpush/").text
        visitor.connect(f"http://127.0.0.1:{store}/alder")
        assert until(lambda: "segments match the Admin." in visitor.get("/smartpush/").text, 60)
    assert sandbox[0] == "python" and serve == ["flask", "run"]
