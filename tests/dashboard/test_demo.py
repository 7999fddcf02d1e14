"""`make demo` as a person at a terminal meets it."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from examples.dashboard.config import Misplaced, Place, kept_secret

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start(**environment: object) -> subprocess.Popen[str]:
    given = {name: str(value) for name, value in environment.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "examples.dashboard.demo"], cwd=ROOT, text=True,
        env=os.environ | given, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("taken", ["PORT", "SANDBOX_PORT"])
def test_a_port_in_use_is_a_sentence(taken: str, tmp_path: Path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        busy = holder.getsockname()[1]
        ports = {"PORT": free_port(), "SANDBOX_PORT": free_port()} | {taken: busy}
        demo = start(**ports, DATA_DIR=tmp_path)
        out, err = demo.communicate(timeout=30)
    assert demo.returncode == 1
    assert f"Port {busy} cannot be used" in err
    assert f"make demo {taken}=" in err
    assert "Traceback" not in out + err


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM])
def test_it_says_ready_last_and_leaves_nothing_behind(wanted: signal.Signals, tmp_path: Path):
    ports = {"PORT": free_port(), "SANDBOX_PORT": free_port()}
    demo = start(**ports, DATA_DIR=tmp_path, CONNECTED=0)
    assert demo.stdout is not None
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if line.startswith("ready"):
            break
    demo.send_signal(wanted)
    out, err = demo.communicate(timeout=15)
    told = "".join(lines)
    assert demo.returncode == 0, told + err
    assert f"http://127.0.0.1:{ports['PORT']}" in told
    assert f"http://127.0.0.1:{ports['SANDBOX_PORT']}/alder/admin" in told
    assert "demo@example.com" in told
    assert f"http://127.0.0.1:{ports['PORT']}/outbox/" in told
    command = next(line for line in lines if "--app examples.dashboard smartpush" in line).split()
    given, words = command[:3], command[4:]
    done = subprocess.run(
        [sys.executable, "-m", "flask", *words], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | dict(each.split("=") for each in given),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert (out, err) == ("Stopped.\n", "")
    for port in ports.values():
        with closing(socket.socket()) as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"PORT": "eighty"}, "PORT is 'eighty'; it should be a number from 1 to 65535."),
        ({"SANDBOX_PORT": "70000"}, "SANDBOX_PORT is '70000'"),
        ({"PORT": "5001"}, "PORT and SANDBOX_PORT are both 5001"),
    ],
)
def test_a_place_that_cannot_be_is_explained(environment: dict[str, str], sentence: str):
    with pytest.raises(Misplaced, match=sentence):
        Place.from_environment(environment)


def test_keys_are_made_once_and_kept_from_others(tmp_path: Path):
    first = kept_secret(tmp_path / "a.key")
    assert kept_secret(tmp_path / "a.key") == first
    assert kept_secret(tmp_path / "b.key") != first
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
